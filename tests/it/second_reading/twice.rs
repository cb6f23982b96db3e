//! What can go wrong when inputs are read twice: pipes too large to be kept, files that change, and an
//! interrupt in between.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread;
use std::time::Duration;

use mptcpscope::internals::capture::{Capture, InputPath, KeptInputs, KeptLimits};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::testdata;

fn limits(most: u64) -> KeptLimits {
    KeptLimits { folder: std::env::temp_dir(), most: Some(most) }
}

fn open(paths: &[InputPath]) -> (KeptInputs, Capture) {
    KeptInputs::open(paths, &limits(1 << 20), &Arc::new(AtomicBool::new(false))).unwrap()
}

fn drain(capture: &mut Capture) -> usize {
    let mut frames = 0;
    while capture.next_frame().is_some() {
        frames += 1;
    }
    frames
}

#[test]
fn a_file_that_changes_is_an_error_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let changes: [fn(&Path); 4] = [
        |path| append(path, &[0; 16]),
        |path| {
            fs::remove_file(path).unwrap();
            fs::copy(capture("checksum.pcap"), path).unwrap();
        },
        |path| File::options().write(true).open(path).unwrap().set_len(500).unwrap(),
        |path| fs::remove_file(path).unwrap(),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let path = folder.path().join(format!("{number}.pcap"));
        fs::copy(capture("two-subflows.pcap"), &path).unwrap();
        let paths = [InputPath::File(path.clone())];

        let (inputs, mut first) = open(&paths);
        assert_eq!(drain(&mut first), 120);
        let mut second = inputs.reopen().unwrap();
        inputs.check(first.inputs(), first.inputs()).unwrap();
        // While it is read the second time.
        second.next_frame().unwrap();
        change(&path);
        drain(&mut second);
        let error = inputs.check(first.inputs(), second.inputs()).unwrap_err().to_string();
        assert!(error.contains(&format!("{number}.pcap changed")), "{error}");

        // Between the readings.
        let error = inputs.reopen().unwrap_err().to_string();
        assert!(error.contains(&format!("{number}.pcap")), "{error}");
    }
}

fn append(path: &Path, bytes: &[u8]) {
    File::options().append(true).open(path).unwrap().write_all(bytes).unwrap();
}

#[test]
fn a_named_pipe_is_read_twice_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let plain = capture("two-subflows-at-server.pcap");
    let from_file = run(&["--csv", &capture("two-subflows.pcap"), &plain]);
    let to = pipe.clone();
    let writer =
        thread::spawn(move || fs::write(to, fs::read(capture("two-subflows.pcap")).unwrap()));
    let from_pipe = run(&["--csv", pipe.to_str().unwrap(), &plain]);
    writer.join().unwrap().unwrap();
    assert_eq!(from_pipe.status.code(), Some(0));
    let without_names = |output: &Output| {
        let text = String::from_utf8(output.stdout.clone()).unwrap();
        text.replace(pipe.to_str().unwrap(), &capture("two-subflows.pcap"))
    };
    assert_eq!(without_names(&from_pipe), without_names(&from_file));
}

