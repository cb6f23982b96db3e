//! The kernels as witnesses of the diagnosis table: what the `MPTcpExt` counters of both hosts had
//! counted after a run says which findings a capture of it must raise, and which it must not.
//!
//! Nothing here goes by packets. Where counters and findings differ for a good reason, that stands in
//! [`Witness::but`]; a difference that is not listed fails, and so does one that does not occur.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::support::corpus::corpus;
use crate::support::reports::{array, strict_report, text};
use crate::support::runs::{Host, Run, lab_runs, own_runs, reference_runs};

/// A code, and when the counters say that it must be raised.
struct Witness {
    code: &'static str,
    /// Whether this run shows it to whoever captured it.
    says: fn(&Run) -> bool,
    /// Runs in which the packets at that end do not show what was counted, or show more; and why.
    but: &'static [(&'static str, &'static str)],
}

const CHANGED_BEHIND: &str = "it was taken out or changed behind the capture point";

const WITNESSES: &[Witness] = &[
    Witness {
        code: "mp-capable-unanswered",
        says: |run| run.client("MPCapableFallbackSYNACK") > 0,
        but: &[
            ("fb-syn-stripped server", CHANGED_BEHIND),
            ("fb-synack-stripped server", CHANGED_BEHIND),
            ("strip_syn server", CHANGED_BEHIND),
            ("fallback-syn-stripped-at-server server", CHANGED_BEHIND),
        ],
    },
    Witness {
        code: "mp-capable-ack-lost",
        says: |run| run.here("MPCapableFallbackACK") > 0,
        but: &[],
    },
    Witness { code: "mp-capable-syn-blackholed", says: |run| run.here("Blackhole") > 0, but: &[] },
    Witness {
        code: "dss-missing-fallback",
        says: |run| {
            let fell_back = run.both("DssFallback") + run.both("MPCapableDataFallback") > 0;
            fell_back && run.both("InfiniteMapRx") == 0 && run.here("MPCapableFallbackACK") == 0
        },
        but: &[],
    },
    Witness { code: "dss-checksum-mismatch", says: |run| run.here("DataCsumErr") > 0, but: &[] },
    Witness { code: "mp-fail", says: |run| run.both("MPFailTx") > 0, but: &[] },
    Witness { code: "infinite-mapping", says: |run| run.both("InfiniteMapRx") > 0, but: &[] },
    Witness {
        code: "failed-data-acked",
        // With one subflow the kernel delivers what failed, unless it is the very first data.
        says: |run| run.both("MPFailTx") > 1 && run.both("MPJoinAckRx") == 0,
        but: &[],
    },
    Witness { code: "fast-close", says: |run| run.both("MPFastcloseTx") > 0, but: &[] },
    Witness {
        code: "join-rejected",
        says: |run| run.server("MPJoinRejected") + run.server("MismatchPortSynRx") > 0,
        but: &[
            ("fullmesh_early_shutdown client", "a note: the application had shut down"),
            ("fullmesh_early_shutdown server", "a note: the application had shut down"),
        ],
    },
    Witness {
        code: "join-unknown-token",
        says: |run| run.server("MPJoinNoTokenFound") > 0,
        but: &[
            ("bad_token client", "join-misrouted: at the address where the connection lives"),
            (
                "join-refused-token client",
                "join-misrouted: at the address where the connection lives",
            ),
        ],
    },
    Witness {
        code: "join-hmac-mismatch",
        says: |run| run.here("MPJoinAckHMacFailure") + run.here("MPJoinSynAckHMacFailure") > 0,
        but: &[],
    },
    Witness {
        code: "join-no-answer",
        says: |run| {
            // Sent, never answered, and no RST to it.
            let joined = run.client("MPJoinSynAckRx") + run.server("MPJoinSynRx");
            run.at == Host::Client && run.client("MPJoinSynTx") > 0 && joined == 0
        },
        but: &[
            ("join_refused_firewall client", "answered by the RST of a firewall"),
            ("join-no-listener client", "answered by a RST"),
        ],
    },
    Witness {
        code: "add-addr-no-space",
        says: |run| run.both("AddAddrTxDrop") > 0,
        but: &[(
            "synthetic-addaddr-v6-port-ts-dropped client",
            "the announcement was made by hand, and arrived",
        )],
    },
    Witness {
        code: "add-addr-not-echoed",
        says: |run| run.here("AddAddrTx") > 1 && run.here("EchoAdd") == 0,
        but: &[("bad_hmac_add_addr client", "the copies arrive there, with another address")],
    },
    Witness {
        code: "add-addr-timestamps-dropped",
        says: |_| false,
        but: &[("synthetic-addaddr-v6-port-ts-dropped client", "made by hand")],
    },
    Witness {
        code: "remove-addr-closed-subflows",
        says: |run| run.both("RmSubflow") > 0,
        but: &[],
    },
    Witness { code: "receive-window-limited", says: |run| run.both("WinProbe") > 0, but: &[] },
];

#[test]
fn the_kernels_agree_with_the_findings() {
    let runs = own_runs();
    assert!(runs.len() > 30, "{} runs", runs.len());
    check(&runs);
}

#[test]
#[ignore = "needs the corpus of captures"]
fn the_kernels_agree_with_the_findings_in_the_corpus() {
    let mut runs = reference_runs(&corpus().join("reference"));
    runs.extend(lab_runs(&corpus().join("lab")));
    assert!(runs.len() > 190, "{} runs", runs.len());
    check(&runs);
}

fn check(runs: &[Run]) {
    let mut differing: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for run in runs {
        let raised = raised_by(&run.capture);
        for witness in WITNESSES {
            if raised.contains(witness.code) != (witness.says)(run) {
                differing.entry(witness.code).or_default().insert(format!(
                    "{} {}",
                    run.name,
                    run.at.name()
                ));
            }
        }
    }
    let names: BTreeSet<_> = runs.iter().map(|run| run.name.as_str()).collect();
    for witness in WITNESSES {
        let known = witness.but.iter().map(|(run, _)| (*run).to_owned());
        let known = known.filter(|run| names.contains(run.split(' ').next().unwrap()));
        let differing = differing.remove(witness.code).unwrap_or_default();
        let known: BTreeSet<_> = known.collect();
        assert_eq!(differing, known, "{}: counters and findings", witness.code);
    }
}

fn raised_by(capture: &Path) -> BTreeSet<String> {
    let report = strict_report(&[capture.to_owned()]);
    array(&report["findings"]).iter().map(|found| text(&found["code"]).to_owned()).collect()
}
