//! `mptcpscope packets` against tcpdump: every fact of tcpdump's line stands in ours.
//!
//! Against tcpdump's own expected output (in the folder that `MPTCPSCOPE_CORPUS` names, by default
//! `../shared/corpus`), and against the tcpdump of this machine on our own captures. What is not
//! there is skipped, and the test says so.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

#[test]
fn every_fact_of_tcpdumps_expected_output_is_there() {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    let corpus = std::env::var_os("MPTCPSCOPE_CORPUS")
        .map_or_else(|| manifest.join("../shared/corpus"), PathBuf::from);
    let folder = corpus.join("third-party/tcpdump-expected");
    let captures = files(&folder, "pcap");
    if captures.is_empty() {
        skip(&format!("no captures in {}", folder.display()));
        return;
    }
    let mut compared = 0;
    for capture in &captures {
        let expected = fs::read_to_string(capture.with_extension("out")).unwrap();
        compared += compare(capture, &expected);
    }
    println!("{compared} lines in {} captures", captures.len());
    assert!(captures.len() < 7 || compared > 250, "{compared}");
}

#[test]
fn every_fact_that_this_machines_tcpdump_prints_is_there() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/captures");
    let mut compared = 0;
    for capture in files(&folder, "pcap") {
        let tcpdump =
            Command::new("tcpdump").args(["-nn", "--number", "-r"]).arg(&capture).output();
        match tcpdump {
            Ok(output) if output.status.success() => {
                compared += compare(&capture, &String::from_utf8(output.stdout).unwrap());
            }
            Ok(output) => {
                let error = String::from_utf8_lossy(&output.stderr);
                skip(&format!("tcpdump cannot read {}: {error}", capture.display()));
            }
            Err(error) => {
                skip(&format!("no tcpdump on this machine ({error})"));
                return;
            }
        }
    }
    println!("{compared} lines compared");
}

#[test]
fn json_lines_are_the_same_segments_as_text_lines() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/captures");
    for capture in files(&folder, "pcap") {
        let text = packets(&capture, &[]);
        let json = packets(&capture, &["--jsonl"]);
        assert_eq!(text.lines().count(), json.lines().count());
        for (text, json) in text.lines().zip(json.lines()) {
            let json: serde_json::Value = serde_json::from_str(json).unwrap();
            let fields: Vec<_> = text.split_whitespace().collect();
            assert_eq!(fields[0], json["packet"].to_string());
            let time = json["t_ns"].as_i64().unwrap() / 1000;
            assert_eq!(fields[1], format!("{}.{:06}", time / 1_000_000, time % 1_000_000));
            let options: Vec<_> = json["options"].as_array().unwrap().iter().collect();
            for option in &options {
                let kind = option["kind"].as_str().unwrap();
                assert!(text.contains(kind) || kind == "MALFORMED", "{kind}: {text}");
            }
            let cut = json["options_cut"].as_bool().unwrap();
            assert!(!options.is_empty() || cut, "{text}");
            assert_eq!(cut, text.contains("cut by the snap length"), "{text}");
        }
    }
}

/// A segment or an option: its fields by the names that we give them, numbers as decimals.
type Facts = BTreeMap<String, String>;

/// Compares every line of tcpdump that has an MPTCP option with ours; how many there are.
fn compare(capture: &Path, tcpdump: &str) -> usize {
    let ours = packets(capture, &[]);
    let ours: BTreeMap<_, _> = ours.lines().map(|line| (number_of(line), line)).collect();
    let mut compared = 0;
    for line in joined(tcpdump).iter().filter(|line| line.contains("mptcp ")) {
        let our_line = ours.get(&number_of(line)).unwrap_or_else(|| {
            panic!("{}: no line for: {line}", capture.display());
        });
        let known = our_facts(our_line);
        for theirs in tcpdump_facts(line) {
            let is_there =
                |facts: &Facts| theirs.iter().all(|(name, value)| facts.get(name) == Some(value));
            assert!(
                known.iter().any(is_there),
                "{}\n{theirs:?} is not in\n{our_line}\nbut in\n{line}",
                capture.display()
            );
        }
        compared += 1;
    }
    compared
}

/// tcpdump's lines; with -v, a packet takes two, the second one indented more than its number.
fn joined(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        let is_new = line.split_whitespace().next().is_some_and(|word| word.parse::<u64>().is_ok());
        match lines.last_mut() {
            Some(last) if !is_new => last.push_str(line),
            _ => lines.push(line.to_owned()),
        }
    }
    lines
}

fn number_of(line: &str) -> u64 {
    line.split_whitespace().next().unwrap().parse().unwrap()
}

