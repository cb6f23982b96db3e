//! One run in many dresses: each gives the same report, but for what the dress lacks.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::support::corpus::corpus;
use crate::support::reports::{array, report_since, start_of, text};

/// The same records in another format, or the same frames with another link layer.
const RECODED: &[&str] = &[
    "client-any-sll.pcap",
    "client-any-sll2.pcap",
    "client-bigendian.pcap",
    "client-nsec.pcap",
    "client.pcap.gz",
    "client.pcapng",
];

/// A capture, and what its report lacks: paths, in which `*` is any one key.
struct Dress {
    file: &'static str,
    lacks: &'static [&'static [&'static str]],
}

/// Of a stream that is not whole.
const HOLES: &[&str] = &["*/stream_bytes", "*/missing_bytes", "*/sha256", "events"];

/// Of subflows with fewer frames.
const FRAMES: &[&str] = &[
    "subflows/*/*/segments",
    "subflows/*/*/payload_bytes",
    "subflows/*/*/new_data_bytes",
    "subflows/*/*/delivered_bytes",
    "subflows/*/*/retransmitted_bytes",
];

/// Of a capture that ends before the connection.
const THE_END: &[&str] =
    &["*/data_acked_bytes", "*/data_fin", "*/data_fin_acked", "close", "state", "subflows/*/state"];

/// Where packets stand in another order than their times: whether a copy was needed depends on which
/// acknowledgment came before it, and so does where the bytes arrived first.
const ORDER: &[&str] = &[
    "*/wasted_bytes",
    "subflows/*/*/delivered_bytes",
    "subflows/*/*/delivered_unclear_bytes",
    "events",
];

/// A path, and with it what its subflow sent again of the other's.
const PATH_2: &[&str] = &["subflows/1", "c2s/remapped_bytes", "c2s/wasted_bytes"];

/// With MP_CAPABLE.
const KEYS: &[&str] = &[
    "version",
    "checksum",
    "deny_join_initial",
    "client",
    "server",
    "roles_certain",
    "midstream",
    "subflows/1/hmac",
    "subflows/0/client/address_id",
    "subflows/0/server/address_id",
    "subflows/0/handshake",
];

const DRESSES: &[Dress] = &[
    // No payload beyond the first bytes: nothing to hash, and all the rest.
    Dress { file: "snaplen-96.pcap", lacks: &[&["*/sha256"]] },
    // The frames of one interface come in batches after those of the other, so which DATA_FIN is
    // the first is another question.
    Dress { file: "client-two-ifs.pcapng", lacks: &[ORDER] },
    Dress { file: "out-of-time-order.pcap", lacks: &[ORDER] },
    Dress { file: "client-c1-only.pcap", lacks: &[HOLES, PATH_2] },
    Dress { file: "client-c1-nano.pcap", lacks: &[HOLES, PATH_2] },
    // Not the first SYN alone: the SYN/ACK and the third ACK have both keys.
    Dress {
        file: "cut-no-syn.pcap",
        lacks: &[&["midstream", "subflows/0/handshake", "subflows/0/c2s/segments", "events"]],
    },
    // Every segment with MP_CAPABLE, the first data among them.
    Dress {
        file: "cut-no-handshake.pcap",
        lacks: &[
            KEYS,
            &["c2s/stream_bytes", "*/sha256", "events"],
            &["subflows/0/*/segments", "subflows/0/c2s/payload_bytes"],
            &["subflows/0/c2s/new_data_bytes", "subflows/0/c2s/delivered_bytes"],
        ],
    },
    // Nothing of the client, so nothing that answers it.
    Dress {
        file: "cut-down-direction-only.pcap",
        lacks: &[
            HOLES,
            FRAMES,
            PATH_2,
            &["checksum", "deny_join_initial", "client", "midstream", "subflows/0/handshake"],
            &["c2s/data_fin", "s2c/data_acked_bytes", "*/data_fin_acked"],
            &["subflows/0/*/delivered_unclear_bytes"],
            &["close", "state", "subflows/*/state"],
        ],
    },
    // The nonce of the joinee, with which its peer's HMAC is made.
    Dress {
        file: "cut-no-join-synack.pcap",
        lacks: &[&[
            "subflows/1/handshake",
            "subflows/1/hmac",
            "subflows/1/backup/server",
            "subflows/1/server/address_id",
            "subflows/1/s2c/segments",
            "events",
        ]],
    },
    Dress {
        file: "cut-first-half.pcap",
        lacks: &[
            HOLES,
            FRAMES,
            THE_END,
            &["c2s/remapped_bytes", "c2s/wasted_bytes", "subflows/1/c2s/remapped_bytes"],
        ],
    },
    Dress { file: "truncated-file.pcap", lacks: &[HOLES, FRAMES, THE_END] },
    Dress { file: "cut-10-percent-frames-missing.pcap", lacks: &[HOLES, FRAMES] },
];

#[test]
#[ignore = "needs the corpus of captures"]
fn recoded_captures_give_the_same_report() {
    let folder = folder();
    let expected = connections(&folder, &["client.pcap"]);
    assert_eq!(expected.len(), 1);
    for file in RECODED {
        assert_eq!(exact(&connections(&folder, &[file])), exact(&expected), "{file}");
    }
}

#[test]
#[ignore = "needs the corpus of captures"]
fn a_dress_lacks_what_it_lacks_and_nothing_else() {
    let folder = folder();
    let whole = facts(&connections(&folder, &["client.pcap"])[0]);
    let mut failures = Vec::new();
    for dress in DRESSES {
        let found = connections(&folder, &[dress.file]);
        assert_eq!(found.len(), 1, "{}", dress.file);
        let found = facts(&found[0]);
        let lacks: Vec<_> = dress.lacks.iter().flat_map(|part| part.iter()).collect();
        let differing = differing(&whole, &found);
        for path in &differing {
            if !lacks.iter().any(|lack| is_below(path, lack)) || is_more(path, &whole, &found) {
                let (whole, found) = (whole.get(path), found.get(path));
                failures.push(format!("{}: {path}: {whole:?} is {found:?}", dress.file));
            }
        }
        for lack in lacks {
            if !differing.iter().any(|path| is_below(path, lack)) {
                failures.push(format!("{} does not lack {lack}", dress.file));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// 14 bytes of TCP options: that of MPTCP is beyond them in every segment.
#[test]
#[ignore = "needs the corpus of captures"]
fn options_beyond_the_snap_length_are_not_there() {
    let folder = folder();
    let report = report_since(None, &[folder.join("snaplen-68.pcap")]);
    assert_eq!(report["totals"]["connections"], 0);
    assert_eq!(report["totals"]["plain_tcp_connections"], 0);
    assert_eq!(report["totals"]["undecided_tcp_connections"], 2);
}

#[test]
#[ignore = "needs the corpus of captures"]
fn the_order_of_inputs_does_not_matter() {
    let folder = folder();
    let merged = connections(&folder, &["both-sides-merged.pcap"]);
    let one = connections(&folder, &["client.pcap", "server.pcap"]);
    let other = connections(&folder, &["server.pcap", "client.pcap"]);
    assert_eq!(one, other);
    assert_eq!(one, merged);
}

/// What left one host is as much as was seen at both ends together: a frame seen twice counts once,
/// and one that was lost on the way counts too.
#[test]
#[ignore = "needs the corpus of captures"]
fn both_ends_together_know_what_each_knows() {
    let folder = folder();
    let facts_of = |files: &[&str]| facts(&connections(&folder, files)[0]);
    let (client, server) = (facts_of(&["client.pcap"]), facts_of(&["server.pcap"]));
    let both = facts_of(&["client.pcap", "server.pcap"]);
    for (path, value) in &both {
        let most = client[path].as_u64().max(server[path].as_u64());
        if most.is_some() {
            assert_eq!(value.as_u64(), most, "{path}");
        } else {
            assert!([&client[path], &server[path]].contains(&value), "{path}: {value}");
        }
    }
}

#[test]
#[ignore = "needs the corpus of captures"]
fn a_join_without_its_syn_ack_got_through_all_the_same() {
    let folder = folder();
    let found = &connections(&folder, &["cut-no-join-synack.pcap"])[0];
    assert!(text(&found["verdict"]).contains("worked on 2 paths"), "{}", found["verdict"]);
}

fn folder() -> PathBuf {
    corpus().join("lab/formats")
}

/// The connections of a report, with times since the start of the client's capture.
fn connections(folder: &Path, files: &[&str]) -> Vec<Value> {
    let start = start_of(&folder.join("client.pcap"));
    let captures: Vec<_> = files.iter().map(|file| folder.join(file)).collect();
    array(&report_since(Some(start), &captures)["connections"]).to_vec()
}

/// Everything but where it stands in the file.
fn exact(connections: &[Value]) -> Vec<Value> {
    connections.iter().map(|connection| without(connection, &["packet", "tcp_stream"])).collect()
}

/// What a report says, by path.
type Leaves = BTreeMap<String, Value>;

/// What the packets say, without where it stands and without how long anything took, which is
/// another thing at every place and with every packet that is missing; order, repetition and what is
/// on its way are so too.
fn facts(connection: &Value) -> Leaves {
    let kept = without(
        connection,
        &[
            "packet",
            "tcp_stream",
            "t_ns",
            "start_t_ns",
            "duration_ns",
            "rtt_ns",
            "data_rtt_ns",
            "head_of_line_ns",
            "delay_ns",
            "stalls",
            "longest_idle_ns",
            "sending_ns",
            "out_of_order_segments",
            "duplicate_acks",
            "max_in_flight_bytes",
            "receive_window",
            "holes",
            "option_space",
            "verdict",
            "details",
        ],
    );
    let mut leaves = BTreeMap::new();
    collect("", &kept, &mut leaves);
    leaves
}

/// `value` without some keys, and with packets of a handshake only as seen or not.
fn without(value: &Value, keys: &[&str]) -> Value {
    let handshake = ["syn", "syn_ack", "ack"];
    match value {
        Value::Object(fields) => {
            let kept = fields.iter().filter(|(key, _)| !keys.contains(&key.as_str()));
            let kept = kept.map(|(key, field)| {
                let is_packet = handshake.contains(&key.as_str()) && field.is_u64();
                let field = if is_packet { Value::from("seen") } else { without(field, keys) };
                (key.clone(), field)
            });
            Value::Object(kept.collect::<Map<_, _>>())
        }
        Value::Array(items) => items.iter().map(|item| without(item, keys)).collect(),
        other => other.clone(),
    }
}

/// The leaves of `value` by their paths.
fn collect(path: &str, value: &Value, leaves: &mut Leaves) {
    match value {
        Value::Object(fields) => {
            for (key, field) in fields {
                collect(&format!("{path}/{key}"), field, leaves);
            }
        }
        Value::Array(items) if path == "/events" => {
            // Each event says itself to which subflow and direction it belongs.
            let mut items: Vec<_> = items.iter().map(ToString::to_string).collect();
            items.sort();
            leaves.insert(path.to_owned(), items.into());
        }
        Value::Array(items) if path.ends_with("/subflows") => {
            for (index, item) in items.iter().enumerate() {
                collect(&format!("{path}/{index}"), item, leaves);
            }
        }
        leaf => {
            leaves.insert(path.to_owned(), leaf.clone());
        }
    }
}

/// Whether `path` is `pattern`, or stands below it.
fn is_below(path: &str, pattern: &str) -> bool {
    let mut keys = path.trim_start_matches('/').split('/');
    pattern.split('/').all(|wanted| keys.next().is_some_and(|key| wanted == "*" || wanted == key))
}

/// Whether a part counts more than the whole.
fn is_more(path: &str, whole: &Leaves, part: &Leaves) -> bool {
    let count = |leaves: &Leaves| leaves.get(path).and_then(Value::as_u64);
    !path.ends_with("/missing_bytes") && count(part) > count(whole)
}

/// The paths at which two reports differ, or that only one has.
fn differing(one: &Leaves, other: &Leaves) -> BTreeSet<String> {
    let all = one.keys().chain(other.keys());
    all.filter(|path| one.get(*path) != other.get(*path)).cloned().collect()
}
