//! Captures: what passes the interfaces of a host, recorded by the program's own live capture.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::forwarder;
use super::host::Host;
use super::wait::wait_for;

/// The program under test.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_mptcpscope");

/// A running `mptcpscope live`.
pub(crate) struct Recording {
    interface: &'static str,
    recorded: Recorded,
    live: Child,
    markers: u32,
}

/// A finished recording.
#[derive(Default)]
pub(crate) struct Recorded {
    /// The host, for messages.
    pub(crate) host: &'static str,
    /// The packets, by `-w`.
    pub(crate) file: PathBuf,
    /// The report, by `--json`.
    pub(crate) report: PathBuf,
    /// What was told meanwhile, by `--jsonl`.
    pub(crate) lines: PathBuf,
    errors: PathBuf,
    /// What the last frame that counts ends with: nothing after it was waited for.
    pub(crate) end: String,
}

impl Recording {
    /// Starts recording into `folder`, and returns when it runs.
    pub(crate) fn start(host: &Host, interface: &'static str, folder: &Path) -> Self {
        let path = |kind: &str| folder.join(format!("{}.{kind}", host.name));
        let recorded = Recorded {
            host: host.name,
            file: path("pcapng"),
            report: path("json"),
            lines: path("jsonl"),
            errors: path("errors"),
            end: String::new(),
        };
        // It ends with the host's thread, even if this process is killed.
        let mut command = Command::new("setpriv");
        command
            .args([
                "--pdeathsig",
                "KILL",
                PROGRAM,
                "live",
                "--jsonl",
                "--buffer",
                "8MiB",
                "-i",
                interface,
                "-w",
            ])
            .args([recorded.file.as_os_str(), "--json".as_ref(), recorded.report.as_os_str()])
            .stdin(Stdio::null())
            .stdout(File::create(&recorded.lines).unwrap())
            .stderr(File::create(&recorded.errors).unwrap());
        let mut live = host.run(move || command.spawn().unwrap());
        // The interface is open before the file is.
        wait_for("the recording to start", || {
            let ended = live.try_wait().unwrap();
            assert!(ended.is_none(), "{}: {}", host.name, recorded.errors());
            fs::metadata(&recorded.file).is_ok_and(|file| file.len() > 0)
        });
        Self { interface, recorded, live, markers: 0 }
    }

    /// Waits until everything that has passed is in the file: until a frame sent now is in there.
    pub(crate) fn catch_up(&mut self, host: &Host) {
        self.markers += 1;
        self.recorded.end = format!("end of recording {} {:04}", host.name, self.markers);
        let (interface, text) = (self.interface, self.recorded.end.clone());
        host.run(move || send_marker(interface, &text));
        let marker = self.recorded.end.as_bytes();
        wait_for("the recording to catch up", || {
            let bytes = fs::read(&self.recorded.file).unwrap_or_default();
            let tail = &bytes[bytes.len().saturating_sub(1 << 16)..];
            tail.windows(marker.len()).any(|part| part == marker)
        });
    }

    /// Asks it to end.
    pub(crate) fn end(&self) {
        self.signal(Signal::SIGINT);
    }

    /// Waits for its end.
    pub(crate) fn stop(mut self) -> Recorded {
        let status = self.live.wait().unwrap();
        let errors = self.recorded.errors();
        assert!(status.success() && errors.is_empty(), "{}: {errors}", self.recorded.host);
        std::mem::take(&mut self.recorded)
    }

    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.live.id()).unwrap();
        let _ = kill(Pid::from_raw(pid), signal);
    }
}

impl Recorded {
    /// What it complained about. It also says what it listens on, and in silence what it saw so far.
    fn errors(&self) -> String {
        let said = fs::read_to_string(&self.errors).unwrap_or_default();
        said.lines().filter(|line| !is_status(line)).collect::<Vec<_>>().join("\n")
    }
}

/// `mptcpscope: listening on any: …`, or `mptcpscope: 12 s: 34 packets, no MPTCP yet`.
fn is_status(line: &str) -> bool {
    let said = line.strip_prefix("mptcpscope: ").unwrap_or(line);
    said.starts_with("listening on ") || said.starts_with(|first: char| first.is_ascii_digit())
}

/// A TCP segment of no connection, with a text, to a link address that nobody has.
fn send_marker(interface: &str, text: &str) {
    const ETHERNET: [u8; 14] = [2, 0, 0, 0, 0, 0x99, 2, 0, 0, 0, 0, 0x98, 8, 0];
    const RST: u8 = 0x04;
    let length = u8::try_from(40 + text.len()).unwrap();
    let mut frame = ETHERNET.to_vec();
    frame.extend([0x45, 0, 0, length, 0, 0, 0x40, 0, 64, 6, 0, 0, 127, 0, 0, 1, 127, 0, 0, 1]);
    frame.extend([0, 9, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0x50, RST, 0, 0, 0, 0, 0, 0]);
    frame.extend(text.as_bytes());
    let interface = if interface == "any" { "lo" } else { interface };
    forwarder::open(interface).send(&frame).unwrap();
}

impl Drop for Recording {
    fn drop(&mut self) {
        if matches!(self.live.try_wait(), Ok(None)) {
            self.signal(Signal::SIGKILL);
            let _ = self.live.wait();
        }
    }
}
