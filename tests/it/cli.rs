//! The program as a user meets it: exit codes, messages, where output goes.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::process::{Command, Output, Stdio};

use mptcpscope::internals::analyze::finding::Code;
use tempfile::TempDir;

use crate::support::testdata;

const COMMANDS: [&[&str]; 4] = [&[], &["report"], &["list"], &["packets"]];

#[test]
fn help_tells_exit_codes_and_examples() {
    let help = run(&["--help"]);
    assert_eq!(help.code, 0);
    for part in ["Usage:", "EXIT STATUS", "EXAMPLES", "report", "packets", "--json", "--color"] {
        assert!(help.stdout.contains(part), "{part}");
    }
    assert!(run(&["-h"]).stdout.lines().count() < help.stdout.lines().count());
    for command in ["report", "packets", "space"] {
        assert_eq!(run(&[command, "--help"]).code, 0);
    }
}

#[test]
fn version() {
    let expected = format!("mptcpscope {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(run(&["--version"]).stdout, expected);
}

#[test]
fn no_capture_named_is_an_error_with_help() {
    for arguments in COMMANDS {
        let output = run(arguments);
        assert_eq!(output.code, 2, "{arguments:?}");
        assert!(output.stderr.contains("Usage:"), "{arguments:?}");
    }
}

#[test]
fn an_unknown_flag_is_an_error() {
    let output = run(&["report", "--no-such-flag", &capture()]);
    assert_eq!((output.code, output.stdout.as_str()), (2, ""));
    assert!(output.stderr.contains("--no-such-flag"));
}

#[test]
fn report_is_the_command_when_none_is_named() {
    assert_eq!(run(&[&capture()]), run(&["report", &capture()]));
}

#[test]
fn a_capture_may_be_named_like_a_command() {
    let folder = TempDir::new().unwrap();
    fs::copy(capture(), folder.path().join("report")).unwrap();
    let output = finish(mptcpscope().arg("./report").current_dir(folder.path()));
    assert_eq!(output.code, 0, "{}", output.stderr);
}

/// A file name that clears the screen, adds a line and turns the direction of what follows.
const EVIL: &str = "a\u{1b}[2Jb\nc\u{202e}d";

/// How it is shown.
const EVIL_SHOWN: &str = "a\\u{1b}[2Jb\\nc\\u{202e}d";

#[test]
fn a_file_name_writes_nothing_to_the_terminal() {
    let folder = TempDir::new().unwrap();
    let whole = folder.path().join(EVIL);
    fs::copy(capture(), &whole).unwrap();
    let report = run(&["report", whole.to_str().unwrap()]);
    assert!(is_harmless(&report.stdout) && report.stdout.contains(EVIL_SHOWN), "{report:?}");

    // A note on standard error.
    let bytes = fs::read(capture()).unwrap();
    fs::write(&whole, &bytes[..bytes.len() - 1]).unwrap();
    let packets = run(&["packets", whole.to_str().unwrap()]);
    assert_eq!((packets.code, packets.stderr.lines().count()), (0, 1));
    assert!(is_harmless(&packets.stderr) && packets.stderr.contains(EVIL_SHOWN), "{packets:?}");

    // Errors: one of the program, one of the command line.
    let missing = format!("{}.pcap", whole.display());
    let flag = format!("--{EVIL}");
    for arguments in [&["report", &missing], &["report", &flag]] {
        let output = run(arguments);
        assert_eq!((output.code, output.stdout.as_str()), (2, ""));
        assert!(is_harmless(&output.stderr) && output.stderr.contains(EVIL_SHOWN), "{output:?}");
    }
}

fn is_harmless(text: &str) -> bool {
    text.chars().all(|found| found == '\n' || !found.is_control() && found != '\u{202e}')
}

#[test]
fn what_cannot_be_read_is_told_in_one_sentence() {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::write(path("empty"), "").unwrap();
    fs::write(path("text"), "this is no capture at all").unwrap();
    let cases = [
        (path("missing"), "does not exist"),
        (path("empty"), "is empty"),
        (path("text"), "is no capture"),
        (folder.path().to_str().unwrap().to_owned(), "is a directory"),
    ];
    for (name, reason) in &cases {
        for command in COMMANDS {
            let output = run(&[command, &[name]].concat());
            assert_eq!((output.code, output.stdout.as_str()), (2, ""), "{name}");
            assert_eq!(output.stderr.lines().count(), 1, "{}", output.stderr);
            let start = format!("mptcpscope: {name} {reason}");
            assert!(output.stderr.starts_with(&start), "{}", output.stderr);
        }
    }
}

#[test]
fn one_unreadable_input_of_several_stops_before_the_analysis() {
    let folder = TempDir::new().unwrap();
    let json = folder.path().join("report.json");
    for (first, second) in [("missing", capture().as_str()), (capture().as_str(), "missing")] {
        let output = finish(mptcpscope().args(["report", first, second, "--json"]).arg(&json));
        assert_eq!((output.code, output.stdout.as_str()), (2, ""));
        assert!(!json.exists(), "nothing is written");
        assert_eq!(run(&["packets", first, second]).stdout, "");
    }
}

#[test]
fn standard_input_is_a_capture() {
    for command in COMMANDS {
        let from_file = run(&[command, &[capture().as_str()]].concat());
        let file = File::open(capture()).unwrap();
        let piped = finish(mptcpscope().args(command).arg("-").stdin(file));
        assert_eq!(piped.code, 0, "{}", piped.stderr);
        // The name of the input stands in the first lines.
        let end = |output: &Run| output.stdout.lines().rev().take(8).collect::<Vec<_>>().join("\n");
        assert_eq!(end(&piped), end(&from_file));
    }
    let nothing = finish(mptcpscope().arg("-"));
    assert_eq!(nothing.code, 2);
    assert!(
        nothing.stderr.starts_with("mptcpscope: standard input is empty"),
        "{}",
        nothing.stderr
    );
    assert_eq!(run(&["-", "-"]).code, 2);
}

#[test]
fn a_capture_that_was_cut_off_is_no_error() {
    let folder = TempDir::new().unwrap();
    let cut = folder.path().join("cut.pcap");
    let whole = fs::read(capture()).unwrap();
    fs::write(&cut, &whole[..whole.len() - 7]).unwrap();
    let cut = cut.to_str().unwrap();
    let packets = run(&["packets", cut]);
    assert_eq!(packets.code, 0);
    assert!(packets.stderr.contains("reading stopped after packet"), "{}", packets.stderr);
    let report = run(&["report", cut]);
    assert_eq!((report.code, report.stderr.as_str()), (0, ""));
    assert!(report.stdout.contains("reading stopped after packet"), "{}", report.stdout);
    let json = json(&run(&["report", "--json", "-", cut]).stdout);
    assert_eq!(json["inputs"][0]["cut_short"], true);
}

#[test]
fn a_capture_with_a_header_alone_is_no_error() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("header.pcap");
    fs::write(&path, &fs::read(capture()).unwrap()[..24]).unwrap();
    for command in COMMANDS {
        let output = finish(mptcpscope().args(command).arg(&path));
        assert_eq!(output.code, 0, "{}", output.stderr);
    }
}

