//! Who may import whom (the table in `src/lib.rs`): modules alone don't hold it, this test does.
//!
//! It reads the sources as text: comments, strings and what stands below `#[cfg(test)]` do not count.
//! What counts is any path: `crate::track`, `crate::{track, wire}`, `super::super::track`,
//! `etherparse::`, `SystemTime::now`.

mod circles;
mod table;

use std::fs;
use std::path::{Path, PathBuf};

/// What a layer may use.
struct Layer {
    /// File or folder below `src/`, without `.rs`.
    name: &'static str,
    /// Which of our own modules it may import; with a path, only that part of them.
    may_import: &'static [&'static str],
    /// Which crates, or parts of `std`, it must not use.
    must_not_use: &'static [&'static str],
}

/// Every way to see files, the network, other processes and the environment.
const IO: [&str; 6] =
    ["std::fs", "std::net::Tcp", "std::net::Udp", "std::process", "std::env", "std::io::std"];

const LAYERS: &[Layer] = &[
    Layer {
        name: "wire",
        may_import: &[],
        must_not_use: &[
            "serde",
            "serde_json",
            "schemars",
            "clap",
            "anyhow",
            "ratatui",
            "pcap",
            "pcap_parser",
            "jiff",
            "log",
            "indicatif",
            "anstream",
            "std::time",
            "std::io",
            "std::fs",
            "std::env",
        ],
    },
    Layer {
        name: "capture",
        may_import: &["wire::frame", "units"],
        must_not_use: &[
            "ratatui",
            "etherparse",
            "serde",
            "clap",
            "anyhow",
            "indicatif",
            "anstream",
        ],
    },
    Layer {
        name: "track",
        may_import: &["wire"],
        must_not_use: &[
            "serde",
            "serde_json",
            "schemars",
            "ratatui",
            "pcap",
            "pcap_parser",
            "clap",
            "anyhow",
            "jiff",
            "indicatif",
            "anstream",
            "std::time",
            "std::io",
            "std::fs",
            "std::env",
            "RandomState",
        ],
    },
    Layer {
        name: "units",
        may_import: &[],
        must_not_use: &["serde", "ratatui", "pcap", "clap", "anyhow", "std::io", "std::fs"],
    },
    Layer {
        name: "printable",
        may_import: &[],
        must_not_use: &["serde", "ratatui", "pcap", "clap", "anyhow", "std::io", "std::fs"],
    },
    Layer {
        name: "text_layout",
        may_import: &[],
        must_not_use: &["serde", "ratatui", "pcap", "clap", "anyhow", "std::io", "std::fs"],
    },
    Layer {
        name: "nearest",
        may_import: &[],
        must_not_use: &["serde", "ratatui", "pcap", "clap", "anyhow", "std::io", "std::fs"],
    },
    Layer {
        name: "filter",
        may_import: &["nearest"],
        must_not_use: &["serde", "ratatui", "pcap", "clap", "anyhow", "std::io", "std::fs"],
    },
    Layer {
        name: "analyze",
        may_import: &["track", "wire", "units", "host::HostSnapshot", "host::EndpointFlag"],
        must_not_use: &[
            "ratatui",
            "pcap",
            "pcap_parser",
            "clap",
            "anyhow",
            "std::io",
            "RandomState",
        ],
    },
    Layer {
        name: "report",
        may_import: &["analyze", "track", "wire", "filter", "units", "printable", "text_layout"],
        must_not_use: &[
            "ratatui",
            "pcap",
            "pcap_parser",
            "clap",
            "anyhow",
            "indicatif",
            "RandomState",
        ],
    },
    Layer {
        name: "tui",
        may_import: &[
            "analyze",
            "report",
            "track",
            "wire",
            "filter",
            "units",
            "printable",
            "text_layout",
        ],
        must_not_use: &["pcap", "pcap_parser", "clap", "anyhow", "indicatif", "RandomState"],
    },
    Layer {
        name: "host",
        may_import: &[],
        must_not_use: &["ratatui", "pcap", "pcap_parser", "clap", "anyhow", "jiff", "std::process"],
    },
    Layer {
        name: "cli",
        may_import: &["analyze::finding", "report::list", "nearest", "units", "wire::tunnel"],
        must_not_use: &["ratatui", "pcap"],
    },
];

