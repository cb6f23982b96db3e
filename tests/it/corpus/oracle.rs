//! Against a second opinion: what a slow independent reader found in the same packets.
//!
//! It knows connections of which it has both keys. It calls the opener of each subflow its client,
//! counts every DSN that comes again as sent again, whatever the subflow sequence numbers, and does
//! not look at IP fragments.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::lab;
use crate::support::corpus::corpus;
use crate::support::files::name;
use crate::support::reports::{array, number, read_json, report, text};

#[test]
#[ignore = "needs the corpus of captures"]
fn the_lab_scenarios_agree_with_the_oracle() {
    let corpus = corpus();
    let mut differences = Vec::new();
    let mut connections = 0;
    for (scenario, capture) in lab(&corpus) {
        let oracle = read_json(&capture.with_file_name("oracle.json"));
        let expected = &oracle[name(&capture)];
        let found = report(std::slice::from_ref(&capture));
        let name = format!("{scenario}/{}", name(&capture));
        let mut compare = Comparison { name, differences: &mut differences };
        if scenario != "ip_fragments" {
            compare.option_counts(expected, &found);
        }
        for connection in array(&expected["connections"]) {
            connections += 1;
            compare.connection(connection, expected, &found);
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
            self.differ(&format!("{what}: expected {expected}, found {found}"));
        }
    }

    fn differ(&mut self, what: &str) {
        self.differences.push(format!("{}: {what}", self.name));
    }

    fn option_counts(&mut self, expected: &Value, found: &Value) {
        let found = found["totals"]["options"].as_object().unwrap();
        let found: BTreeMap<_, _> = found.iter().filter(|(_, count)| **count != 0).collect();
        let expected: BTreeMap<_, _> = expected["options"].as_object().unwrap().iter().collect();
        if found != expected {
            self.differ(&format!("options: {expected:?} / {found:?}"));
        }
    }

    fn connection(&mut self, expected: &Value, oracle: &Value, report: &Value) {
        let keys = (hex(&expected["client_key"]), hex(&expected["server_key"]));
        let mut connections = array(&report["connections"]).iter();
        let Some(found) = connections
            .find(|found| (&found["client"]["key"], &found["server"]["key"]) == (&keys.0, &keys.1))
        else {
            self.differ(&format!("no connection with keys {keys:?}"));
            return;
        };
        for role in ["client", "server"] {
            let token = hex(&expected[format!("{role}_token")]);
            self.equal("token", &token, &found[role]["token"]);
            let idsn = number(&expected[format!("{role}_idsn")]);
            self.equal("idsn", &Value::from(format!("0x{idsn:016x}")), &found[role]["idsn"]);
        }
        self.equal("checksum", &expected["checksum"], &found["checksum"]);
        self.equal(
            "number of subflows",
            &array(&expected["subflows"]).len().into(),
            &array(&found["subflows"]).len().into(),
        );
        let mut ids = BTreeMap::new();
        for (index, number) in array(&expected["subflows"]).iter().enumerate() {
            let mut subflows = array(&oracle["subflows"]).iter();
            let subflow = subflows.find(|subflow| subflow["n"] == *number);
            if let Some(id) = self.subflow(subflow.expect("it lists its subflows"), found) {
                ids.insert(index.to_string(), id);
            }
        }
        for direction in ["up", "down"] {
            self.direction(expected, direction, found, &ids);
        }
    }

    /// The stream of one direction. `ids` has our number for each of its subflows.
    fn direction(
        &mut self,
        connection: &Value,
        direction: &str,
        found: &Value,
        ids: &BTreeMap<String, usize>,
    ) {
        let expected = &connection[direction];
        let sender = if direction == "up" { "c2s" } else { "s2c" };
        let stream = &found[sender];
        // Its bytes are those up to the last one, with those that are missing.
        let bytes = number(&stream["stream_bytes"]) + number(&stream["missing_bytes"]);
        self.equal("bytes", &expected["bytes"], &bytes.into());
        self.equal("missing", &expected["missing"], &stream["missing_bytes"]);
        self.equal("sha256", &expected["sha256"], &stream["sha256"]);
        self.data_fin(&connection["data_fin"][direction], found, sender);
        if !found["fallback"].is_null() || expected["tfo_prefix"] != 0 {
            // Its other counts are of mapped bytes alone.
            return;
        }
        for (index, bytes) in expected["by_subflow"].as_object().unwrap() {
            let subflow = &found["subflows"][ids[index]];
            self.equal("new data of a subflow", bytes, &subflow[sender]["new_data_bytes"]);
        }
        let again = |subflow: &Value| {
            ["retransmitted_bytes", "remapped_bytes", "reinjected_bytes"]
                .map(|kind| number(&subflow[sender][kind]))
                .iter()
                .sum::<u64>()
        };
        let again: u64 = array(&found["subflows"]).iter().map(again).sum();
        let expected = number(&expected["retransmitted_same_subflow"])
            + number(&expected["reinjected_other_subflow"]);
        self.equal("sent again", &expected.into(), &again.into());
    }

    /// `expected` has the seconds since the first packet, and the offset in the stream.
    fn data_fin(&mut self, expected: &Value, found: &Value, sender: &str) {
        let moment = &found[sender]["data_fin"];
        if expected.is_null() || moment.is_null() {
            self.equal("DATA_FIN", expected, moment);
            return;
        }
        let (packet, micros) = (&moment["packet"], number(&moment["t_ns"]) / 1000);
        self.equal("time of the DATA_FIN", &micros_of(&expected[0]).into(), &micros.into());
        let mut events = array(&found["events"]).iter();
        let is_it = |event: &&Value| event["kind"] == "DATA_FIN" && event["packet"] == *packet;
        let dsn = unhex(&events.find(is_it).expect("it is an event")["dsn"]);
        let role = if sender == "c2s" { "client" } else { "server" };
        let offset = dsn.wrapping_sub(unhex(&found[role]["idsn"])).wrapping_sub(1);
        self.equal("place of the DATA_FIN", &expected[1], &offset.into());
    }

    fn subflow(&mut self, expected: &Value, connection: &Value) -> Option<usize> {
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
            self.differ(&format!("{} subflows {ends:?}", candidates.len()));
            return None;
        };
        self.equal("opened_by", &opener.into(), &found["opened_by"]);
        for (flags, role) in [("cap_syn", "client"), ("cap_synack", "server")] {
            if let Some(flags) = expected[flags]["flags"].as_str() {
                let c_bit = u8::from_str_radix(flags, 16).unwrap() & 0x20 != 0;
                self.equal("C bit", &c_bit.into(), &connection["deny_join_initial"][role]);
                self.equal("initial", &true.into(), &found["initial"]);
            }
        }
        if expected["join"].is_object() {
            self.join(expected, found, opener, acceptor);
        }
        for (direction, sender) in directions(by_server) {
            let payload = expected["payload"][direction].as_u64().unwrap_or(0);
            self.equal("payload_bytes", &payload.into(), &found[sender]["payload_bytes"]);
        }
        let has_checksums = ["c2s", "s2c"].iter().any(|way| !found[*way]["checksums"].is_null());
        let expects_checksums = expected["csum_seen"] == true;
        self.equal("checksums seen", &expects_checksums.into(), &has_checksums.into());
        self.signals(expected, connection, found);
        usize::try_from(number(&found["id"])).ok()
    }

    fn join(&mut self, expected: &Value, found: &Value, opener: &str, acceptor: &str) {
        let join = &expected["join"];
        let expected_id = |key: &str| join.get(key).cloned().unwrap_or_default();
        self.equal("joiner's ID", &expected_id("addr_id_client"), &found[opener]["address_id"]);
        self.equal("joinee's ID", &expected_id("addr_id_server"), &found[acceptor]["address_id"]);
        for (theirs, ours) in [("synack", "syn_ack"), ("ack", "ack")] {
            let verdict = verdict(&expected["hmac_ok"][theirs], "absent");
            self.equal("HMAC", &verdict.into(), &found["hmac"][ours]);
        }
    }

    /// Every option that says something, with its packet's time and the verdict on it.
    fn signals(&mut self, expected: &Value, connection: &Value, subflow: &Value) {
        let by_server = subflow["opened_by"] == "server";
        let expected: Vec<_> = array(&expected["events"])
            .iter()
            .map(|event| expected_signal(event, by_server))
            .collect();
        let events = array(&connection["events"]).iter();
        let own = events.filter(|event| event["subflow"] == subflow["id"]);
        let found: Vec<_> = own.filter_map(|event| found_signal(event, connection)).collect();
        self.equal("signals", &expected.into(), &found.into());
    }
}

