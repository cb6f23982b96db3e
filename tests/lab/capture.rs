//! Captures: everything that passes the interfaces of a host, recorded with tcpdump.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::forwarder;
use super::host::Host;
use super::wait::wait_for;

/// A running tcpdump.
pub(crate) struct Recording {
    interface: &'static str,
    file: PathBuf,
    tcpdump: Child,
    messages: BufReader<std::process::ChildStderr>,
    markers: u32,
}

/// A finished recording.
pub(crate) struct Recorded {
    pub(crate) file: PathBuf,
    /// What the last frame that counts ends with: nothing after it was waited for.
    pub(crate) end: String,
}

impl Recording {
    /// Starts recording and returns when it runs.
    ///
    /// The ring has a fixed number of places, each for a frame of at most `largest` octets.
    pub(crate) fn start(host: &Host, interface: &'static str, largest: u32, file: &Path) -> Self {
        const PLACES: u32 = 6000;
        const MAX_RING_KIB: u32 = 128 << 10;
        let ring_kib = (largest * (PLACES / 1000)).min(MAX_RING_KIB).to_string();
        let path = file.to_owned();
        let largest = largest.to_string();
        let mut tcpdump = host.run(move || {
            // It ends with the host's thread, even if this process is killed.
            Command::new("setpriv")
                .args(["--pdeathsig", "KILL", "tcpdump", "-n", "-i", interface])
                .args(["-s", &largest, "-B", &ring_kib, "-U", "--immediate-mode"])
                .args(["-Z", "root", "-w"])
                .arg(path)
                .stdin(Stdio::null())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        });
        let mut messages = BufReader::new(tcpdump.stderr.take().unwrap());
        let mut line = String::new();
        while !line.contains("listening on") {
            line.clear();
            let read = messages.read_line(&mut line).unwrap();
            assert!(read > 0, "tcpdump on {} ended", host.name);
        }
        Self { interface, file: file.to_owned(), tcpdump, messages, markers: 0 }
    }

    /// Waits until everything that has passed is in the file: until a frame sent now is in there.
    pub(crate) fn catch_up(&mut self, host: &Host) {
        self.markers += 1;
        let marker = self.marker();
        let (interface, text) = (self.interface, marker.clone());
        host.run(move || send_marker(interface, &text));
        wait_for("the recording to catch up", || {
            let octets = fs::read(&self.file).unwrap_or_default();
            let tail = &octets[octets.len().saturating_sub(1 << 16)..];
            tail.windows(marker.len()).any(|part| part == marker.as_bytes())
        });
    }

    /// Ends it; no packet may have been lost on the way into the file.
    pub(crate) fn stop(mut self) -> Recorded {
        self.signal(Signal::SIGINT);
        let mut messages = String::new();
        self.messages.read_to_string(&mut messages).unwrap();
        self.tcpdump.wait().unwrap();
        assert!(messages.contains("\n0 packets dropped by kernel"), "tcpdump: {messages}");
        Recorded { file: self.file.clone(), end: self.marker() }
    }

    fn marker(&self) -> String {
        format!("end of recording {:04}", self.markers)
    }

    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.tcpdump.id()).unwrap();
        let _ = kill(Pid::from_raw(pid), signal);
    }
}

/// A datagram to nobody; on an interface without addresses a frame for experiments (IEEE 802).
fn send_marker(interface: &str, text: &str) {
    if interface == "any" {
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.send_to(text.as_bytes(), ("127.0.0.1", 9)).unwrap();
    } else {
        let mut frame = [0x02; 12].to_vec();
        frame.extend([0x88, 0xb5]);
        frame.extend(text.as_bytes());
        frame.resize(60, 0);
        forwarder::open(interface).send(&frame).unwrap();
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        if matches!(self.tcpdump.try_wait(), Ok(None)) {
            self.signal(Signal::SIGKILL);
            let _ = self.tcpdump.wait();
        }
    }
}