#[test]
fn a_pipe_larger_than_may_be_kept_is_an_error_that_says_what_to_do() {
    let capture = capture("two-subflows.pcap");
    let follow = ["follow", "-", "--connection", "0", "--from", "client"];
    for arguments in [&["packets", "--csv", "-"][..], &follow] {
        for most in ["100B", "5kB"] {
            let output = from_pipe(&[arguments, &["--spool", most]].concat(), &capture);
            let error = String::from_utf8(output.stderr).unwrap();
            assert_eq!((output.status.code(), &*output.stdout), (Some(2), &b""[..]), "{error}");
            assert!(error.starts_with("mptcpscope: standard input has more than the "), "{error}");
            assert!(error.contains("--spool") && error.lines().count() == 1, "{error}");
        }
        let output = from_pipe(&[arguments, &["--spool", "1MB"]].concat(), &capture);
        assert_eq!(output.status.code(), Some(0));
    }
    // A file needs no room.
    let output = run(&["--csv", "--spool", "1", &capture]);
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn without_a_place_to_keep_a_pipe_it_says_so() {
    let mut command = mptcpscope(&["packets", "--csv", "-"]);
    let output = fed(command.env("TMPDIR", "/no/such/folder"), &capture("two-subflows.pcap"));
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(error.contains("/no/such/folder") && error.contains("TMPDIR"), "{error}");
}

#[test]
fn a_cut_pipe_is_read_twice_up_to_where_it_ends() {
    let whole = fs::read(capture("gzip.pcap.gz")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let cut = folder.path().join("cut.pcap.gz");
    fs::write(&cut, &whole[..whole.len() * 2 / 3]).unwrap();
    let cut = cut.to_str().unwrap();
    let (file, pipe) = (run(&["--csv", cut]), from_pipe(&["packets", "--csv", "-"], cut));
    for output in [&file, &pipe] {
        assert_eq!(output.status.code(), Some(0));
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(error.contains("reading stopped after packet"), "{error}");
    }
    let lines = |output: &Output| String::from_utf8_lossy(&output.stdout).lines().count();
    assert!(lines(&file) > 3);
    assert_eq!(lines(&file), lines(&pipe));
}

#[test]
fn lines_from_a_pipe_come_as_it_fills_and_rows_wait_for_its_end() {
    let bytes = fs::read(capture("two-subflows.pcap")).unwrap();
    for (arguments, comes) in [(&["packets", "-"][..], true), (&["packets", "--jsonl", "-"], false)]
    {
        let mut child =
            mptcpscope(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(&bytes[..3_000]).unwrap();
        thread::sleep(Duration::from_millis(500));
        let stdout = child.stdout.as_ref().unwrap();
        let mut polled = [nix::poll::PollFd::new(
            std::os::fd::AsFd::as_fd(stdout),
            nix::poll::PollFlags::POLLIN,
        )];
        let ready = nix::poll::poll(&mut polled, nix::poll::PollTimeout::ZERO).unwrap();
        assert_eq!(ready > 0, comes, "{arguments:?}");
        stdin.write_all(&bytes[3_000..]).unwrap();
        drop(stdin);
        assert!(child.wait_with_output().unwrap().status.success());
    }
}

#[test]
fn an_interrupt_ends_the_pipe_and_not_the_program() {
    let bytes = fs::read(capture("two-subflows.pcap")).unwrap();
    let start = |bytes: &[u8]| {
        let mut child = mptcpscope(&["packets", "--csv", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(bytes).unwrap();
        thread::sleep(Duration::from_millis(500));
        interrupt(&child);
        (child, stdin)
    };
    // What captures into the pipe ends by the same interrupt.
    let (child, stdin) = start(&bytes[..3_000]);
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{error}");
    assert!(error.contains("interrupted"), "{error}");
    assert!(String::from_utf8_lossy(&output.stdout).lines().count() > 5);

    // If it does not, a second one ends the program.
    let (child, stdin) = start(&bytes[..3_000]);
    thread::sleep(Duration::from_millis(200));
    interrupt(&child);
    let output = child.wait_with_output().unwrap();
    drop(stdin);
    assert_eq!(output.status.code(), Some(130));
    assert_eq!(output.stdout, b"");
}

fn interrupt(child: &Child) {
    kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGINT).unwrap();
}

/// A run of `packets`.
fn run(arguments: &[&str]) -> Output {
    mptcpscope(&[&["packets"], arguments].concat()).output().unwrap()
}

pub(super) fn from_pipe(arguments: &[&str], path: &str) -> Output {
    fed(&mut mptcpscope(arguments), path)
}

/// A run with the bytes of a file in a pipe as its standard input.
fn fed(command: &mut Command, path: &str) -> Output {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let bytes = fs::read(path).unwrap();
    // It may stop to read before the end.
    let writer = thread::spawn(move || drop(stdin.write_all(&bytes)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

fn mptcpscope(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mptcpscope"));
    command.args(arguments).stdin(Stdio::null());
    command
}

fn capture(name: &str) -> String {
    testdata::path("captures").join(name).to_str().unwrap().to_owned()
}