/// These compose all the others, and do what those may not.
const TOP: [&str; 4] = ["app", "facade", "main", "lib"];

/// Non-test code of one file, in lines with comments: about 500 is much; more needs a reason.
const LONGEST: usize = 550;

/// Files that may be longer, each with the reason.
const LONG: &[(&str, &str)] = &[];

#[test]
fn every_layer_keeps_to_its_imports() {
    assert_none(|source| {
        let mut faults = bad_imports(source);
        faults.extend(bad_crates(source));
        faults
    });
}

#[test]
fn the_clock_is_read_in_app_and_live_capture_alone() {
    assert_none(clock_reads);
}

#[test]
fn only_app_and_main_print() {
    assert_none(prints);
}

#[test]
fn no_file_is_too_long() {
    assert_none(too_long);
}

#[test]
fn every_source_belongs_to_a_layer() {
    for source in sources() {
        let layer = source.layer();
        let is_known = TOP.contains(&layer) || LAYERS.iter().any(|known| known.name == layer);
        assert!(is_known, "{} is in no layer", source.path);
    }
}

/// The checks themselves, on sources that break the rules.
mod the_checker {
    use super::*;

    fn source(path: &str, text: &str) -> Source {
        Source::new(path.into(), text)
    }

    #[test]
    fn finds_a_forbidden_layer_however_it_is_written() {
        for text in [
            "use crate::track::Tracker;",
            "use crate::track;",
            "fn f() { crate::track::limits::f(); }",
            "use crate::{wire::seq, track::Tracker};",
            "use crate::{\n    wire,\n    track,\n};",
            "use super::super::track::Tracker;",
            "use crate :: track;",
            "fn f(tracker: crate::track::Tracker) {}",
        ] {
            assert_eq!(bad_imports(&source("wire/mptcp.rs", text)).len(), 1, "{text}");
        }
        assert_eq!(bad_imports(&source("wire.rs", "use super::track;")).len(), 1);
        assert_eq!(bad_imports(&source("report/text.rs", "use crate::capture::Format;")).len(), 1);
        assert_eq!(bad_imports(&source("report/text.rs", "use crate::*;")).len(), 1);
    }

    #[test]
    fn holds_a_layer_to_the_part_that_it_may_use() {
        let bad = source("capture/open.rs", "use crate::wire::segment::Segment;");
        assert_eq!(bad_imports(&bad).len(), 1);
        let whole = source("capture/open.rs", "use crate::wire;");
        assert_eq!(bad_imports(&whole).len(), 1);
        let good = source("capture/open.rs", "use crate::wire::frame::{Frame, LinkType};");
        assert!(bad_imports(&good).is_empty());
        assert_eq!(
            bad_imports(&source("capture.rs", "use crate::{wire::{frame, segment}};")).len(),
            1
        );
    }

    #[test]
    fn lets_a_layer_use_itself_and_what_it_may() {
        let own =
            "use crate::track::arena::Id;\nuse super::role::Role;\nuse crate::wire::seq::Dsn;";
        assert!(bad_imports(&source("track/join.rs", own)).is_empty());
        assert!(bad_imports(&source("app/report.rs", "use crate::tui::Screen;")).is_empty());
    }

    #[test]
    fn finds_a_forbidden_crate() {
        for text in [
            "use serde::Serialize;",
            "#[derive(serde::Serialize)]",
            "use std::io::Read;",
            "use std::{fmt, io};",
            "use ::serde;",
            "extern crate serde;",
        ] {
            assert_eq!(bad_crates(&source("track/join.rs", text)).len(), 1, "{text}");
        }
        assert!(
            bad_crates(&source("track/join.rs", "use std::fmt; let serde = 1; my_serde::f()"))
                .is_empty()
        );
    }

