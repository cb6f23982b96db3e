//! What advice tells to type can be typed: every command of findings, of `explain` and of `host` is run,
//! in a network namespace of its own, where that is allowed.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::skipped;

/// Programs whose commands stand between backticks.
const PROGRAMS: [&str; 11] = [
    "ip",
    "sysctl",
    "nstat",
    "ss",
    "tcpdump",
    "ethtool",
    "ping",
    "reordercap",
    "mptcpize",
    "mptcpscope",
    "nft",
];

/// What begins a command, to find those without backticks.
const BEGINNINGS: [&str; 12] = [
    "ip mptcp ",
    "ip route ",
    "ip rule ",
    "sysctl net.",
    "sysctl -w",
    "nstat -",
    "ss -",
    "tcpdump -",
    "ethtool -",
    "ping -",
    "reordercap ",
    "mptcpize ",
];

/// Settings of kernels later than this one may be, and since when they are there (from the kernel's
/// documentation).
const LATER: [(&str, &str); 4] = [
    ("net.mptcp.add_addr_v6_port_drop_ts", "Linux 7.2"),
    ("net.ipv4.tcp_shrink_window", "Linux 6.5"),
    ("net.mptcp.syn_retrans_before_tcp_fallback", "Linux 6.14"),
    ("net.mptcp.blackhole_timeout", "Linux 6.12"),
];

/// Commands, and what shows in the same namespace that they did what the text says.
const EFFECTS: [(&str, &str); 5] = [
    (
        "ethtool -K IFACE tso off gso off gro off",
        "test $(ethtool -k v0 | grep -cE \
         '^(tcp-segmentation|generic-segmentation|generic-receive)-offload: off') = 3",
    ),
    ("ethtool -K IFACE gro off", "ethtool -k v0 | grep -q '^generic-receive-offload: off'"),
    (
        "ip mptcp limits set subflows 8 add_addr_accepted 8",
        "ip mptcp limits show | grep -q 'add_addr_accepted 8 subflows 8'",
    ),
    ("ip mptcp endpoint change id N backup", "ip mptcp endpoint show | grep -q backup"),
    ("ip mptcp endpoint delete id N", "test -z \"$(ip mptcp endpoint show)\""),
];

/// `mptcpize run` gives MPTCP (protocol 262) in the place of TCP; 38 is SO_PROTOCOL.
const MPTCPIZED: &str = "mptcpize run python3 -c 'import socket as s; \
    raise SystemExit(s.socket().getsockopt(s.SOL_SOCKET, 38) != 262)'";

/// A host with one interface beside the loopback, and one endpoint for those commands that change one.
const SETUP: &str = "set -e; ip link set lo up; ip link add v0 type veth peer name v1; \
    ip addr add 10.9.0.1/24 dev v0; ip addr add 10.9.0.2/24 dev v0; ip link set v0 up; \
    ip link set v1 up; ip mptcp limits set subflows 2 add_addr_accepted 2";

#[test]
fn commands_stand_between_backticks() {
    let mut bare = Vec::new();
    for (path, text) in texts() {
        for plain in text.split('`').step_by(2) {
            let found = BEGINNINGS.iter().filter(|beginning| begins_a_word(plain, beginning));
            bare.extend(found.map(|beginning| format!("{}: {beginning}", path.display())));
        }
    }
    assert!(bare.is_empty(), "without backticks:\n{}", bare.join("\n"));
}

#[test]
fn there_are_commands() {
    let commands = commands();
    assert!(commands.len() > 30, "only {} commands were found", commands.len());
    for (command, _) in EFFECTS {
        assert!(commands.contains(command), "no advice says {command} any more");
    }
}