/// An event of the oracle's as time, direction, kind and what it says.
fn expected_signal(event: &Value, by_server: bool) -> Value {
    let direction = directions(by_server).into_iter().find(|(theirs, _)| event["dir"] == *theirs);
    let says = match text(&event["what"]) {
        "ADD_ADDR" if event["echo"] == true => {
            json!([event["id"], event["addr"], event["port"], "echo"])
        }
        "ADD_ADDR" => {
            let verdict = verdict(&event["hmac_ok"], "unverifiable");
            json!([event["id"], event["addr"], event["port"], verdict])
        }
        "REMOVE_ADDR" => event["ids"].clone(),
        "MP_PRIO" => json!(event["backup"] == 1),
        "MP_FAIL" => event["dsn"].clone(),
        "MP_TCPRST" => json!([event["reason"], event["transient"]]),
        "MP_FASTCLOSE" => event["key_ok"].clone(),
        other => panic!("the oracle has {other}"),
    };
    json!([micros_of(&event["t"]), direction.map(|(_, ours)| ours), event["what"], says])
}

/// The same of an event of ours, if it is of a kind that the oracle lists.
fn found_signal(event: &Value, connection: &Value) -> Option<Value> {
    let says = match text(&event["kind"]) {
        "ADD_ADDR" if event["echo"] == true => {
            json!([event["address_id"], event["address"], event["port"], "echo"])
        }
        "ADD_ADDR" => {
            let mut addresses = array(&connection["addresses"]).iter();
            let announced = |address: &&Value| {
                address["address_id"] == event["address_id"]
                    && array(&address["announced"]).contains(&event["packet"])
            };
            let verdict = &addresses.find(announced)?["hmac"];
            json!([event["address_id"], event["address"], event["port"], verdict])
        }
        "REMOVE_ADDR" => event["address_ids"].clone(),
        "MP_PRIO" => event["backup"].clone(),
        "MP_FAIL" => unhex(&event["dsn"]).into(),
        "MP_TCPRST" => json!([event["reason"], event["transient"]]),
        "MP_FASTCLOSE" => {
            let receiver = if event["direction"] == "c2s" { "server" } else { "client" };
            json!(event["receiver_key"] == connection[receiver]["key"])
        }
        _ => return None,
    };
    let micros = number(&event["t_ns"]) / 1000;
    Some(json!([micros, event["direction"], event["kind"], says]))
}

/// Their direction of a subflow, which is its opener's, and ours, which is the connection's.
fn directions(by_server: bool) -> [(&'static str, &'static str); 2] {
    if by_server { [("up", "s2c"), ("down", "c2s")] } else { [("up", "c2s"), ("down", "s2c")] }
}

fn verdict(ok: &Value, without: &'static str) -> &'static str {
    match ok.as_bool() {
        Some(true) => "verified",
        Some(false) => "mismatch",
        None => without,
    }
}

/// `10.0.1.2.5001`, as the oracle writes an endpoint.
fn endpoint(end: &Value) -> String {
    format!("{}.{}", text(&end["address"]), end["port"])
}

fn hex(digits: &Value) -> Value {
    Value::from(format!("0x{}", text(digits)))
}

fn unhex(value: &Value) -> u64 {
    u64::from_str_radix(text(value).trim_start_matches("0x"), 16).unwrap()
}

/// Seconds with up to six decimals, as whole microseconds.
fn micros_of(seconds: &Value) -> u64 {
    let seconds = seconds.to_string();
    let (whole, decimals) = seconds.split_once('.').unwrap_or((&seconds, ""));
    format!("{whole}{decimals:0<6}").parse().unwrap()
}
