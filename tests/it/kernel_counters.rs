//! The kernel as a witness: the `MPTcpExt` counters of a host, derived from the report on what was
//! captured at that host, against those that the host itself had after the run.
//!
//! What differs stands in a list with its reason; a difference that is not listed fails, and so does
//! one that is listed and does not occur.

mod derive;

use std::collections::BTreeSet;

use derive::{DERIVED, derive};
use serde_json::Value;

use crate::support::corpus::corpus;
use crate::support::reports::report;
use crate::support::runs::{Host, Run, lab_runs, own_runs, reference_runs};

/// Run, host, counter, derived, counted by the kernel, and why.
type Difference = (&'static str, Host, &'static str, u64, u64, &'static str);

const PLAIN_LISTENER: &str = "a listener without MPTCP does not look at MP_CAPABLE";
const BEHIND: &str =
    "lost or dropped between the capture and the host, or the host drops it itself";
const CHANGED: &str = "the packet was changed between the capture and the host";

/// Of the 24 counters of the server that can be exactly derived from what is captured there.
const REFERENCE_AT_SERVER: &[Difference] =
    &[("fb-plain-tcp-server", Host::Server, "MPCapableSYNRX", 1, 0, PLAIN_LISTENER)];

/// The client's counters from what was captured at the server: where there is something between the
/// two that drops or changes packets, they differ.
const REFERENCE_AT_CLIENT: &[Difference] = &[
    ("addaddr-lost-timeout1s", Host::Client, "AddAddr", 4, 0, BEHIND),
    ("addaddr-noecho-default-timeout", Host::Client, "EchoAddTx", 0, 8, BEHIND),
    ("addaddr-noecho-rtt150", Host::Client, "EchoAddTx", 0, 4, BEHIND),
    ("addaddr-sack-v4-port-ts0", Host::Client, "MPRstRx", 1, 0, CROSSED),
    ("addaddr-sack-v4-ts1", Host::Client, "MPRstRx", 1, 0, CROSSED),
    ("addaddr-sack-v6-ts0", Host::Client, "MPRstRx", 1, 0, CROSSED),
    ("fb-server-data-stripped", Host::Client, "MPCapableDataFallback", 0, 1, CHANGED),
    ("fb-server-data-stripped", Host::Client, "DssFallback", 1, 0, CHANGED),
    ("fb-syn-stripped", Host::Client, "MPCapableSYNTX", 0, 1, CHANGED),
    ("fb-syn-stripped", Host::Client, "MPCapableFallbackSYNACK", 0, 1, CHANGED),
    ("fb-synack-stripped", Host::Client, "MPCapableSYNACKRX", 1, 0, CHANGED),
    ("fb-synack-stripped", Host::Client, "MPCapableFallbackSYNACK", 0, 1, CHANGED),
    ("fb-synack-stripped", Host::Client, "MPCapableDataFallback", 1, 0, CHANGED),
    ("join-syn-stripped", Host::Client, "MPJoinSynTx", 0, 1, CHANGED),
    ("join-synack-bad-hmac", Host::Client, "MPJoinSynAckRx", 1, 0, CHANGED),
    ("join-synack-bad-hmac", Host::Client, "MPJoinSynAckHMacFailure", 0, 1, CHANGED),
    ("join-synack-stripped", Host::Client, "MPJoinSynAckRx", 1, 0, CHANGED),
];

const CROSSED: &str = "the RSTs of both hosts crossed: the client's socket was gone";

/// Each host's counters from what was captured at it.
const LAB: &[Difference] = &[
    (
        "corrupt_csum_single",
        Host::Client,
        "InfiniteMapTx",
        0,
        1,
        "counted when the mapping is made; the connection hangs and it never leaves",
    ),
    ("fallback_tcp_listener", Host::Server, "MPCapableSYNRX", 1, 0, PLAIN_LISTENER),
    (
        "fullmesh_early_shutdown",
        Host::Client,
        "MPJoinSynAckRx",
        3,
        1,
        "the application has shut down: the client resets the other two before it counts them",
    ),
    (
        "join_refused_firewall",
        Host::Server,
        "MPJoinSynRx",
        1,
        0,
        "the firewall answers the SYN before MPTCP sees it",
    ),
];

/// As [`LAB`], for the captures of the project.
const OWN: &[Difference] = &[];

#[test]
#[ignore = "needs the corpus of captures"]
fn reference_runs_of_the_corpus() {
    let runs = reference_runs(&corpus().join("reference"));
    let at_client = runs.iter().filter(|run| run.at == Host::Client);
    let at_client: BTreeSet<_> = at_client.map(|run| &run.name).collect();
    let mut by_server = Comparison::default();
    let mut by_client = Comparison::default();
    for run in &runs {
        let report = report(std::slice::from_ref(&run.capture));
        if run.at == Host::Server {
            by_server.run(run, Host::Server, &report);
        }
        if run.at == Host::Client || !at_client.contains(&run.name) {
            by_client.run(run, Host::Client, &report);
        }
    }
    assert_eq!(by_server.runs, 78);
    by_server.check(REFERENCE_AT_SERVER);
    by_client.check(REFERENCE_AT_CLIENT);
}

#[test]
#[ignore = "needs the corpus of captures"]
fn lab_scenarios_of_the_corpus() {
    let comparison = Comparison::of(&lab_runs(&corpus().join("lab")));
    assert_eq!(comparison.runs, 2 * 57);
    comparison.check(LAB);
}

#[test]
fn captures_of_the_project() {
    let comparison = Comparison::of(&own_runs());
    assert!(comparison.runs > 30, "{} runs", comparison.runs);
    comparison.check(OWN);
}

/// What was compared, and what differed.
#[derive(Default)]
struct Comparison {
    runs: usize,
    found: BTreeSet<String>,
}

impl Comparison {
    /// Each host's counters from what was captured at it.
    fn of(runs: &[Run]) -> Self {
        let mut comparison = Self::default();
        for run in runs {
            comparison.run(run, run.at, &report(std::slice::from_ref(&run.capture)));
        }
        comparison
    }

    fn run(&mut self, run: &Run, host: Host, report: &Value) {
        self.runs += 1;
        let derived = derive(report, host);
        for counter in DERIVED {
            let derived = derived.get(counter).copied().unwrap_or(0);
            let counted = run.count(host, counter);
            if derived != counted {
                self.found.insert(line(&run.name, host, counter, derived, counted));
            }
        }
    }

    fn check(&self, listed: &[Difference]) {
        let listed: BTreeSet<_> = listed
            .iter()
            .map(|(run, host, counter, derived, counted, _)| {
                line(run, *host, counter, *derived, *counted)
            })
            .collect();
        let unlisted: Vec<_> = self.found.difference(&listed).collect();
        let gone: Vec<_> = listed.difference(&self.found).collect();
        assert!(unlisted.is_empty() && gone.is_empty(), "new: {unlisted:#?}\ngone: {gone:#?}");
    }
}

fn line(run: &str, host: Host, counter: &str, derived: u64, kernel: u64) -> String {
    format!("{run}, {}: {counter} derived {derived}, kernel {kernel}", host.name())
}