#[test]
#[ignore = "needs root, iproute2, python3 and MPTCP in the kernel"]
fn commands_can_be_run_in_namespaces() {
    let commands = commands();
    let mut failures = Vec::new();
    for command in &commands {
        match run(command) {
            Outcome::Done => {}
            Outcome::Skipped(why) => skipped(&format!("{command}: {why}")),
            Outcome::Failed(what) => failures.push(format!("{command}: {what}")),
        }
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

/// Those whose effect can be seen have it.
#[test]
#[ignore = "needs root, iproute2, python3 and MPTCP in the kernel"]
fn commands_do_in_namespaces_what_they_are_for() {
    let effects = EFFECTS.map(|(command, shown)| {
        (command, format!("{}; {}; {shown}", preparation(command), concrete(command)))
    });
    let mptcpized = ("mptcpize run PROGRAM", MPTCPIZED.to_owned());
    for (command, script) in effects.into_iter().chain([mptcpized]) {
        let program = command.split_whitespace().next().unwrap();
        if !is_installed(program) || script.contains("python3") && !is_installed("python3") {
            skipped(&format!("{command}: {program} or python3 is not installed"));
            continue;
        }
        let output = in_namespace(&format!("{SETUP}; {script}"));
        assert!(output.status.success(), "{command}: {output:?}");
    }
}

/// Whoever has an older kernel is told so where the setting is named.
#[test]
fn settings_of_later_kernels_say_so() {
    let mut silent = Vec::new();
    for (path, text) in texts() {
        for (setting, since) in LATER {
            let named = text.lines().filter(|line| line.contains(setting));
            let named = named.filter(|line| !line.contains(since) && line.contains(' '));
            silent.extend(named.map(|line| format!("{}: {line}", path.display())));
        }
    }
    assert!(silent.is_empty(), "\n{}", silent.join("\n"));
}

enum Outcome {
    Done,
    Skipped(String),
    Failed(String),
}

fn run(command: &str) -> Outcome {
    let program = command.split_whitespace().next().unwrap();
    let mut later = LATER.iter().filter(|(setting, _)| command.contains(setting));
    if let Some((_, since)) = later.find(|(setting, _)| !has_setting(setting)) {
        return Outcome::Skipped(format!("this kernel has no such setting: {since} and later"));
    }
    if program != "mptcpscope" && !is_installed(program) {
        return Outcome::Skipped("it is not installed".to_owned());
    }
    let script = format!("{SETUP}; {}; {}", preparation(command), concrete(command));
    let output = in_namespace(&script);
    let code = output.status.code();
    // What goes on until it is stopped was stopped.
    let is_stopped = code == Some(124) && (command.contains("monitor") || program == "tcpdump");
    if output.status.success() || is_stopped {
        Outcome::Done
    } else {
        Outcome::Failed(format!("{code:?}: {}", String::from_utf8_lossy(&output.stderr).trim()))
    }
}

/// An endpoint where the command is about one that is there.
fn preparation(command: &str) -> &'static str {
    if with_ids(command).contains("id N") {
        "ip mptcp endpoint add 10.9.0.2 dev v0 id 1 subflow"
    } else {
        "true"
    }
}

/// The command with something in the place of what stands for it.
fn concrete(command: &str) -> String {
    let captures = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/captures");
    let capture = captures.join("two-subflows.pcap").display().to_string();
    let command = with_ids(command);
    let words = command.split(' ').map(|word| match word {
        // An address that the rule fills in.
        "{client}" => "10.9.0.1",
        _ if word.starts_with('{') => "10.9.0.2",
        "PORT" => "8080",
        "ADDRESS" | "UNICAST-ADDRESS" | "SERVER" => "10.9.0.2",
        "SOURCE" => "10.9.0.1",
        "DEVICE" | "IFACE" => "v0",
        "N" => "1",
        "FILE" | "IN" => &capture,
        "OUT" => "/dev/null",
        "PROGRAM" => "true",
        "mptcpscope" => env!("CARGO_BIN_EXE_mptcpscope"),
        word => word,
    });
    let words: Vec<_> = words.collect();
    let command = words.join(" ");
    let command = command.replace("from 10.9.0.2", "from 10.9.0.1");
    match words[0] {
        "ping" => command.replacen("ping", "ping -c 1 -W 1", 1),
        // `packets` alone reads from standard input.
        _ if command.ends_with(" packets") => format!("{command} {capture} >/dev/null"),
        _ if command.contains("monitor") || words[0] == "tcpdump" => format!("timeout 1 {command}"),
        _ => command,
    }
}

/// `id N` where a rule fills the ID in.
fn with_ids(command: &str) -> String {
    command.replace("id {id}", "id N").replace("id {}", "id N")
}

/// All commands, each once.
fn commands() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (_, text) in texts() {
        let quoted = text.split('`').skip(1).step_by(2);
        found.extend(quoted.filter(|text| is_command(text)).map(str::to_owned));
    }
    found
}

fn is_command(text: &str) -> bool {
    let mut words = text.split_whitespace();
    words.next().is_some_and(|first| PROGRAMS.contains(&first)) && words.next().is_some()
}

fn begins_a_word(text: &str, beginning: &str) -> bool {
    let mut places = text.match_indices(beginning).map(|(at, _)| at);
    places.any(|at| !text[..at].ends_with(|before: char| before.is_alphanumeric()))
}

/// The string literals of the sources that give advice, each source as one text.
fn texts() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = vec![root.join("host/advice.rs")];
    for folder in ["analyze", "analyze/rules", "analyze/explain"] {
        let entries = fs::read_dir(root.join(folder)).unwrap().map(|entry| entry.unwrap().path());
        files.extend(entries.filter(|path| path.extension().is_some_and(|end| end == "rs")));
    }
    let text = |path: PathBuf| {
        let source = fs::read_to_string(&path).unwrap();
        (path, literals(&source))
    };
    files.into_iter().map(text).collect()
}

/// The string literals of a source, a line each, without comments and tests.
fn literals(source: &str) -> String {
    let source = source.split("#[cfg(test)]").next().unwrap();
    let lines = source.lines().filter(|line| !line.trim_start().starts_with("//"));
    let mut source = lines.collect::<Vec<_>>().join("\n");
    while let Some(at) = source.find("\\\n") {
        let rest = source[at + 2..].trim_start().to_owned();
        source.truncate(at);
        source.push_str(&rest);
    }
    let literals = source.split('"').skip(1).step_by(2);
    literals.filter(|literal| !literal.contains('\n')).collect::<Vec<_>>().join("\n")
}

fn has_setting(name: &str) -> bool {
    Path::new("/proc/sys").join(name.replace('.', "/")).exists()
}

fn is_installed(program: &str) -> bool {
    let found = Command::new("sh").args(["-c", &format!("command -v {program}")]).output();
    found.is_ok_and(|output| output.status.success())
}

fn in_namespace(script: &str) -> std::process::Output {
    Command::new("unshare").args(["--net", "sh", "-c", script]).output().unwrap()
}
