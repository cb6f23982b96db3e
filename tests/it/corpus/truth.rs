//! Against the applications: what they sent is what the report says they sent.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::lab;
use crate::support::corpus::corpus;
use crate::support::files::name;
use crate::support::reports::{array, number, read_json, report, text};

/// Streams that the captures do not hold as the applications sent them, and why.
const NOT_WHOLE: &[(&str, &str)] = &[
    (
        "corrupt_csum_single/client.pcap up",
        "the connection hangs after MP_FAIL: more was queued than ever left",
    ),
    ("corrupt_csum_single/server.pcap up", "as at the client, and a byte was changed on the way"),
    ("corrupt_csum_echo/server.pcap up", "a byte was changed on the way"),
    ("fastclose_linger/client.pcap down", "aborted"),
    ("fastclose_linger/server.pcap down", "aborted"),
    ("ip_fragments/server.pcap up", "fragments are skipped"),
];

/// Captures of connections that show no MPTCP, so that they are no connections for us.
const WITHOUT_MPTCP: &[(&str, usize, &str)] = &[
    ("strip_syn/server.pcap", 1, "MP_CAPABLE was taken out before the server"),
    ("syn_mptcp_blackhole/client.pcap", 1, "the second connection does not even try"),
    ("syn_mptcp_blackhole/server.pcap", 2, "nothing with MP_CAPABLE gets to the server"),
    ("tcp_client/client.pcap", 1, "a client without MPTCP"),
    ("tcp_client/server.pcap", 1, "a client without MPTCP"),
];

#[test]
#[ignore = "needs the corpus of captures"]
fn streams_are_what_the_applications_sent() {
    let corpus = corpus();
    let mut streams = Streams::default();
    for (scenario, capture) in lab(&corpus) {
        let truth = read_json(&capture.with_file_name("truth.json"));
        let file = format!("{scenario}/{}", name(&capture));
        streams.compare(&file, array(&truth["connections"]), &report(&[capture]));
    }
    assert!(streams.equal > 2000, "{} streams were compared", streams.equal);
    let listed: BTreeSet<_> = NOT_WHOLE.iter().map(|(stream, _)| (*stream).to_owned()).collect();
    assert_eq!(streams.different, listed);
    let listed = WITHOUT_MPTCP.iter().map(|(file, count, _)| ((*file).to_owned(), *count));
    assert_eq!(streams.without, listed.collect());
}

#[derive(Default)]
struct Streams {
    equal: usize,
    different: BTreeSet<String>,
    without: BTreeMap<String, usize>,
}

impl Streams {
    fn compare(&mut self, file: &str, truths: &[Value], report: &Value) {
        let mut connections: Vec<_> = array(&report["connections"]).iter().collect();
        for truth in truths {
            // By the client's port, in the order of time. A NAT changes it, of one connection.
            let port = text(&truth["client"]["local"]).rsplit_once('.').unwrap().1;
            let same = |found: &&Value| {
                truths.len() == 1 || number(&found["client"]["port"]).to_string() == port
            };
            match connections.iter().position(same) {
                Some(index) => self.connection(file, truth, connections.remove(index)),
                None => *self.without.entry(file.to_owned()).or_default() += 1,
            }
        }
        assert!(connections.is_empty(), "{file}: connections that nobody made");
    }

    fn connection(&mut self, file: &str, truth: &Value, found: &Value) {
        for (direction, sender) in [("up", "c2s"), ("down", "s2c")] {
            let (sent, stream) = (&truth[direction], &found[sender]);
            let is_equal = sent["bytes"] == stream["stream_bytes"]
                && sent["sha256"] == stream["sha256"]
                && stream["missing_bytes"] == 0;
            if is_equal {
                self.equal += 1;
            } else {
                self.different.insert(format!("{file} {direction}"));
            }
        }
    }
}
