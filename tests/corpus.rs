//! The report against a second opinion: what a slow independent reader found in captures of a real
//! kernel, and what the applications at both ends sent.
//!
//! The captures are not part of the project. Without the folder (`MPTCPSCOPE_CORPUS`, or `corpus`
//! beside the project's `shared` neighbour) the tests say that they were skipped.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

#[test]
fn every_capture_is_read() {
    let Some(corpus) = corpus() else { return };
    let captures = captures_below(&corpus);
    assert!(captures.len() > 200, "the corpus has its captures: {}", captures.len());
    for capture in captures {
        report(&capture);
    }
}

#[test]
fn the_lab_scenarios_agree_with_the_oracle() {
    let Some(corpus) = corpus() else { return };
    let mut differences = Vec::new();
    let mut connections = 0;
    for (scenario, capture, expected) in lab(&corpus) {
        let found = report(&capture);
        let name = format!("{scenario}/{}", capture.file_name().unwrap().to_string_lossy());
        let mut compare = Comparison { name, differences: &mut differences };
        if scenario != "ip_fragments" {
            compare.option_counts(&expected, &found);
        }
        for connection in array(&expected["connections"]) {
            connections += 1;
            compare.connection(connection, &expected, &found);
        }
    }
    assert!(connections > 1000, "the oracle knows its connections: {connections}");
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// One capture's report against its oracle.
struct Comparison<'a> {
    name: String,
    differences: &'a mut Vec<String>,
}

impl Comparison<'_> {
    fn equal(&mut self, what: &str, expected: &Value, found: &Value) {
        if expected != found {
            let name = &self.name;
            self.differences.push(format!("{name}: {what}: expected {expected}, found {found}"));
        }
    }

    fn option_counts(&mut self, expected: &Value, found: &Value) {
        let found = found["totals"]["options"].as_object().unwrap();
        let found: BTreeMap<_, _> = found.iter().filter(|(_, count)| **count != 0).collect();
        let expected: BTreeMap<_, _> = expected["options"].as_object().unwrap().iter().collect();
        if found != expected {
            let name = &self.name;
            self.differences.push(format!("{name}: options: {expected:?} / {found:?}"));
        }
    }

    fn connection(&mut self, expected: &Value, oracle: &Value, report: &Value) {
        let keys = (hex(&expected["client_key"]), hex(&expected["server_key"]));
        let Some(found) = array(&report["connections"])
            .iter()
            .find(|found| (&found["client"]["key"], &found["server"]["key"]) == (&keys.0, &keys.1))
        else {
            self.differences.push(format!("{}: no connection with keys {keys:?}", self.name));
            return;
        };
        for role in ["client", "server"] {
            let token = hex(&expected[format!("{role}_token")]);
            self.equal("token", &token, &found[role]["token"]);
            let idsn = expected[format!("{role}_idsn")].as_u64().unwrap();
            self.equal("idsn", &Value::from(format!("0x{idsn:016x}")), &found[role]["idsn"]);
        }
        self.equal("checksum", &expected["checksum"], &found["checksum"]);
        let expected_subflows = array(&expected["subflows"]);
        let found_subflows = array(&found["subflows"]);
        if expected_subflows.len() != found_subflows.len() {
            let (expected, found) = (expected_subflows.len(), found_subflows.len());
            self.differences.push(format!("{}: {expected} subflows, found {found}", self.name));
        }
        for number in expected_subflows {
            let expected = array(&oracle["subflows"])
                .iter()
                .find(|subflow| subflow["n"] == *number)
                .expect("the oracle lists its subflows");
            self.subflow(expected, found);
        }
    }

    fn subflow(&mut self, expected: &Value, connection: &Value) {
        // The oracle calls the opener of each subflow its client.
        let by_server = expected["role"] == "join from the connection server";
        let (opener, acceptor) =
            if by_server { ("server", "client") } else { ("client", "server") };
        let ends = (text(&expected["client"]), text(&expected["server"]));
        let candidates: Vec<_> = array(&connection["subflows"])
            .iter()
            .filter(|found| {
                endpoint(&found[opener]) == ends.0 && endpoint(&found[acceptor]) == ends.1
            })
            .collect();
        let [found] = candidates.as_slice() else {
            self.differences.push(format!("{}: {} subflows {ends:?}", self.name, candidates.len()));
            return;
        };
        self.equal("opened_by", &Value::from(opener), &found["opened_by"]);
        for (flags, role) in [("cap_syn", "client"), ("cap_synack", "server")] {
            if let Some(flags) = expected[flags]["flags"].as_str() {
                let c_bit = u8::from_str_radix(flags, 16).unwrap() & 0x20 != 0;
                let found = &connection["deny_join_initial"][role];
                self.equal("C bit", &Value::from(c_bit), found);
                self.equal("initial", &Value::from(true), &found_initial(connection));
            }
        }
        if expected["join"].is_object() {
            self.join(&expected["join"], found, opener, acceptor);
        }
        for (direction, opened) in [("up", true), ("down", false)] {
            let sender = if opened == by_server { "s2c" } else { "c2s" };
            let payload = &expected["payload"][direction];
            let payload = payload.as_u64().unwrap_or(0);
            let found = &found[sender]["payload_bytes"];
            self.equal("payload_bytes", &Value::from(payload), found);
        }
    }

    fn join(&mut self, expected: &Value, found: &Value, opener: &str, acceptor: &str) {
        let id = |key: &str| expected[key].clone();
        self.equal("joiner's address ID", &id("addr_id_client"), &found[opener]["address_id"]);
        if expected.get("addr_id_server").is_some_and(|id| !id.is_null()) {
            self.equal(
                "joinee's address ID",
                &id("addr_id_server"),
                &found[acceptor]["address_id"],
            );
        }
    }
}

fn found_initial(connection: &Value) -> Value {
    connection["subflows"][0]["initial"].clone()
}

/// `10.0.1.2.5001`, as the oracle writes an endpoint.
fn endpoint(end: &Value) -> String {
    format!("{}.{}", end["address"].as_str().unwrap(), end["port"])
}

fn hex(digits: &Value) -> Value {
    Value::from(format!("0x{}", digits.as_str().unwrap()))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn array(value: &Value) -> &Vec<Value> {
    value.as_array().unwrap()
}

/// Scenario, capture and what the oracle found in it, for both ends of each.
fn lab(corpus: &Path) -> Vec<(String, PathBuf, Value)> {
    let mut all = Vec::new();
    for folder in sorted(&corpus.join("lab")) {
        let oracle = std::fs::read(folder.join("oracle.json")).unwrap();
        let oracle: Value = serde_json::from_slice(&oracle).unwrap();
        let scenario = folder.file_name().unwrap().to_string_lossy().into_owned();
        for file in ["client.pcap", "server.pcap"] {
            all.push((scenario.clone(), folder.join(file), oracle[file].clone()));
        }
    }
    all
}

fn captures_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in sorted(folder) {
        if path.is_dir() {
            found.extend(captures_below(&path));
        } else if path.to_string_lossy().contains(".pcap") {
            found.push(path);
        }
    }
    found
}

fn sorted(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

/// The JSON report of one capture, made by the program itself.
fn report(capture: &Path) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_mptcpscope"))
        .args(["report", "--json", "-"])
        .arg(capture)
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {errors}", capture.display());
    serde_json::from_slice(&output.stdout).unwrap()
}

fn corpus() -> Option<PathBuf> {
    let folder = std::env::var_os("MPTCPSCOPE_CORPUS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus"),
        PathBuf::from,
    );
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: no corpus of captures at {}", folder.display());
    None
}