#[test]
fn json_goes_to_a_file_beside_the_text() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("report.json");
    let output = finish(mptcpscope().args(["report", &capture(), "--json"]).arg(&path));
    assert_eq!(output.code, 0, "{}", output.stderr);
    assert_eq!(output.stdout, run(&["report", &capture()]).stdout);
    let to_file = json(&fs::read_to_string(path).unwrap());
    assert_eq!(to_file["schema_version"], 1);
    let to_stdout = run(&["report", &capture(), "--json", "-"]).stdout;
    assert_eq!(json(&to_stdout), to_file, "and nothing else with -");
}

#[test]
fn an_output_that_cannot_be_written_is_an_error() {
    let output = run(&["report", &capture(), "--json", "/no/such/folder/report.json"]);
    assert_eq!((output.code, output.stdout.as_str()), (2, ""));
    let start = "mptcpscope: /no/such/folder/report.json cannot be written";
    assert!(output.stderr.starts_with(start), "{}", output.stderr);
    assert_eq!(output.stderr.lines().count(), 1);
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_an_error() {
    let full = || File::options().write(true).open("/dev/full").unwrap();
    for command in COMMANDS {
        let output = mptcpscope().args(command).arg(capture()).stdout(full()).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        let message = String::from_utf8(output.stderr).unwrap();
        assert!(message.starts_with("mptcpscope: standard output cannot be written"), "{message}");
    }
    assert_eq!(run(&["report", &capture(), "--json", "/dev/full"]).code, 2);
}

#[test]
fn a_capture_is_never_overwritten() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a.pcap");
    fs::copy(capture(), &path).unwrap();
    let other_name = folder.path().join("./a.pcap");
    let output = finish(mptcpscope().arg("report").arg(&path).arg("--json").arg(other_name));
    assert_eq!(output.code, 2, "{}", output.stdout);
    assert_eq!(fs::read(path).unwrap(), fs::read(capture()).unwrap());
}