    #[test]
    fn finds_clocks_and_prints() {
        let text =
            "fn f() { Instant::now(); std::time::SystemTime::now(); println!(); print!(\"\"); }";
        assert_eq!(clock_reads(&source("report/text.rs", text)).len(), 2);
        assert_eq!(prints(&source("report/text.rs", text)).len(), 2);
        assert_eq!(prints(&source("wire.rs", "eprintln!(); dbg!(1)")).len(), 2);
        assert!(clock_reads(&source("app/progress.rs", text)).is_empty());
        assert!(prints(&source("main.rs", text)).is_empty());
    }

    #[test]
    fn finds_a_long_file_and_counts_no_tests() {
        let long = "fn f() {}\n".repeat(LONGEST + 1);
        assert_eq!(too_long(&source("wire/mptcp.rs", &long)).len(), 1);
        let tested = format!("fn f() {{}}\n#[cfg(test)]\nmod tests {{\n{long}\n}}\n");
        assert!(too_long(&source("wire/mptcp.rs", &tested)).is_empty());
    }

    #[test]
    fn takes_no_notice_of_comments_strings_and_tests() {
        let text = "//! crate::track\n/* crate::track */ // println!\nconst A: &str = \"crate::track\";\n\
            const B: &str = r#\"use \"crate::track\"\"#; const C: char = '\"';\n\
            #[cfg(test)]\nmod tests { use crate::track; }\n";
        assert!(bad_imports(&source("wire/mptcp.rs", text)).is_empty());
        assert!(prints(&source("wire/mptcp.rs", text)).is_empty());
        let after = "#[cfg(test)]\nmod tests { use crate::app; }\nuse crate::track;";
        assert_eq!(
            bad_imports(&source("wire/mptcp.rs", after)).len(),
            1,
            "only the tests are left out"
        );
    }

    #[test]
    fn has_sources_to_check() {
        assert!(sources().len() > 40);
    }
}

/// A file below `src/`.
struct Source {
    /// Relative to `src/`, with `/`.
    path: String,
    /// Code alone: no comments, strings emptied, tests taken out.
    code: String,
}

impl Source {
    fn new(path: String, text: &str) -> Self {
        let code = without_tests(&without_comments_and_strings(text));
        // What may see a thing is no import.
        let code = code.replace("(in crate::layers::", "(");
        Self { path, code }
    }

    /// Which layer it belongs to: `wire` for `wire.rs` and for all below `wire/`.
    fn layer(&self) -> &str {
        let first = self.path.split('/').next().unwrap();
        first.strip_suffix(".rs").unwrap_or(first)
    }

    /// How many modules deep it lies: 1 for `wire.rs`, 2 for `wire/mptcp.rs`.
    fn depth(&self) -> usize {
        self.path.split('/').count()
    }
}

fn bad_imports(source: &Source) -> Vec<String> {
    let Some(layer) = LAYERS.iter().find(|layer| layer.name == source.layer()) else {
        return Vec::new();
    };
    let up_to_root = "super::".repeat(source.depth());
    let roots = ["crate::", up_to_root.as_str()];
    let paths = roots.iter().flat_map(|root| paths_from(&source.code, root));
    let is_allowed = |path: &String| {
        let own = starts_with_path(path, layer.name);
        own || layer.may_import.iter().any(|may| starts_with_path(path, may))
    };
    paths
        .filter(|path| !is_allowed(path))
        .map(|path| format!("{} may not import {path}", layer.name))
        .collect()
}

fn bad_crates(source: &Source) -> Vec<String> {
    let Some(layer) = LAYERS.iter().find(|layer| layer.name == source.layer()) else {
        return Vec::new();
    };
    let mut faults = Vec::new();
    let denied = layer.must_not_use.iter().copied();
    let reads_files = ["capture", "host"].contains(&layer.name);
    for name in denied.chain(IO.into_iter().filter(|_| !reads_files)) {
        let found = match name.split_once("::") {
            Some((root, rest)) => {
                paths_from(&source.code, &format!("{root}::")).iter().any(|path| {
                    path.starts_with(rest) && (rest.contains("::") || starts_with_path(path, rest))
                })
            }
            None => words(&source.code)
                .any(|(at, word)| word == name && is_a_crate(&source.code, at, name)),
        };
        if found && !faults.iter().any(|fault: &String| fault.contains(name)) {
            faults.push(format!("{} may not use {name}", layer.name));
        }
    }
    faults
}

