//! Live equals offline: what was said while a host was captured, and of the file that was written.

use std::fs;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::capture::{PROGRAM, Recorded};

/// What the live report and the lines say otherwise than the report on the file.
pub(crate) fn differences(recorded: &Recorded) -> Vec<String> {
    let mut live: Value = serde_json::from_slice(&fs::read(&recorded.report).unwrap()).unwrap();
    let mut offline = offline(recorded, &live["host"]);
    let told = findings_told(&fs::read_to_string(&recorded.lines).unwrap());
    let mut problems = Vec::new();
    if told != findings(&live) {
        let found = findings(&live);
        problems.push(format!("{}: told {told:?}, but found {found:?}", recorded.host));
    }
    if live["inputs"][0]["dropped_by_kernel"] != 0 {
        problems.push(format!("{}: packets were dropped", recorded.host));
    }
    for report in [&mut live, &mut offline] {
        let input = report["inputs"][0].as_object_mut().unwrap();
        for of_a_file in ["path", "format"] {
            input.remove(of_a_file).unwrap();
        }
    }
    let difference = first_difference("", &live, &offline);
    problems
        .extend(difference.map(|what| format!("{}: live is not offline: {what}", recorded.host)));
    problems
}

/// The report on the file, with what the host said meanwhile.
fn offline(recorded: &Recorded, host: &Value) -> Value {
    let said = recorded.report.with_extension("host.json");
    fs::write(&said, serde_json::to_vec(host).unwrap()).unwrap();
    let mut command = Command::new(PROGRAM);
    command.args(["report", "--json", "-", "--host"]).args([&said, &recorded.file]);
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Codes and places of the findings in a report, in order.
fn findings(report: &Value) -> Vec<String> {
    let mut findings: Vec<_> = report["findings"].as_array().unwrap().iter().map(place).collect();
    findings.sort();
    findings
}

/// The same of those that were opened and not closed again.
fn findings_told(lines: &str) -> Vec<String> {
    let mut open: Vec<String> = Vec::new();
    let lines = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    for line in lines.filter(|line| line["kind"] == "FINDING") {
        if line["change"] == "opened" {
            open.push(place(&line));
        } else {
            let at = open.iter().position(|known| *known == place(&line));
            open.swap_remove(at.expect("what closes was open"));
        }
    }
    open.sort();
    open
}

fn place(finding: &Value) -> String {
    ["code", "severity", "confidence", "subflow", "direction"]
        .map(|field| finding[field].to_string())
        .join(" ")
}

/// Where two values differ first, and how.
fn first_difference(path: &str, left: &Value, right: &Value) -> Option<String> {
    match (left, right) {
        (Value::Object(left), Value::Object(right)) if left.keys().eq(right.keys()) => {
            let mut fields = left.iter().zip(right.values());
            fields.find_map(|((name, left), right)| {
                first_difference(&format!("{path}.{name}"), left, right)
            })
        }
        (Value::Array(left), Value::Array(right)) if left.len() == right.len() => {
            let mut places = left.iter().zip(right).enumerate();
            places.find_map(|(index, (left, right))| {
                first_difference(&format!("{path}[{index}]"), left, right)
            })
        }
        _ => (left != right).then(|| format!("{path}: {left}, not {right}")),
    }
}