#[test]
fn a_closed_pipe_is_success() {
    // Enough captures that the output does not fit into the pipe.
    let captures = vec![capture(); 200];
    for command in [&["packets"][..], &["packets", "--jsonl"]] {
        let mut child = mptcpscope()
            .args(command)
            .args(&captures)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = child.stdout.take().unwrap();
        stdout.read_exact(&mut [0; 100]).unwrap();
        drop(stdout);
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{command:?}");
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    }
}

#[test]
fn colour_only_on_a_terminal_or_when_asked_for() {
    let is_coloured = |output: Run| output.stdout.contains('\u{1b}');
    assert!(!is_coloured(run(&["report", &capture()])), "piped");
    assert!(is_coloured(run(&["report", &capture(), "--color", "always"])));
    assert!(!is_coloured(run(&["report", &capture(), "--color", "never"])));
    let plain = finish(mptcpscope().args(["report", &capture()]).env("NO_COLOR", "1"));
    assert!(!is_coloured(plain));
    assert!(!is_coloured(run(&["packets", &capture()])));
    assert_eq!(run(&["report", &capture(), "--color", "sometimes"]).code, 2);
}

#[test]
fn one_connection_of_several() {
    let fast_open = file("fast-open.pcap");
    let all = run(&["report", &fast_open]).stdout;
    let second = run(&["report", &fast_open, "--connection", "1"]).stdout;
    assert!(second.lines().count() < all.lines().count());
    let none = run(&["report", &fast_open, "--connection", "2"]);
    assert_eq!((none.code, none.stdout.as_str()), (2, ""));
    assert!(none.stderr.starts_with("mptcpscope: there is no connection 2"), "{}", none.stderr);
}

#[test]
fn options_may_stand_before_the_command() {
    let after = run(&["report", "--color", "always", "--time", "delta", &capture()]);
    assert_eq!(after.code, 0);
    assert_eq!(run(&["--color", "always", "--time=delta", "report", &capture()]), after);
    assert_eq!(run(&["--color", "always", "--time", "delta", &capture()]), after);
    let listed = run(&["list", "--sort", "bytes", &capture()]);
    assert_eq!(run(&["--sort", "bytes", "list", &capture()]), listed);
    for command in ["explain", "host", "space"] {
        assert_eq!(run(&["--color", "never", command]).code, 0, "{command}");
    }
}

#[test]
fn help_of_everything() {
    assert_eq!(run(&["help"]), run(&["--help"]));
    assert_eq!(run(&["help", "list"]), run(&["list", "--help"]));
    assert_eq!(run(&["help", "single-path"]), run(&["explain", "single-path"]));
    let language = run(&["help", "filter"]).stdout;
    assert!(language.contains("tcp.port") && language.contains("FIELD in {A, B}"), "{language}");
    assert!(language.lines().all(|line| line.chars().count() <= 110));
    let near = run(&["help", "reprot"]);
    assert_eq!(near.code, 2);
    assert!(near.stderr.contains("did you mean report?"), "{}", near.stderr);
}

