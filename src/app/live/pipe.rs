//! Standard input, into which somebody else captures.
//!
//! ```text
//!  stdin ─ thread ─ bytes ─▸ thread: Capture ─ packets ─▸ `PipedCapture::next`, with a time limit
//! ```

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use anyhow::Result;

use super::feed::Stop;
use crate::app::stdin;
use crate::capture::{Capture, Format, InputStatus, Interface};
use crate::wire::frame::{CapturePoint, Frame, LinkType, PacketNo, Timestamp};

/// Packets that may wait.
const PACKETS: usize = 1024;

/// How often silent bytes are left to see whether it is time to stop.
const LOOK_UP: Duration = Duration::from_millis(50);

/// Standard input as a source of packets.
pub(super) struct PipedCapture {
    messages: Option<Receiver<FromCapture>>,
    current: Option<OwnedFrame>,
    status: InputStatus,
}

/// What there is to do next.
pub(super) enum PipeStep {
    /// A frame: see [`PipedCapture::frame`].
    Frame,
    /// Nothing came in time.
    Idle,
    End,
}

/// What the thread that reads the capture sends.
enum FromCapture {
    Frame(OwnedFrame),
    /// There are more interfaces than before.
    Interfaces(Vec<Interface>),
    /// There will be no more packets; this is known of all of them.
    End(InputStatus),
}

/// A frame that owns its bytes.
struct OwnedFrame {
    timestamp: Timestamp,
    point: CapturePoint,
    link_type: LinkType,
    wire_len: u32,
    data: Box<[u8]>,
}

impl PipedCapture {
    /// Nothing is read yet.
    pub(super) fn new() -> Self {
        let status = InputStatus::new("-".to_owned(), Format::Pcap, None);
        Self { messages: None, current: None, status }
    }

    /// Waits for the header of a capture, and goes on reading it until it is time to stop.
    pub(super) fn start(&mut self, stop: Stop) -> Result<()> {
        let capture = Capture::from_reader("-", StdinBytes::start(stop))?;
        if let Some(status) = capture.inputs().first() {
            self.status = status.clone();
        }
        let (sender, messages) = sync_channel(PACKETS);
        thread::spawn(move || read(capture, &sender));
        self.messages = Some(messages);
        Ok(())
    }

    /// Goes to the next frame, if it comes in time.
    pub(super) fn next(&mut self, patience: Duration) -> PipeStep {
        loop {
            let Some(messages) = &self.messages else { return PipeStep::End };
            match messages.recv_timeout(patience) {
                Ok(FromCapture::Frame(packet)) => {
                    self.status.count_frame(packet.timestamp, packet.data.len());
                    self.current = Some(packet);
                    return PipeStep::Frame;
                }
                Ok(FromCapture::Interfaces(interfaces)) => self.status.interfaces = interfaces,
                Ok(FromCapture::End(status)) => {
                    self.status = status;
                    self.messages = None;
                }
                Err(RecvTimeoutError::Timeout) => return PipeStep::Idle,
                Err(RecvTimeoutError::Disconnected) => return PipeStep::End,
            }
        }
    }

    /// The frame that the last [`PipeStep::Frame`] announced.
    pub(super) fn frame(&self) -> Option<Frame<'_>> {
        let packet = self.current.as_ref()?;
        Some(Frame {
            number: PacketNo(self.status.packets),
            timestamp: packet.timestamp,
            point: packet.point,
            link_type: packet.link_type,
            wire_len: packet.wire_len,
            offset: None,
            data: &packet.data,
        })
    }

    /// What is known of the input so far.
    pub(super) const fn status(&self) -> &InputStatus {
        &self.status
    }
}

/// Takes packets out of the capture until it ends, or the receiver is gone.
fn read(mut capture: Capture, sender: &SyncSender<FromCapture>) {
    let mut known = 0;
    loop {
        let packet = capture.next_frame().map(OwnedFrame::from);
        let Some(status) = capture.inputs().first() else { return };
        if status.interfaces.len() > known {
            known = status.interfaces.len();
            let _ = sender.send(FromCapture::Interfaces(status.interfaces.clone()));
        }
        let is_end = packet.is_none();
        let message = packet.map_or_else(|| FromCapture::End(status.clone()), FromCapture::Frame);
        if sender.send(message).is_err() || is_end {
            return;
        }
    }
}

impl From<Frame<'_>> for OwnedFrame {
    fn from(frame: Frame<'_>) -> Self {
        Self {
            timestamp: frame.timestamp,
            point: frame.point,
            link_type: frame.link_type,
            wire_len: frame.wire_len,
            data: frame.data.into(),
        }
    }
}

/// The bytes, which end when it is time to stop: a thread waits for what comes.
struct StdinBytes {
    pieces: Receiver<io::Result<Vec<u8>>>,
    piece: Vec<u8>,
    taken: usize,
    stop: Stop,
}

impl StdinBytes {
    fn start(stop: Stop) -> Self {
        Self { pieces: stdin::pieces(), piece: Vec::new(), taken: 0, stop }
    }

    /// Waits for bytes. The end is a piece without any.
    fn fill(&mut self) -> io::Result<()> {
        self.taken = 0;
        self.piece.clear();
        while !self.stop.is_due() {
            match self.pieces.recv_timeout(LOOK_UP) {
                Ok(piece) => {
                    self.piece = piece?;
                    break;
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        Ok(())
    }
}

impl Read for StdinBytes {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        if self.taken == self.piece.len() {
            self.fill()?;
        }
        let mut rest = self.piece.get(self.taken..).unwrap_or_default();
        let bytes = rest.read(space)?;
        self.taken += bytes;
        Ok(bytes)
    }
}
