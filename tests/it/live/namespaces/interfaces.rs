//! Interfaces: what comes from them, when they go away, and what is needed to open them.

use std::fs;
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;

use super::lab::{Lab, complaints};
use crate::live::{binary, facts, input, report_on, text};
use crate::support::skipped;

#[test]
#[ignore = "needs root, iproute2, python3 and MPTCP in the kernel"]
fn live_equals_the_file_that_it_wrote() {
    let lab = Lab::new("equal");
    let (file, json) = (lab.path("a.pcapng"), lab.path("a.json"));
    let mut live = lab.live(&["-i", "v1", "-i", "v2", "-w", &file, "--json", &json]);
    assert_confined(live.pid());
    lab.transfer(3_000_000);
    assert_confined(live.pid());
    let output = live.end("-INT");
    assert_eq!((output.status.code(), complaints(&output)), (Some(0), String::new()));
    let printed = text(&output.stdout);
    assert!(printed.contains("#0 sf1    established"), "{printed}");
    assert!(printed.contains("1 MPTCP connection, 2 subflows"), "{printed}");

    let live = fs::read(json).unwrap();
    let offline = report_on(&file);
    assert_eq!(facts(&live), facts(&offline));
    let [live, offline] = [&live, &offline].map(|json| input(json));
    assert_eq!(live["packets"], offline["packets"]);
    assert_eq!((&live["dropped_by_kernel"], &live["format"]), (&0.into(), &"live".into()));
    assert_eq!((&offline["dropped_by_kernel"], &offline["cut_short"]), (&0.into(), &false.into()));
}

/// Neither the main thread nor those of the interfaces have anything left.
fn assert_confined(pid: u32) {
    for task in fs::read_dir(format!("/proc/{pid}/task")).unwrap() {
        let status = fs::read_to_string(task.unwrap().path().join("status")).unwrap();
        for line in status.lines().filter(|line| line.starts_with("Cap")) {
            assert!(line.ends_with("0000000000000000"), "{line}");
        }
        assert!(status.contains("NoNewPrivs:\t1") && status.contains("Seccomp:\t2"), "{status}");
    }
}

/// A router sees each packet twice on "any": as it comes and as it goes.
#[test]
#[ignore = "needs root, iproute2, python3 and MPTCP in the kernel"]
fn what_any_shows_twice_counts_once() {
    let lab = Lab::new("any").with_inner_host();
    let [any, one] = ["any.json", "one.json"].map(|name| lab.path(name));
    let mut on_any = lab.live(&["-i", "any", "--json", &any]);
    let mut on_one = lab.live(&["-i", "v1", "--json", &one]);
    lab.transfer_from_inner(300_000);
    assert_eq!(on_any.end("-INT").status.code(), Some(0));
    assert_eq!(on_one.end("-INT").status.code(), Some(0));
    let [any, one] = [any, one].map(|path| fs::read(path).unwrap());
    let (doubled, single) = (input(&any), input(&one));
    assert_eq!(doubled["packets"].as_u64().unwrap(), 2 * single["packets"].as_u64().unwrap());
    assert_eq!(doubled["duplicate_packets"], single["packets"]);
    for report in [any, one] {
        let report: Value = serde_json::from_slice(&report).unwrap();
        assert_eq!(report["totals"]["connections"], 1);
        let connection = &report["connections"][0];
        assert_eq!(connection["c2s"]["stream_bytes"], 300_001);
        assert_eq!(connection["subflows"][0]["c2s"]["retransmitted_bytes"], 0);
        assert_eq!(
            (&connection["state"], &connection["fallback"]),
            (&"closed".into(), &Value::Null)
        );
    }
}

#[test]
#[ignore = "needs root, iproute2, python3 and MPTCP in the kernel"]
fn an_interface_that_goes_away_is_an_event() {
    let lab = Lab::new("gone");
    let mut live = lab.live(&["-i", "v1", "-i", "v2", "--jsonl"]);
    lab.transfer(1000);
    sleep(Duration::from_millis(300));
    lab.ip(&["link", "set", "v1", "down"]);
    sleep(Duration::from_millis(1200));
    lab.ip(&["link", "del", "v1"]);
    sleep(Duration::from_millis(500));
    assert!(live.0.try_wait().unwrap().is_none(), "the other interface is still there");
    lab.ip(&["link", "del", "v2"]);
    let output = live.wait();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let printed = text(&output.stdout);
    assert!(printed.contains(r#""interface":"v1","what":"is down"#), "{printed}");
    assert!(printed.contains("disappeared"), "{printed}");
    assert!(printed.contains(r#""state":"closed""#), "{printed}");
}

#[test]
#[ignore = "needs root, iproute2, python3 and MPTCP in the kernel"]
fn errors_of_interfaces_and_filters_are_explained() {
    let lab = Lab::new("error");
    for (arguments, words) in [
        (&["-i", "nosuch"][..], "nosuch: there is no such interface"),
        (&["-i", "v1", "tcp", "prot", "80"], "the filter \"tcp prot 80\" is wrong (syntax error"),
        (&["-i", "v1", "--user", "no-such-user"], "there is no user no-such-user"),
        (&["-i", "v1", "-w", "/no/such/folder/x"], "/no/such/folder/x cannot be written"),
    ] {
        let output = lab.command().arg("live").args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(text(&output.stderr).contains(words), "{}", text(&output.stderr));
    }
}

#[test]
#[ignore = "needs root, iproute2, python3 and MPTCP in the kernel"]
fn without_permission_the_way_out_is_named_and_works() {
    let lab = Lab::new("perm");
    let program = lab.path("mptcpscope");
    fs::copy(binary(), &program).unwrap();
    let as_nobody = |arguments: &[&str]| {
        let mut command = lab.exec("setpriv");
        command.args(["--reuid=65534", "--clear-groups", &program, "live", "-i", "v1"]);
        command.args(arguments).output().unwrap()
    };
    lab.open_folder_to_all();
    let refused = as_nobody(&["--duration", "1s"]);
    let words = format!("sudo setcap cap_net_raw=ep {program} ");
    assert_eq!(refused.status.code(), Some(2), "{}", text(&refused.stderr));
    assert!(text(&refused.stderr).contains(&words), "{}", text(&refused.stderr));
    let set = Command::new("setcap").args(["cap_net_raw=ep", &program]).status();
    if !set.is_ok_and(|status| status.success()) {
        skipped("a copy of the program with cap_net_raw: setcap has no effect here");
        return;
    }
    let json = lab.path("a.json");
    let allowed = std::thread::scope(|scope| {
        let live = scope.spawn(|| as_nobody(&["--duration", "3s", "--json", &json]));
        sleep(Duration::from_secs(1));
        lab.transfer(10_000);
        live.join().unwrap()
    });
    assert_eq!(allowed.status.code(), Some(0), "{}", text(&allowed.stderr));
    let report: Value = serde_json::from_slice(&fs::read(json).unwrap()).unwrap();
    assert_eq!(report["totals"]["connections"], 1);
}