/// Our line: the segment, then its options.
fn our_facts(line: &str) -> Vec<Facts> {
    let (before, after) = line.split_once(" > ").unwrap();
    let source = before.rsplit(' ').next().unwrap();
    let mut rest = after.splitn(4, "  ");
    let destination = rest.next().unwrap();
    let mut segment = Facts::new();
    segment.insert("source".into(), source.into());
    segment.insert("destination".into(), destination.into());
    segment.insert("flags".into(), rest.next().unwrap().into());
    let words: Vec<_> = rest.next().unwrap().split(' ').collect();
    for pair in words.chunks(2) {
        segment.insert(pair[0].into(), pair[1].into());
    }
    let options = rest.next().unwrap_or_default().split(", ");
    [segment].into_iter().chain(options.map(our_option)).collect()
}

fn our_option(text: &str) -> Facts {
    let mut facts = Facts::new();
    let text = text.replace("peer key", "peer_key").replace("malformed ", "malformed_");
    let text = text.replace("SYN/ACK", "SYN_ACK").replace("window scale", "window_scale");
    let text = text.replace("sack permitted", "sack_permitted");
    let (text, letters) = match text.split_once(" [") {
        Some((start, rest)) if text.starts_with("MP_CAPABLE") => {
            let (letters, rest) = rest.split_once(']').unwrap();
            (format!("{start}{rest}"), Some(letters.replace(' ', "")))
        }
        _ => (text, None),
    };
    facts.extend(letters.map(|letters| ("letters".into(), letters)));
    let mut words = text.split(' ').peekable();
    facts.insert("option".into(), words.next().unwrap().into());
    while let Some(word) = words.next() {
        match word {
            "fin" | "echo" | "transient" | "backup" | "regular" | "v0" | "v1" | "SYN"
            | "SYN_ACK" | "ACK" => {
                facts.insert(word.into(), String::new());
            }
            "reason" => {
                words.next();
                facts.insert(word.into(), words.next().unwrap().into());
            }
            _ if facts["option"] == "ADD_ADDR" && word.contains(['.', ':']) => {
                facts.insert("address".into(), word.into());
            }
            _ if facts["option"] == "timestamps" => {
                facts.insert("value".into(), word.into());
                facts.insert("echo_reply".into(), words.next().unwrap().into());
            }
            _ => match words.peek() {
                Some(value) if value.starts_with(|c: char| c.is_ascii_digit()) => {
                    facts.insert(word.into(), number(value));
                    words.next();
                }
                _ => {
                    facts.insert("value".into(), number(word));
                }
            },
        }
    }
    facts
}

/// tcpdump's line in the same terms. Its sequence numbers are relative, so they are left out.
fn tcpdump_facts(line: &str) -> Vec<Facts> {
    let mut segment = Facts::new();
    let (before, after) = line.split_once(" > ").unwrap();
    segment.insert("source".into(), endpoint(before.rsplit(' ').next().unwrap()));
    let (destination, after) = after.split_once(": Flags [").unwrap();
    segment.insert("destination".into(), endpoint(destination));
    segment.insert("flags".into(), between(after, "", "]").into());
    segment.insert("win".into(), between(after, ", win ", ",").into());
    if line.contains("], length ") {
        let length = after.split_once("], length ").unwrap().1;
        segment.insert("len".into(), between(length, "", ":").into());
    }
    let (_, options) = after.split_once("options [").unwrap();
    let options = options.split("], length").next().unwrap();
    // `[|tcp]` stands where the snap length cut.
    let is_fact = |option: &String| option != "nop" && option != "eol" && !option.contains("[|");
    let options = split_options(options).into_iter().filter(is_fact);
    [segment].into_iter().chain(options.map(|option| tcpdump_option(&option))).collect()
}

/// Splits at commas that stand outside of braces.
fn split_options(text: &str) -> Vec<String> {
    let mut options = vec![String::new()];
    let mut depth = 0;
    for letter in text.chars() {
        match letter {
            '{' | '[' => depth += 1,
            '}' | ']' => depth -= 1,
            _ => {}
        }
        if letter == ',' && depth == 0 {
            options.push(String::new());
        } else {
            options.last_mut().unwrap().push(letter);
        }
    }
    options
}