/// One line each, in the style of all messages, with what to do next.
#[test]
fn what_is_wrong_with_a_command_line() {
    let capture = capture();
    for (arguments, words) in [
        (&["report", "--jsn", "x", &capture][..], "there is no option --jsn: did you mean --json?"),
        (&["report", "--frobnicate", &capture], "mptcpscope report --help shows how"),
        (&["--colour", "never", &capture], "there is no option --colour: did you mean --color?"),
        (&["report", "--columns", "id", &capture], "--columns is an option of list"),
        (&["report", "--color", "sometimes", &capture], "write auto, always or never"),
        (&["report", "--color", "nevr", &capture], "--color is never nevr: did you mean never?"),
        (&["report", "--fail-on"], "--fail-on needs a value: note, warning or error"),
        (&["report", "--only", "singel-path", &capture], "did you mean single-path?"),
        (&["explain", "nonsense"], "mptcpscope explain lists all"),
        (&["explain", "single-path", "x"], "x is one word too many"),
        (&["follow", &capture], "--connection <N> and --from <SIDE> are missing"),
        (&["report", "--connection", "1", "--connection", "2", &capture], "may be given once"),
        (&["report", "--connection", "x", &capture], "--connection x: "),
        (&["report", "--all", "--connection", "0", &capture], "does not go with"),
        (&["live", "--rotate", "10MB", "-i", "lo"], "--write"),
        (&["list", "--sort", "size", &capture], "there is no such column"),
        (&["--generate", "ksh"], "--generate is never ksh"),
    ] {
        let output = run(arguments);
        assert_eq!((output.code, output.stdout.as_str()), (2, ""), "{arguments:?}");
        assert_eq!(output.stderr.lines().count(), 1, "{}", output.stderr);
        assert!(output.stderr.starts_with("mptcpscope: "), "{}", output.stderr);
        assert!(output.stderr.contains(words), "{arguments:?}: {}", output.stderr);
    }
}

#[test]
fn what_was_meant_by_a_name_that_does_not_exist() {
    let folder = TempDir::new().unwrap();
    fs::copy(capture(), folder.path().join("phone.pcap")).unwrap();
    let said = |arguments: &[&str]| {
        let output = finish(mptcpscope().args(arguments).current_dir(folder.path()));
        assert_eq!(output.code, 2);
        output.stderr
    };
    assert!(said(&["phnoe.pcap"]).contains("did you mean phone.pcap?"));
    assert!(said(&["packets", "phone.pcp"]).contains("did you mean phone.pcap?"));
    assert!(said(&["pakcets", "phone.pcap"]).contains("did you mean the command packets?"));
    assert!(said(&["--strict", "packets", "phone.pcap"]).contains("write it first"));
    assert!(said(&["nothing-like-it"]).contains("check the name"));
}

/// As in a shell: a pipe or a file, and no name.
#[test]
fn standard_input_needs_no_name() {
    for command in COMMANDS {
        let named =
            finish(mptcpscope().args(command).arg("-").stdin(File::open(capture()).unwrap()));
        let unnamed = finish(mptcpscope().args(command).stdin(File::open(capture()).unwrap()));
        assert_eq!(unnamed, named);
        assert_eq!(unnamed.code, 0);
        let mut pipe = mptcpscope()
            .args(command)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        pipe.stdin.take().unwrap().write_all(&fs::read(capture()).unwrap()).unwrap();
        assert_eq!(pipe.wait_with_output().unwrap().status.code(), Some(0));
    }
    let live = finish(mptcpscope().arg("live").stdin(File::open(capture()).unwrap()));
    assert!(live.code == 0 && live.stdout.contains("DATA_FIN"));
    // Nobody sends anything: a device, a socket, nothing at all.
    let (socket, _other) = std::os::unix::net::UnixStream::pair().unwrap();
    let socket = finish(mptcpscope().stdin(std::os::fd::OwnedFd::from(socket)));
    assert_eq!(socket.code, 2);
    assert!(socket.stderr.contains("Usage:"), "{}", socket.stderr);
    let closed = format!("'{}' report <&-", env!("CARGO_BIN_EXE_mptcpscope"));
    let closed = finish(Command::new("sh").args(["-c", &closed]));
    assert_eq!(closed.code, 2);
    assert!(closed.stderr.contains("Usage:"), "{}", closed.stderr);
}

