//! After privileges are given up nothing can be opened, connected or started. All of it is of the
//! thread that asked for it, so each test does that in one of its own.

use std::fs::{self, File};
use std::io::ErrorKind::{self, PermissionDenied};
use std::io::{Read, Seek};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;

use mptcpscope::internals::capture::privilege::{Needs, PrivilegeError, give_up};

use crate::support::skipped;

/// What `attempt` sees after giving up all but `needs`.
fn confined<T: Send + 'static>(needs: Needs, attempt: impl FnOnce() -> T + Send + 'static) -> T {
    let thread = std::thread::spawn(move || {
        give_up(&needs).unwrap();
        attempt()
    });
    thread.join().unwrap()
}

fn kind<T>(result: std::io::Result<T>) -> Option<ErrorKind> {
    result.err().map(|error| error.kind())
}

#[test]
fn there_is_no_capability_left() {
    let (ready, is_ready) = std::sync::mpsc::channel();
    let (done, is_done) = std::sync::mpsc::channel::<()>();
    let thread = std::thread::spawn(move || {
        let tid = nix::unistd::gettid();
        give_up(&Needs::default()).unwrap();
        ready.send(tid).unwrap();
        let _ = is_done.recv();
    });
    let tid = is_ready.recv().unwrap();
    let status = fs::read_to_string(format!("/proc/self/task/{tid}/status")).unwrap();
    for set in ["CapInh", "CapPrm", "CapEff", "CapAmb"] {
        assert!(status.contains(&format!("{set}:\t0000000000000000")), "{status}");
    }
    assert!(status.contains("NoNewPrivs:\t1") && status.contains("Seccomp:\t2"), "{status}");
    drop(done);
    thread.join().unwrap();
}

#[test]
fn no_program_starts() {
    // It may be found missing before it is found forbidden.
    let outcome = confined(Needs::default(), || kind(Command::new("/bin/true").status()));
    assert_eq!(outcome, Some(PermissionDenied));
}

#[test]
fn no_socket_opens() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let outcomes = confined(Needs::default(), move || {
        [
            kind(TcpStream::connect(address)),
            kind(TcpListener::bind("127.0.0.1:0")),
            kind(UdpSocket::bind("127.0.0.1:0")),
            kind(UnixStream::pair()),
        ]
    });
    assert_eq!(outcomes, [Some(PermissionDenied); 4]);
}

#[test]
#[ignore = "needs Landlock in the kernel"]
fn landlock_lets_no_other_file_open() {
    let folder = tempfile::tempdir().unwrap();
    let [read, new] = ["read", "new"].map(|name| folder.path().join(name));
    fs::write(&read, "text").unwrap();
    let mut open = File::open(&read).unwrap();
    let outcomes = confined(Needs::default(), move || {
        open.rewind().unwrap();
        let mut text = String::new();
        open.read_to_string(&mut text).unwrap();
        assert_eq!(text, "text", "what was open before stays open");
        [
            kind(File::open(&read)),
            kind(File::open("/etc/passwd")),
            kind(fs::read_dir("/")),
            kind(File::create(&new)),
            kind(fs::remove_file(&read)),
            kind(fs::create_dir(&new)),
        ]
    });
    assert_eq!(outcomes, [Some(PermissionDenied); 6]);
}

#[test]
fn what_is_needed_stays_allowed() {
    let folder = tempfile::tempdir().unwrap();
    let other = tempfile::tempdir().unwrap();
    let path = folder.path().to_owned();
    let forbidden = other.path().join("x");
    let needs = Needs {
        written: vec![path.clone()],
        read: vec!["/proc/self/statm".into(), "/no/such/path".into()],
        ..Needs::default()
    };
    confined(needs, move || {
        fs::write(path.join("a"), "1").unwrap();
        fs::write(path.join("b"), "2").unwrap();
        fs::remove_file(path.join("a")).unwrap();
        assert_eq!(fs::read_to_string(path.join("b")).unwrap(), "2");
        if has_landlock() {
            assert_eq!(kind(fs::write(forbidden, "")), Some(PermissionDenied));
        } else {
            skipped("this kernel has no Landlock: whatever is not needed stays allowed as well");
        }
    });
    assert!(folder.path().join("b").exists());
}

#[test]
fn there_must_be_such_a_user() {
    let needs = Needs { user: Some("no-such-user".to_owned()), ..Needs::default() };
    let thread = std::thread::spawn(move || give_up(&needs));
    assert!(matches!(thread.join().unwrap(), Err(PrivilegeError::NoUser(_))));
}

/// Whether the kernel enforces Landlock: found out by trying, as nothing else tells for sure.
fn has_landlock() -> bool {
    confined(Needs::default(), || kind(File::open("/")).is_some()) && Path::new("/").exists()
}