/// Whether the word `name` at `at` is used as the root of a path, or brought in by `use` or `extern`.
fn is_a_crate(code: &str, at: usize, name: &str) -> bool {
    let before = code[..at].trim_end();
    let after = code[at + name.len()..].trim_start();
    let is_imported = ["use", "use ::", "extern crate"].iter().any(|intro| before.ends_with(intro));
    let is_member = before.ends_with("::") && !before.ends_with("use ::");
    name == "RandomState" || is_imported || after.starts_with("::") && !is_member
}

fn clock_reads(source: &Source) -> Vec<String> {
    // How long to wait for packets is a matter of the clock.
    if TOP.contains(&source.layer()) || source.path.starts_with("capture/live") {
        return Vec::new();
    }
    occurrences(source, &["SystemTime::now", "Instant::now", "Zoned::now", "jiff::Timestamp::now"])
}

fn prints(source: &Source) -> Vec<String> {
    if TOP.contains(&source.layer()) {
        return Vec::new();
    }
    let mut faults = Vec::new();
    for (at, word) in words(&source.code) {
        let is_macro = source.code[at + word.len()..].starts_with('!');
        if is_macro && ["print", "println", "eprint", "eprintln", "dbg"].contains(&word) {
            faults.push(format!("{word}!"));
        }
    }
    faults
}

fn too_long(source: &Source) -> Vec<String> {
    let lines = source.code.lines().count();
    let has_reason = LONG.iter().any(|(path, reason)| *path == source.path && !reason.is_empty());
    if lines > LONGEST && !has_reason {
        return vec![format!(
            "{lines} lines, more than {LONGEST}: split it, or give the reason in LONG"
        )];
    }
    Vec::new()
}

fn occurrences(source: &Source, names: &[&str]) -> Vec<String> {
    let compact: String = source.code.split_whitespace().collect();
    let found = names.iter().flat_map(|name| compact.matches(name));
    found.map(ToOwned::to_owned).collect()
}

/// The paths in `code` that start with `root`, without it; braces are spelled out to full paths.
fn paths_from(code: &str, root: &str) -> Vec<String> {
    paths_in(&tight(code), root)
}

/// The paths in `code`, which is [`tight`].
fn paths_in(code: &str, root: &str) -> Vec<String> {
    let mut paths = Vec::new();
    for (at, _) in code.match_indices(root) {
        let before = &code[..at];
        let is_whole = !before.ends_with(is_word) && !before.ends_with("::");
        if is_whole || root.starts_with("crate") && code[..at].ends_with('$') {
            read_tree(&code[at + root.len()..], "", &mut paths);
        }
    }
    paths
}

/// Reads one path (or a tree of them in braces) at the start of `text`; how many bytes it took.
fn read_tree(text: &str, prefix: &str, paths: &mut Vec<String>) -> usize {
    if let Some(inner) = text.strip_prefix('{') {
        let mut at = 0;
        while at < inner.len() && !inner[at..].starts_with('}') {
            at += read_tree(&inner[at..], prefix, paths).max(1);
            // Past ` as name` and the comma.
            at += inner[at..].find([',', '}']).unwrap_or(inner.len() - at);
            at += usize::from(inner[at..].starts_with(','));
        }
        return at + 2;
    }
    let len = text.find(|c: char| !is_word(c) && c != '*').unwrap_or(text.len());
    let (name, rest) = text.split_at(len);
    let path = if prefix.is_empty() { name.to_owned() } else { format!("{prefix}::{name}") };
    if let Some(below) = rest.strip_prefix("::") {
        return len + 2 + read_tree(below, &path, paths);
    }
    paths.push(path);
    len
}