fn tcpdump_option(text: &str) -> Facts {
    let mut facts = Facts::new();
    let mut put = |name: &str, value: &str| {
        facts.insert(name.into(), value.into());
    };
    let words: Vec<_> = text.split(' ').collect();
    let after = |name: &str| {
        let at = words.iter().position(|word| *word == name)?;
        words.get(at + 1).map(|value| number(value))
    };
    let name = match words[0] {
        "mptcp" => words[2],
        other => other,
    };
    match name {
        "mss" => put("mss_or_wscale", words[1]),
        "wscale" => put("mss_or_wscale", words[1]),
        "sackOK" => put("option", "sack_permitted"),
        "TS" => {
            put("option", "timestamps");
            put("value", words[2]);
            put("echo_reply", words[4]);
        }
        "sack" | "tfo" | "exp-tfo" | "Unknown" => {}
        "capable" => {
            put("option", "MP_CAPABLE");
            put(words[3], "");
            // Older versions print no letters.
            if text.contains("flags [") {
                put("letters", between(text, "flags [", "]"));
            }
            let keys = between(text, "{", "}").split(',');
            for (key, name) in keys.filter(|key| key.starts_with("0x")).zip(["key", "peer_key"]) {
                put(name, &number(key));
            }
            for (theirs, ours) in [("data_len=", "data_len"), ("csum=", "checksum")] {
                if text.contains(theirs) {
                    put(ours, &number(between(text, theirs, "}").split(',').next().unwrap()));
                }
            }
        }
        "join" => {
            put("option", "MP_JOIN");
            for name in ["id", "token", "nonce", "hmac"] {
                after(name).iter().for_each(|value| put(name, value));
            }
            if words.contains(&"backup") {
                put("backup", "");
            }
        }
        "dss" => {
            put("option", "DSS");
            if words.contains(&"fin") {
                put("fin", "");
            }
            let fields = [("ack", "ack"), ("seq", "dsn"), ("subseq", "ssn"), ("csum", "checksum")];
            for (theirs, ours) in fields {
                after(theirs).iter().for_each(|value| put(ours, value));
            }
            match after("len").as_deref() {
                Some("0") => put("value", "infinite"),
                Some(len) => put("len", len),
                None => {}
            }
        }
        // tcpdump 4.99 knows neither MP_TCPRST nor MP_CAPABLE of 24 octets.
        "unknown" | "capable[bad" => {}
        "dss[bad" => put("option", "malformed_DSS"),
        "add-addr" => {
            put("option", "ADD_ADDR");
            if words[3] == "v1-echo" {
                put("echo", "");
            }
            put("id", words[5]);
            put("address", &announced(words[6], words[1]));
            after("hmac").iter().for_each(|value| put("hmac", value));
        }
        "rem-addr" => put("option", "REMOVE_ADDR"),
        "prio" => {
            put("option", "MP_PRIO");
            put(if words[3] == "backup" { "backup" } else { "regular" }, "");
        }
        "fail" => {
            put("option", "MP_FAIL");
            put("dsn", &after("seq").unwrap());
        }
        "fast-close" => {
            put("option", "MP_FASTCLOSE");
            put("key", &after("key").unwrap());
        }
        "tcprst" => {
            put("option", "MP_TCPRST");
            if text.contains("flags [T]") {
                put("transient", "");
            }
            let reason = text.split_once("reason ").unwrap().1.to_lowercase();
            put("reason", &reason.replace([' ', '-'], "_"));
        }
        _ => panic!("{text}: not known here"),
    }
    match facts.remove("mss_or_wscale") {
        Some(value) if name == "mss" => our_option(&format!("mss {value}")),
        Some(value) => our_option(&format!("window scale {value}")),
        None => facts,
    }
}

/// `10.0.0.1.5001` and `2001:db8::1.5001` as we write them.
fn endpoint(text: &str) -> String {
    let (address, port) = text.rsplit_once('.').unwrap();
    if address.contains(':') { format!("[{address}]:{port}") } else { format!("{address}:{port}") }
}

/// An announced address, perhaps with a port: tcpdump writes no brackets, so that the length of the
/// option has to tell whether there is one.
fn announced(text: &str, option_len: &str) -> String {
    match text.rsplit_once(':') {
        Some((address, port)) if matches!(option_len, "22" | "30") => format!("[{address}]:{port}"),
        _ => text.to_owned(),
    }
}

/// The part of `text` from `start` to the next `end`, or to the end.
fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let rest = text.split_once(start).map_or("", |(_, rest)| rest);
    rest.split(end).next().unwrap_or_default()
}

/// Hexadecimal as decimal; what is no number, or too long for one, as it stands.
fn number(text: &str) -> String {
    let text = text.trim_end_matches(',');
    let hex = text.strip_prefix("0x").and_then(|hex| u64::from_str_radix(hex, 16).ok());
    hex.map_or_else(|| text.to_owned(), |value| value.to_string())
}

/// Says so even if the test passes: what is written to the stream itself is not kept back.
fn skip(reason: &str) {
    writeln!(io::stderr(), "skipped: {reason}").unwrap();
}

fn packets(capture: &Path, flags: &[&str]) -> String {
    let output = assert_cmd::cargo::cargo_bin_cmd!("mptcpscope")
        .arg("packets")
        .args(flags)
        .arg(capture)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", capture.display());
    String::from_utf8(output.stdout).unwrap()
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<_> = entries.map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|found| found == extension));
    files.sort();
    files
}
