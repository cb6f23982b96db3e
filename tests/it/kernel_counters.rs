//! The kernel as a witness: the `MPTcpExt` counters of a host, derived from the report on what was
//! captured at that host, against those that the host itself had after the run.
//!
//! What differs stands in a list with its reason; a difference that is not listed fails, and so does
//! one that is listed and does not occur.

mod derive;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use derive::{DERIVED, Host, derive};
use serde_json::Value;

use crate::support::corpus::{corpus, name, read_json, report, sorted};

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
    let corpus = corpus();
    let folder = corpus.join("reference");
    let mut at_server = Comparison::default();
    let mut at_client = Comparison::default();
    for path in sorted(&folder) {
        let Some(run) = name(&path).strip_suffix(".nstat.json").map(str::to_owned) else {
            continue;
        };
        let counted = read_json(&path);
        let server = report(&[folder.join(format!("{run}.pcap"))]);
        at_server.run(&run, Host::Server, &server, &counters(&counted["server"], ""));
        let client = folder.join(format!("{run}.client.pcap"));
        let client = if client.exists() { report(&[client]) } else { server };
        at_client.run(&run, Host::Client, &client, &counters(&counted["client"], ""));
    }
    assert_eq!(at_server.runs, 78);
    at_server.check(REFERENCE_AT_SERVER);
    at_client.check(REFERENCE_AT_CLIENT);
}

#[test]
#[ignore = "needs the corpus of captures"]
fn lab_scenarios_of_the_corpus() {
    let corpus = corpus();
    let mut comparison = Comparison::default();
    for folder in sorted(&corpus.join("lab")) {
        let counted = &read_json(&folder.join("truth.json"))["nstat"];
        for (host, key) in [(Host::Client, "c"), (Host::Server, "s")] {
            let report = report(&[folder.join(format!("{}.pcap", host.name()))]);
            let counted = counters(&counted[key], "MPTcpExt");
            comparison.run(&name(&folder), host, &report, &counted);
        }
    }
    assert_eq!(comparison.runs, 2 * 57);
    comparison.check(LAB);
}

#[test]
fn captures_of_the_project() {
    let testdata = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    let shows = fs::read_to_string(testdata.join("captures.toml")).unwrap();
    let mut comparison = Comparison::default();
    for path in sorted(&testdata.join("captures")) {
        let file = name(&path);
        let stem = file.split('.').next().unwrap();
        let (run, at_server) = match stem.strip_suffix("-at-server") {
            Some(run) => (run, true),
            None => (stem, shows.contains(&format!("\"{file}\" = \"At the server"))),
        };
        let table = testdata.join(format!("counters/{run}.tsv"));
        let Ok(table) = fs::read_to_string(table) else { continue };
        let host = if at_server { Host::Server } else { Host::Client };
        let counted = table_of(&table, host);
        comparison.run(stem, host, &report(&[path]), &counted);
    }
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
    fn run(&mut self, run: &str, host: Host, report: &Value, counted: &BTreeMap<String, u64>) {
        self.runs += 1;
        let derived = derive(report, host);
        for counter in DERIVED {
            let derived = derived.get(counter).copied().unwrap_or(0);
            let counted = counted.get(counter).copied().unwrap_or(0);
            if derived != counted {
                self.found.insert(line(run, host, counter, derived, counted));
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

/// The counters of a JSON object whose names begin with `prefix`.
fn counters(object: &Value, prefix: &str) -> BTreeMap<String, u64> {
    let counters = object.as_object().unwrap().iter();
    let named = counters
        .filter_map(|(name, count)| Some((name.strip_prefix(prefix)?.to_owned(), count.as_u64()?)));
    named.collect()
}

/// The counters of a host in a table of host, counter and count.
fn table_of(table: &str, host: Host) -> BTreeMap<String, u64> {
    let rows = table.lines().map(|row| row.split('\t').collect::<Vec<_>>());
    let own = rows.filter(|row| row[0] == host.name());
    own.map(|row| (row[1].to_owned(), row[2].parse().unwrap())).collect()
}
