//! Every example of README.md is run, and must print what stands there.
//!
//! An example is a block marked `console`: a line that starts with `$ ` is a command, what follows is its
//! output. `UPDATE=1 cargo test --test it readme::` writes what is printed into README.md.

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::testdata;

#[test]
fn every_example_prints_what_is_shown() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let shown = fs::read_to_string(&path).unwrap();
    let (printed, examples) = with_output(&shown, run);
    assert!(examples >= 3, "{examples} examples");
    let shown = String::from_utf8(testdata::checked_in(&path, printed.as_bytes())).unwrap();
    for (line, (shown, printed)) in shown.lines().zip(printed.lines()).enumerate() {
        assert_eq!(shown, printed, "line {} of README.md", line + 1);
    }
    assert_eq!(shown, printed);
}

#[test]
fn a_wrong_output_is_seen() {
    let text = "a\n```console\n$ x\nold\n\nold\n$ y\n```\n$ no command\n```sh\n$ z\n```\n";
    let (printed, examples) = with_output(text, |command| format!("{command} new\n"));
    let expected = "a\n```console\n$ x\nx new\n$ y\ny new\n```\n$ no command\n```sh\n$ z\n```\n";
    assert_eq!((printed.as_str(), examples), (expected, 2));
}

/// `text` with the output of each example as `run` gives it, and how many examples there are.
fn with_output(text: &str, run: impl Fn(&str) -> String) -> (String, usize) {
    let mut out = String::new();
    let mut examples = 0;
    let mut is_console = false;
    for line in text.lines() {
        if line.starts_with("```") {
            is_console = line == "```console";
        }
        let command = line.strip_prefix("$ ").filter(|_| is_console);
        if !is_console || command.is_some() || line.starts_with("```") {
            out += line;
            out.push('\n');
        }
        if let Some(command) = command {
            out += run(command).trim_end();
            out.push('\n');
            examples += 1;
        }
    }
    (out, examples)
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