/// Whether `path` is `start`, or lies below it.
fn starts_with_path(path: &str, start: &str) -> bool {
    path.strip_prefix(start).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// `code` without the blanks that may stand around `::`, braces and commas.
fn tight(code: &str) -> String {
    let mut tight = String::with_capacity(code.len());
    for word in code.split_whitespace() {
        let joins = |c: char| matches!(c, ':' | '{' | '}' | ',');
        if !tight.is_empty() && !tight.ends_with(joins) && !word.starts_with(joins) {
            tight.push(' ');
        }
        tight.push_str(word);
    }
    tight
}

fn words(code: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        at += code[at..].find(is_word)?;
        let len = code[at..].find(|c| !is_word(c)).unwrap_or(code.len() - at);
        let word = (at, &code[at..at + len]);
        at += len;
        Some(word)
    })
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// Comments become blanks, and strings empty; lines stay where they are.
fn without_comments_and_strings(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let len = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if let Some(hashes) = raw_string(rest, &code) {
            let end = format!("\"{}", "#".repeat(hashes));
            let start = hashes + 2;
            rest[start..].find(&end).map_or(rest.len(), |at| start + at + end.len())
        } else if letter == '"' {
            string_len(rest)
        } else if letter == '\'' {
            char_len(rest)
        } else {
            code.push(letter);
            rest = &rest[letter.len_utf8()..];
            continue;
        };
        code.push_str(if rest.starts_with('/') { " " } else { "\"\"" });
        code.extend(rest[..len].matches('\n'));
        rest = &rest[len..];
    }
    code
}

/// How many `#` a raw string that starts here has.
fn raw_string(rest: &str, before: &str) -> Option<usize> {
    let body = rest.strip_prefix('r')?;
    let hashes = body.len() - body.trim_start_matches('#').len();
    let is_start = body[hashes..].starts_with('"');
    (is_start && !before.ends_with(|c: char| is_word(c) && c != 'b')).then_some(hashes)
}

fn string_len(text: &str) -> usize {
    let mut is_escaped = false;
    let end = text.char_indices().skip(1).find(|(_, letter)| {
        let ends = *letter == '"' && !is_escaped;
        is_escaped = *letter == '\\' && !is_escaped;
        ends
    });
    end.map_or(text.len(), |(at, _)| at + 1)
}

/// The length of a character literal, or 1 for the quote of a lifetime.
fn char_len(text: &str) -> usize {
    let inner = &text[1..];
    if inner.starts_with('\\') {
        return inner[2..].find('\'').map_or(1, |end| end + 4);
    }
    let len = inner.chars().next().map_or(0, char::len_utf8);
    if inner[len..].starts_with('\'') { len + 2 } else { 1 }
}

/// Takes out every item below `#[cfg(test)]`.
fn without_tests(code: &str) -> String {
    let mut kept = String::new();
    let mut rest = code;
    while let Some(at) = rest.find("#[cfg(test)]") {
        kept.push_str(&rest[..at]);
        rest = &rest[at + item_len(&rest[at..])..];
    }
    kept + rest
}

/// The length of an item with its attributes: up to the first `;`, or to the end of its braces.
fn item_len(text: &str) -> usize {
    let mut depth = 0;
    for (at, letter) in text.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 1 => return at + 1,
            '}' => depth -= 1,
            ';' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Fails with the name of the file if `check` finds anything in any source.
fn assert_none(check: impl Fn(&Source) -> Vec<String>) {
    let faults: Vec<_> = sources()
        .iter()
        .flat_map(|source| {
            let found = check(source);
            found.into_iter().map(|fault| format!("src/{}: {fault}", source.path))
        })
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, &mut files);
    files.sort();
    let read = |path: &PathBuf| {
        let relative = path.strip_prefix(&root).unwrap();
        let relative = relative.to_str().unwrap().replace('\\', "/");
        Source::new(relative, &fs::read_to_string(path).unwrap())
    };
    files.iter().map(read).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}
