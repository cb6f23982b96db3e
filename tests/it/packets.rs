//! `mptcpscope packets` against tcpdump: every fact of tcpdump's line stands in ours.
//!
//! Against tcpdump's own expected output (in the corpus), and against the tcpdump of this machine on our
//! own captures.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::corpus::corpus;
use crate::support::skipped;
use crate::support::testdata;

#[test]
#[ignore = "needs the corpus of captures"]
fn every_fact_of_the_expected_output_in_the_corpus_is_there() {
    let captures = files(&corpus().join("third-party/tcpdump-expected"), "pcap");
    let mut compared = 0;
    for capture in &captures {
        let expected = fs::read_to_string(capture.with_extension("out")).unwrap();
        compared += compare(capture, &expected);
    }
    println!("{compared} lines in {} captures", captures.len());
    assert!(captures.len() >= 7 && compared > 250, "{compared}");
}

#[test]
#[ignore = "needs tcpdump"]
fn every_fact_that_this_machines_tcpdump_prints_is_there() {
    let folder = testdata::path("captures");
    let mut compared = 0;
    for capture in files(&folder, "pcap") {
        let mut tcpdump = Command::new("tcpdump");
        let output = tcpdump.args(["-nn", "--number", "-r"]).arg(&capture).output().unwrap();
        if output.status.success() {
            compared += compare(&capture, &String::from_utf8(output.stdout).unwrap());
        } else {
            let error = String::from_utf8_lossy(&output.stderr);
            skipped(&format!("tcpdump cannot read {}: {error}", capture.display()));
        }
    }
    println!("{compared} lines compared");
}

#[test]
fn json_lines_are_the_same_segments_as_text_lines() {
    let folder = testdata::path("captures");
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
    let words: Vec<_> = text.split(' ').collect();
    match words[0] {
        "mptcp" => tcpdump_mptcp(text, &words),
        "mss" => our_option(text),
        "wscale" => our_option(&format!("window scale {}", words[1])),
        "sackOK" => our_option("sack permitted"),
        "TS" => our_option(&format!("timestamps {} {}", words[2], words[4])),
        "sack" | "tfo" | "exp-tfo" | "Unknown" => Facts::new(),
        _ => panic!("{text}: not known here"),
    }
}

/// `mptcp LENGTH NAME …`
fn tcpdump_mptcp(text: &str, words: &[&str]) -> Facts {
    let contains = |word: &str| words.contains(&word);
    let after = |name: &str| {
        let at = words.iter().position(|word| *word == name)?;
        words.get(at + 1).map(|value| number(value))
    };
    let only = |option: &str| Facts::from([("option".to_owned(), option.to_owned())]);
    let put = |mut facts: Facts, name: &str, value: Option<String>| {
        facts.extend(value.map(|value| (name.to_owned(), value)));
        facts
    };
    let is_set = |set: bool| set.then(String::new);
    match words[2] {
        "capable" => tcpdump_capable(text, words),
        "join" => {
            let found = put(only("MP_JOIN"), "backup", is_set(contains("backup")));
            let names = ["id", "token", "nonce", "hmac"];
            names.iter().fold(found, |facts, name| put(facts, name, after(name)))
        }
        "dss" => {
            let found = put(only("DSS"), "fin", is_set(contains("fin")));
            let len = after("len");
            let is_infinite = len.as_deref() == Some("0");
            let found = if is_infinite {
                put(found, "value", Some("infinite".into()))
            } else {
                put(found, "len", len)
            };
            let names = [("ack", "ack"), ("seq", "dsn"), ("subseq", "ssn"), ("csum", "checksum")];
            names.iter().fold(found, |facts, (theirs, ours)| put(facts, ours, after(theirs)))
        }
        "dss[bad" => only("malformed_DSS"),
        "add-addr" => {
            let found = put(only("ADD_ADDR"), "echo", is_set(words[3] == "v1-echo"));
            let found = put(found, "address", Some(announced(words[6], words[1])));
            put(put(found, "id", after("id")), "hmac", after("hmac"))
        }
        "rem-addr" => put(only("REMOVE_ADDR"), "id", after("id")),
        "prio" if contains("backup") => put(only("MP_PRIO"), "backup", is_set(true)),
        "prio" => put(only("MP_PRIO"), "regular", is_set(true)),
        "fail" => put(only("MP_FAIL"), "dsn", after("seq")),
        "fast-close" => put(only("MP_FASTCLOSE"), "key", after("key")),
        "tcprst" => {
            let reason = text.split_once("reason ").unwrap().1.to_lowercase();
            let found = put(only("MP_TCPRST"), "transient", is_set(text.contains("flags [T]")));
            put(found, "reason", Some(reason.replace([' ', '-'], "_")))
        }
        // tcpdump 4.99 knows neither MP_TCPRST nor MP_CAPABLE of 24 bytes.
        "unknown" | "capable[bad" => Facts::new(),
        _ => panic!("{text}: not known here"),
    }
}

fn tcpdump_capable(text: &str, words: &[&str]) -> Facts {
    let mut facts = Facts::from([("option".to_owned(), "MP_CAPABLE".to_owned())]);
    facts.insert(words[3].into(), String::new());
    // Older versions print no letters.
    if text.contains("flags [") {
        facts.insert("letters".into(), between(text, "flags [", "]").into());
    }
    let in_braces: Vec<_> = between(text, "{", "}").split(',').collect();
    let keys = in_braces.iter().filter(|field| field.starts_with("0x"));
    for (key, name) in keys.zip(["key", "peer_key"]) {
        facts.insert(name.into(), number(key));
    }
    for (theirs, ours) in [("data_len=", "data_len"), ("csum=", "checksum")] {
        let value = in_braces.iter().find_map(|field| field.strip_prefix(theirs));
        facts.extend(value.map(|value| (ours.to_owned(), number(value))));
    }
    facts
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

fn packets(capture: &Path, flags: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_mptcpscope"))
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
