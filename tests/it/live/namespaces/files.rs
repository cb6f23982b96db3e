//! Files that a capture writes, however it ends.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;

use super::lab::{Lab, complaints, wait_until_it_rests};
use crate::live::{input, report_on, run, text};
use crate::support::skipped;

#[test]
#[ignore = "needs root, iproute2, python3 and MPTCP in the kernel"]
fn what_was_flushed_outlives_a_kill() {
    let lab = Lab::new("kill");
    let file = lab.path("a.pcapng");
    let mut live = lab.live(&["-i", "v1", "-i", "v2", "-w", &file]);
    lab.transfer(1_000_000);
    sleep(Duration::from_secs(1));
    live.end("-KILL");
    let offline = report_on(&file);
    assert_eq!(input(&offline)["cut_short"], false);
    let report: Value = serde_json::from_slice(&offline).unwrap();
    assert_eq!(report["connections"][0]["state"], "closed");
    assert_eq!(report["connections"][0]["c2s"]["stream_bytes"], 1_000_001);
    tshark_counts(&file, &report["totals"]["packets"]);
}

/// Where there is one: it opens the file, and finds as many packets.
fn tshark_counts(file: &str, packets: &Value) {
    let Ok(output) =
        Command::new("tshark").args(["-r", file, "-T", "fields", "-e", "ip.id"]).output()
    else {
        skipped("tshark on what was flushed before a kill: it is not installed");
        return;
    };
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(!text(&output.stderr).contains("cut short"), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout).lines().count() as u64, packets.as_u64().unwrap());
}

/// Killed in the middle of a burst: at most the last block is broken.
#[test]
#[ignore = "needs root, iproute2, python3 and MPTCP in the kernel"]
fn a_kill_in_a_burst_costs_the_rest_only() {
    let lab = Lab::new("burst");
    let file = lab.path("a.pcapng");
    let mut live = lab.live_into("/dev/null", &["-i", "v1", "-w", &file]);
    std::thread::scope(|scope| {
        let flood = scope.spawn(|| lab.flood(30_000));
        for _ in 0..1000 {
            if fs::metadata(&file).unwrap().len() > 500_000 {
                break;
            }
            sleep(Duration::from_millis(5));
        }
        live.end("-KILL");
        flood.join().unwrap();
    });
    let report: Value = serde_json::from_slice(&report_on(&file)).unwrap();
    assert!(report["totals"]["packets"].as_u64().unwrap() > 2000, "{}", report["totals"]);
}

#[test]
#[ignore = "needs root, iproute2, python3 and MPTCP in the kernel"]
fn a_signal_ends_it_after_the_last_packet() {
    const PACKETS: u32 = 10_000;
    let lab = Lab::new("last");
    for (signal, json) in [("-INT", "int.json"), ("-TERM", "term.json")] {
        let (file, json) = (lab.path("a.pcapng"), lab.path(json));
        let mut live = lab.live_into("/dev/null", &["-i", "v1", "-w", &file, "--json", &json]);
        lab.flood(PACKETS);
        // At once: most of them still wait in the kernel.
        let output = live.end(signal);
        assert_eq!((output.status.code(), complaints(&output)), (Some(0), String::new()));
        for report in [fs::read(&json).unwrap(), report_on(&file)] {
            let input = input(&report);
            let seen = (input["packets"].as_u64(), &input["dropped_by_kernel"]);
            assert_eq!(seen, (Some(PACKETS.into()), &0.into()), "{signal}");
        }
    }
}

#[test]
#[ignore = "needs root, iproute2, python3 and MPTCP in the kernel"]
fn files_are_rotated_as_another_user() {
    let lab = Lab::new("rotate");
    lab.open_folder_to_all();
    let file = lab.path("a.pcapng");
    let arguments = ["-i", "v1", "--user", "nobody", "-w", &file];
    let mut live = lab.live(&[&arguments[..], &["--rotate", "200kB", "--keep", "2"]].concat());
    let status = fs::read_to_string(format!("/proc/{}/status", live.pid())).unwrap();
    assert!(status.contains("Uid:\t65534\t65534\t65534\t65534"), "{status}");
    lab.transfer(2_000_000);
    let output = live.end("-TERM");
    assert_eq!((output.status.code(), complaints(&output)), (Some(0), String::new()));
    let files: Vec<_> =
        fs::read_dir(lab.folder.path()).unwrap().map(|f| f.unwrap().path()).collect();
    assert_eq!(files.len(), 2);
    for file in &files {
        assert!(input(&report_on(file.to_str().unwrap()))["packets"].as_u64().unwrap() > 0);
    }
}

/// By time, as root but without its rights, in a folder of its own.
#[test]
#[ignore = "needs root, iproute2, python3 and MPTCP in the kernel"]
fn files_are_rotated_by_time() {
    let lab = Lab::new("hours");
    let file = lab.path("a.pcapng");
    let mut live = lab.live(&["-i", "v1", "-w", &file, "--rotate", "200ms"]);
    lab.transfer(1000);
    let output = live.end("-INT");
    assert_eq!((output.status.code(), complaints(&output)), (Some(0), String::new()));
    assert!(Path::new(&lab.path("a-00002.pcapng")).exists());
}

/// The same packets as tcpdump's, byte by byte.
#[test]
#[ignore = "needs tcpdump, root, iproute2, python3 and MPTCP in the kernel"]
fn tcpdump_sees_the_same() {
    let lab = Lab::new("dump");
    let [ours, theirs] = ["ours.pcapng", "theirs.pcap"].map(|name| lab.path(name));
    let mut tcpdump = lab.exec("tcpdump");
    tcpdump.args(["-i", "v1", "-n", "-U", "--immediate-mode", "-Z", "root", "-w", &theirs]);
    // Its buffer of 2 MiB holds eight packets, and drops the ninth while it does not get to run.
    tcpdump.args(["-B", "65536", "tcp"]);
    let mut tcpdump = tcpdump.stderr(std::process::Stdio::null()).spawn().unwrap();
    while !fs::metadata(&theirs).is_ok_and(|file| file.len() > 0) {
        sleep(Duration::from_millis(20));
    }
    let mut live = lab.live(&["-i", "v1", "-w", &ours]);
    lab.transfer(500_000);
    assert_eq!(live.end("-INT").status.code(), Some(0));
    // What it has not read when the signal comes is lost to it.
    wait_until_it_rests(&theirs);
    assert!(run("kill", &["-INT", &tcpdump.id().to_string()]));
    tcpdump.wait().unwrap();
    let [ours, theirs] = [ours, theirs].map(|file| packets(&file));
    assert!(ours.len() > 20);
    // The last segments may come between the one end and the other.
    assert!(theirs.starts_with(&ours), "{} packets, tcpdump has {}", ours.len(), theirs.len());
}

/// Bytes of all packets of a file.
fn packets(file: &str) -> Vec<Vec<u8>> {
    use mptcpscope::internals::capture::{Capture, InputPath};
    let mut capture = Capture::open(&[InputPath::File(file.into())]).unwrap();
    let mut packets = Vec::new();
    while let Some(frame) = capture.next_frame() {
        packets.push(frame.data.to_vec());
    }
    packets
}