/// The limit is raised as far as it may be; past that, the message says what to do.
#[test]
#[cfg(target_os = "linux")]
fn many_captures_at_once() {
    let captures = vec![capture(); 100].join("' '");
    let run = |limit: &str| {
        let program = env!("CARGO_BIN_EXE_mptcpscope");
        let command = format!("ulimit {limit} && exec '{program}' report '{captures}' </dev/null");
        finish(Command::new("sh").args(["-c", &command]))
    };
    assert_eq!(run("-S -n 64").code, 0);
    let few = run("-n 64");
    assert_eq!((few.code, few.stdout.as_str()), (2, ""));
    assert!(few.stderr.contains("ulimit -n"), "{}", few.stderr);
}

#[test]
fn the_schema_is_printed() {
    let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/report.schema.json");
    assert_eq!(run(&["--generate", "schema"]).stdout, fs::read_to_string(schema).unwrap());
    for shell in ["powershell", "elvish"] {
        assert_eq!(run(&["--generate", shell]).code, 0);
    }
    let man = run(&["--generate", "man"]).stdout;
    assert!(man.contains(".SH FILTERS") && man.contains("mptcp.token"));
}

#[test]
fn a_filter_says_which_connections() {
    let fast_open = file("fast-open.pcap");
    let one = run(&["report", "--filter", "connection==1", &fast_open]);
    assert!(
        one.stdout.contains("1 of 2 connections") && !one.stdout.contains("#0 "),
        "{}",
        one.stdout
    );
    let listed = run(&["list", "--filter", "connection==1", &fast_open]);
    assert_eq!((listed.stdout.lines().count(), listed.stderr.as_str()), (2, ""));
    let wrong = run(&["list", "--filter", "tcp.prot == 443", &fast_open]);
    assert_eq!((wrong.code, wrong.stdout.as_str()), (2, ""));
    assert_eq!(
        wrong.stderr,
        "mptcpscope: --filter: there is no field tcp.prot: did you mean tcp.port?\n    \
         tcp.prot == 443\n    ^^^^^^^^\n"
    );
    let unknown = run(&["list", "--filter", "paths>1", &fast_open]);
    assert_eq!(unknown.code, 0);
    assert!(unknown.stderr.contains("paths is not known"), "{}", unknown.stderr);
    // What is left out does not fail the run.
    let refused = file("join-refused-limit.pcap");
    let code = |filter| run(&["report", "--fail-on", "warning", "--filter", filter, &refused]).code;
    assert_eq!((code("connection==0"), code("connection==7")), (1, 0));
}

#[test]
fn a_list_goes_where_it_is_asked_to() {
    let both = run(&["list", "--json", "-", &capture()]);
    assert_eq!(json(&both.stdout)["connections"][0]["subflows"], 2);
    let sorted =
        run(&["list", "--columns", "id,bytes", "--sort", "-bytes,id", &file("fast-open.pcap")]);
    assert_eq!(sorted.stdout.lines().next(), Some("#   bytes"));
    let wrong = run(&["list", "--columns", "byte", &capture()]);
    assert_eq!(wrong.code, 2);
    assert!(wrong.stderr.contains("did you mean bytes?"), "{}", wrong.stderr);
}

