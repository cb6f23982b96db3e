//! Every example of README.md is run, and must print what stands there.
//!
//! An example is a block marked `console`: lines that start with `$ ` are commands, what follows is
//! their output. A line `…` stands for any number of lines.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::env;
use std::path::Path;
use std::process::Command;

const README: &str = include_str!("../README.md");

#[test]
fn every_example_prints_what_is_shown() {
    let examples = examples(README);
    assert!(examples.len() >= 3, "{examples:?}");
    for (command, expected) in examples {
        let actual = run(&command);
        assert!(
            matches(&lines(&expected), &lines(&actual)),
            "$ {command}\n--- README.md\n{expected}\n--- printed\n{actual}"
        );
    }
}

#[test]
fn the_comparison_sees_a_difference() {
    let is_same = |shown: &str, printed: &str| matches(&lines(shown), &lines(printed));
    assert!(is_same("a\nb", "a\nb"));
    assert!(!is_same("a\nb", "a\nc"));
    assert!(!is_same("a", "a\nb"));
    assert!(is_same("a\n…\nd", "a\nb\nc\nd"));
    assert!(is_same("a\n…", "a"));
    assert!(!is_same("a\n…\nd", "a\nb"));
}

/// Commands and what they print, in order.
fn examples(text: &str) -> Vec<(String, String)> {
    let blocks = text.split("```console\n").skip(1);
    let blocks = blocks.map(|block| block.split("```").next().unwrap());
    let mut examples: Vec<(String, String)> = Vec::new();
    for line in blocks.flat_map(str::lines) {
        match (line.strip_prefix("$ "), examples.last_mut()) {
            (Some(command), _) => examples.push((command.into(), String::new())),
            (None, Some((_, output))) => *output += &format!("{line}\n"),
            (None, None) => {}
        }
    }
    examples
}

fn run(command: &str) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_mptcpscope"));
    let before = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&before);
    let path = env::join_paths([program.parent().unwrap().to_owned()].into_iter().chain(folders));
    let output = Command::new("sh")
        .args(["-c", command])
        .env("PATH", path.unwrap())
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "", "{command}");
    String::from_utf8(output.stdout).unwrap()
}

fn lines(text: &str) -> Vec<&str> {
    text.trim_end().lines().map(str::trim_end).collect()
}

fn matches(shown: &[&str], printed: &[&str]) -> bool {
    match (shown, printed) {
        ([], []) => true,
        (["…", rest @ ..], _) => (0..=printed.len()).any(|at| matches(rest, &printed[at..])),
        ([one, shown @ ..], [other, printed @ ..]) => one == other && matches(shown, printed),
        _ => false,
    }
}
