//! One run in many dresses: each gives the same report, but for what the dress lacks.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::support::{array, corpus, number, report_since, start_of, text};

/// The same records in another format, or the same frames with another link layer.
const RECODED: &[&str] = &[
    "client-any-sll.pcap",
    "client-any-sll2.pcap",
    "client-bigendian.pcap",
    "client-nsec.pcap",
    "client.pcap.gz",
    "client.pcapng",
];

/// A capture, what its report lacks or says otherwise, and why.
struct Dress {
    file: &'static str,
    differs: &'static [&'static str],
}

const DRESSES: &[Dress] = &[];

#[test]
fn recoded_captures_give_the_same_report() {
    let Some(folder) = folder() else { return };
    let expected = connections(&folder, &["client.pcap"]);
    assert_eq!(expected.len(), 1);
    for file in RECODED {
        assert_eq!(exact(&connections(&folder, &[file])), exact(&expected), "{file}");
    }
}

#[test]
fn a_dress_lacks_what_it_lacks_and_nothing_else() {
    let Some(folder) = folder() else { return };
    let whole = facts(&connections(&folder, &["client.pcap"])[0]);
    let mut failures = Vec::new();
    for dress in DRESSES {
        let found = connections(&folder, &[dress.file]);
        let [found] = found.as_slice() else {
            failures.push(format!("{}: {} connections", dress.file, found.len()));
            continue;
        };
        let differing = differing(&whole, &facts(found));
        let differs: BTreeSet<_> = dress.differs.iter().map(|path| (*path).to_owned()).collect();
        if differing != differs {
            failures.push(format!("{}: {differing:#?}", dress.file));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn a_join_without_its_syn_ack_got_through_all_the_same() {
    let Some(folder) = folder() else { return };
    let found = &connections(&folder, &["cut-no-join-synack.pcap"])[0];
    assert!(text(&found["verdict"]).contains("worked on 2 paths"), "{}", found["verdict"]);
}

fn folder() -> Option<PathBuf> {
    Some(corpus()?.join("lab/formats"))
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

/// What the packets say, without where it stands and without how long anything took, which is
/// another thing at every place and with every packet that is missing.
fn facts(connection: &Value) -> BTreeMap<String, Value> {
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
fn collect(path: &str, value: &Value, leaves: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(fields) => {
            for (key, field) in fields {
                collect(&format!("{path}/{key}"), field, leaves);
            }
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

/// The paths at which two reports differ, or that only one has.
fn differing(one: &BTreeMap<String, Value>, other: &BTreeMap<String, Value>) -> BTreeSet<String> {
    let all = one.keys().chain(other.keys());
    all.filter(|path| one.get(*path) != other.get(*path)).cloned().collect()
}