#[test]
fn a_finding_fails_the_run_only_if_asked_for() {
    let refused = file("join-refused-limit.pcap");
    let code = |arguments: &[&str]| run(&[&["report", refused.as_str()], arguments].concat()).code;
    assert_eq!(code(&[]), 0);
    assert_eq!(code(&["--fail-on", "error"]), 0);
    assert_eq!(code(&["--fail-on", "warning"]), 1);
    assert_eq!(code(&["--fail-on", "note"]), 1);
    assert_eq!(code(&["--fail-on", "warning", "--ignore", "join-rejected"]), 0);
    assert_eq!(code(&["--fail-on", "warning", "--only", "single-path"]), 0);
    assert_eq!(code(&["--fail-on", "note", "--min-severity", "error"]), 0);
    assert_eq!(code(&["--only", "nonsense"]), 2);
    assert_eq!(code(&["--fail-on", "warning", "--only", "single-path,dsn-width"]), 0);
}

#[test]
fn strict_adds_notes() {
    let codes = |arguments: &[&str]| {
        let capture = file("add-addr-v4.pcap");
        let report = run(&[&["--json", "-", capture.as_str()], arguments].concat());
        let findings = json(&report.stdout)["findings"].as_array().unwrap().clone();
        findings.iter().map(|found| found["code"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let strict = "join-before-dss".to_owned();
    assert!(!codes(&[]).contains(&strict));
    assert!(codes(&["--strict"]).contains(&strict));
    assert_eq!(codes(&["--only", &strict]), ["join-before-dss"]);
}

#[test]
fn every_finding_is_explained() {
    let list = run(&["explain"]);
    assert_eq!(list.code, 0);
    assert!(list.stdout.contains("single-path"));
    let page = run(&["explain", "single-path"]);
    assert!(page.stdout.contains("ip mptcp limits") && page.stdout.contains("RFC 8684"));
    assert_eq!(run(&["explain", "nonsense"]).code, 2);
}

#[test]
fn no_progress_in_pipes() {
    let output = run(&["report", &capture()]);
    assert_eq!((output.code, output.stderr.as_str()), (0, ""));
}

#[test]
fn completions_and_man_page() {
    for (what, part) in [
        ("bash", "complete -F _mptcpscope"),
        ("complete-bash", "complete -F _mptcpscope"),
        ("zsh", "#compdef mptcpscope"),
        ("fish", "complete -c mptcpscope"),
        ("man", ".SH \"EXIT STATUS\""),
    ] {
        let output = run(&["--generate", what]);
        assert_eq!(output.code, 0, "{what}");
        assert!(output.stdout.contains(part), "{what}: {}", output.stdout);
    }
    for shell in ["bash", "zsh", "fish"] {
        let text = run(&["--generate", shell]).stdout;
        let lacks = Code::ALL.iter().find(|code| !text.contains(code.name()));
        assert_eq!(lacks, None, "{shell} completes all codes");
    }
    assert!(!run(&["--help"]).stdout.contains("join-no-answer"), "help does not list them");
    assert_eq!(run(&["--generate", "nothing"]).code, 2);
    assert!(run(&["--generate", "man"]).stdout.contains("jsonl"), "all commands are in it");
}

/// What came of a run.
#[derive(Debug, PartialEq)]
struct Run {
    code: i32,
    stdout: String,
    stderr: String,
}

fn run(arguments: &[&str]) -> Run {
    finish(mptcpscope().args(arguments))
}

fn finish(command: &mut Command) -> Run {
    let Output { status, stdout, stderr } = command.output().unwrap();
    Run {
        code: status.code().unwrap(),
        stdout: String::from_utf8(stdout).unwrap(),
        stderr: String::from_utf8(stderr).unwrap(),
    }
}

fn mptcpscope() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mptcpscope"));
    for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE"] {
        command.env_remove(name);
    }
    command.stdin(Stdio::null());
    command
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap()
}

fn capture() -> String {
    file("two-subflows.pcap")
}

fn file(name: &str) -> String {
    testdata::path("captures").join(name).to_str().unwrap().to_owned()
}
