//! Findings while they come up, what the host has to say, and floods.

use std::fs;
use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;

use super::lab::{Lab, wait_until_it_rests};
use crate::live::{input, report_on, text};

/// The server can't answer the join; then it can.
#[test]
#[ignore = "needs root, iproute2, python3 and MPTCP in the kernel"]
fn a_finding_opens_and_closes() {
    let lab = Lab::new("finding");
    lab.ip_at_server(&["route", "add", "blackhole", "10.99.2.1/32"]);
    let mut live = lab.live(&["-i", "v1", "-i", "v2", "--jsonl", "--summary", "1s"]);
    std::thread::scope(|scope| {
        scope.spawn(|| lab.transfer_after(1000, 6.0));
        sleep(Duration::from_secs(4));
        lab.ip_at_server(&["route", "del", "blackhole", "10.99.2.1/32"]);
    });
    let output = live.end("-INT");
    let lines = lines(&text(&output.stdout));
    let unanswered: Vec<_> = lines.iter().filter(|line| line["code"] == "join-no-answer").collect();
    let changes: Vec<_> = unanswered.iter().map(|line| &line["change"]).collect();
    assert_eq!(changes, ["opened", "closed"]);
    assert_eq!((&unanswered[0]["connection"], &unanswered[0]["subflow"]), (&0.into(), &1.into()));
    assert_eq!(unanswered[0]["finding"]["code"], "join-no-answer");
    assert!(unanswered[0]["finding"]["packets"][0].is_u64());
    assert_eq!(unanswered[1]["finding"], Value::Null);
    let summaries = lines.iter().filter(|line| line["kind"] == "SUMMARY").count();
    assert!(summaries >= 4, "{summaries}");
}

#[test]
#[ignore = "needs root, iproute2, python3 and MPTCP in the kernel"]
fn text_tells_findings_in_one_line_each() {
    let lab = Lab::new("words");
    lab.ip_at_server(&["route", "add", "blackhole", "10.99.2.1/32"]);
    let mut live = lab.live(&["-i", "v1", "-i", "v2"]);
    lab.transfer_after(1000, 3.5);
    let output = live.end("-INT");
    let printed = text(&output.stdout);
    let lines: Vec<_> = printed.lines().filter(|line| line.contains("join-no-answer")).collect();
    assert!(lines[0].contains("#0 sf1    warning join-no-answer"), "{printed}");
    assert!(lines[0].contains(": "), "{printed}");
}

/// Nothing can be opened any more, and still it can be read.
#[test]
#[ignore = "needs root, iproute2, python3 and MPTCP in the kernel"]
fn the_host_is_read_after_privileges_are_gone() {
    let lab = Lab::new("host");
    lab.transfer(1000);
    let json = lab.path("a.json");
    let mut live = lab.live(&["-i", "v1", "-i", "v2", "--json", &json]);
    lab.ip(&["mptcp", "limits", "set", "subflow", "1"]);
    lab.transfer(1000);
    assert_eq!(live.end("-INT").status.code(), Some(0));
    let report: Value = serde_json::from_slice(&fs::read(&json).unwrap()).unwrap();
    let host = &report["host"];
    assert_eq!(host["limits"]["subflows"], 1, "as it is at the end");
    assert_eq!(host["endpoints"][0]["address"], "10.99.2.1");
    assert_eq!(host["sysctls"]["net.mptcp.enabled"], "1");
    let counted = |name: &str| (host["counters"][name].as_u64(), host["moved"][name].as_u64());
    assert_eq!(counted("MPCapableSYNTX"), (Some(2), Some(1)), "one was before the capture");
    assert_eq!(counted("MPJoinSynAckRx"), (Some(2), Some(1)));
    assert_eq!(counted("AddAddr"), (Some(0), None));
}

/// Half of them ask for a connection, half join one that nobody has. `MPTCPSCOPE` and `FLOOD` in the
/// environment name another program and number of packets, for figures.
#[test]
#[ignore = "needs root, iproute2, python3 and MPTCP in the kernel"]
fn a_flood_is_told_and_leaves_connections_alone() {
    let lab = Lab::new("flood");
    let packets = std::env::var("FLOOD").map_or(6_000, |count| count.parse().unwrap());
    let [out, json] = ["a.jsonl", "a.json"].map(|name| lab.path(name));
    let mut live = lab.live_into(&out, &["-i", "v1", "-i", "v2", "--jsonl", "--json", &json]);
    let before = live.resident();
    std::thread::scope(|scope| {
        scope.spawn(|| lab.transfer_after(100_000, 4.0));
        sleep(Duration::from_millis(300));
        lab.flood(packets);
    });
    sleep(Duration::from_millis(2500));
    let grown = live.resident().saturating_sub(before);
    let output = live.end("-INT");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let lines = lines(&fs::read_to_string(out).unwrap());
    let flood = lines.iter().find(|line| line["code"] == "join-flood").unwrap();
    assert_eq!((&flood["change"], &flood["connection"]), (&"opened".into(), &Value::Null));
    let report: Value = serde_json::from_slice(&fs::read(&json).unwrap()).unwrap();
    let real = &report["connections"][0];
    assert_eq!((&real["id"], &real["state"]), (&0.into(), &"closed".into()));
    assert_eq!(real["c2s"]["stream_bytes"], 100_001);
    assert_eq!(real["subflows"].as_array().unwrap().len(), 2);
    println!(
        "{packets} forged packets: {} MB more, {} remembered, forgotten: {}, dropped: {}",
        grown / 1_000_000,
        report["totals"]["connections"],
        report["totals"]["forgotten"],
        report["inputs"][0]["dropped_by_kernel"]
    );
    assert!(grown < 256 << 20, "{grown} octets");
}

/// A buffer that holds nothing: what is lost is counted everywhere.
#[test]
#[ignore = "needs root, iproute2, python3 and MPTCP in the kernel"]
fn drops_are_told_and_written() {
    let lab = Lab::new("drops");
    let [out, file, json] = ["a.jsonl", "a.pcapng", "a.json"].map(|name| lab.path(name));
    let arguments = ["-i", "v1", "--buffer", "64kB", "--snaplen", "256", "-w", &file];
    let mut live = lab.live_into(&out, &[&arguments[..], &["--jsonl", "--json", &json]].concat());
    lab.flood(40_000);
    wait_until_it_rests(&file);
    // Drops are told of once a second.
    sleep(Duration::from_millis(2500));
    assert_eq!(live.end("-INT").status.code(), Some(0));
    let report = fs::read(&json).unwrap();
    let dropped = input(&report)["dropped_by_kernel"].as_u64().unwrap();
    assert!(dropped > 0);
    let packets = input(&report)["packets"].as_u64().unwrap();
    assert_eq!(packets + dropped, 40_000, "none is lost without a word");
    assert_eq!(input(&report_on(&file))["dropped_by_kernel"], dropped);
    let lines = lines(&fs::read_to_string(out).unwrap());
    let told = lines.iter().rfind(|line| line["kind"] == "DROPS").unwrap();
    assert_eq!(told["dropped_by_kernel"], dropped);
    assert_eq!(lines.last().unwrap()["dropped_by_kernel"], dropped);
    assert!(lines.iter().any(|line| line["code"] == "capture-drops"));
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
