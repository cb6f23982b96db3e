//! Octets in: capture files and pipes, one or several, as one stream of [`Frame`]s.
//!
//! ```text
//!  path, "-" ─ open ─▸ (gz zst xz lz4) ─▸ Buffer ─ pcap, pcapng ─▸ Source ┐
//!  path, "-" ─ open ─▸ (gz zst xz lz4) ─▸ Buffer ─ pcap, pcapng ─▸ Source ┴ by time ─▸ Frame
//! ```
//!
//! Every input is read through one large buffer, never as a whole, and a frame borrows its octets
//! from there. An input that cannot be opened is an [`OpenError`]. What goes wrong later (a file
//! cut off, a broken record, a read error) ends that input only; its [`InputStatus`] says why.

mod buffer;
mod clock;
mod decode;
mod error;
mod input_path;
#[cfg(feature = "cli")]
mod kept;
#[cfg(feature = "live")]
pub mod live;
mod open;
mod pcap;
mod pcapng;
#[cfg(all(feature = "live", target_os = "linux"))]
pub mod privilege;
mod record;
#[cfg(feature = "tui")]
pub mod reread;
mod source;
#[cfg(feature = "cli")]
pub mod spool;
mod status;
#[cfg(test)]
pub(crate) mod testing;
pub mod write;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fmt;
use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

#[cfg(feature = "cli")]
pub use self::error::KeptError;
pub use self::error::OpenError;
pub use self::input_path::{InputPath, Reader};
#[cfg(feature = "cli")]
pub use self::kept::{KeptInputs, KeptLimits, is_pipe};
#[cfg(feature = "tui")]
pub use self::reread::PacketReader;
pub use self::status::{Compression, Format, InputStatus, Interface};

use self::open::Opened;
#[cfg(feature = "cli")]
use self::open::Unopened;
use self::source::Source;
use crate::wire::frame::{CapturePoint, Frame, PacketNo, Timestamp};

/// One or several open inputs, handed out as one stream of frames in order of time.
pub struct Capture {
    sources: Vec<Source>,
    inputs: Vec<InputStatus>,
    merge: Merge,
    /// What is taken off the times of each input; none for most captures.
    shifts: Vec<i64>,
    frames: u64,
    bytes_read: Arc<AtomicU64>,
    bytes_total: Option<u64>,
}

impl Capture {
    /// Opens every input and recognises its format; nothing is read beyond that.
    ///
    /// Fails on the first input that cannot be read or is no capture, and names it.
    pub fn open(paths: &[InputPath]) -> Result<Self, OpenError> {
        open::check(paths)?;
        let count = Arc::new(AtomicU64::new(0));
        let capacity = buffer::capacity(paths.len());
        let opened = paths.iter().map(|path| open::path(path, capacity, &count)).collect();
        Self::assemble(opened, &count)
    }

    /// Like [`Capture::open`], over readers instead of files: each with the name it is shown by.
    pub fn from_readers(
        readers: impl IntoIterator<Item = (String, Reader)>,
    ) -> Result<Self, OpenError> {
        let count = Arc::new(AtomicU64::new(0));
        let capacity = buffer::capacity(1);
        let opened = readers
            .into_iter()
            .map(|(name, reader)| open::reader(&name, reader, capacity, &count))
            .collect();
        Self::assemble(opened, &count)
    }

    /// Like [`Capture::open`], over one reader, shown as `name`.
    pub fn from_reader(
        name: impl Into<String>,
        reader: impl Read + Send + 'static,
    ) -> Result<Self, OpenError> {
        Self::from_readers([(name.into(), Box::new(reader) as Reader)])
    }

    /// Like [`Capture::open`], over inputs that can be read already.
    #[cfg(feature = "cli")]
    fn recognise(inputs: Vec<Unopened>) -> Result<Self, OpenError> {
        let count = Arc::new(AtomicU64::new(0));
        let capacity = buffer::capacity(inputs.len());
        let recognise = |input| open::recognise(input, capacity, &count);
        let opened = inputs.into_iter().map(recognise).collect();
        Self::assemble(opened, &count)
    }

    fn assemble(
        opened: Result<Vec<Opened>, OpenError>,
        count: &Arc<AtomicU64>,
    ) -> Result<Self, OpenError> {
        let opened = opened?;
        if opened.is_empty() {
            return Err(OpenError::NoInput);
        }
        if opened.len() > usize::from(u16::MAX) {
            return Err(OpenError::TooMany { limit: u16::MAX });
        }
        let bytes_total = opened.iter().map(|opened| opened.size).sum();
        let (sources, inputs) =
            opened.into_iter().map(|opened| (opened.source, opened.status)).unzip();
        Ok(Self {
            sources,
            inputs,
            merge: Merge::default(),
            shifts: Vec::new(),
            frames: 0,
            bytes_read: Arc::clone(count),
            bytes_total,
        })
    }

    /// Corrects clocks: takes `ahead` nanoseconds off the times of each input, in the order given.
    /// To be called before the first frame is taken.
    pub fn correct_clocks(&mut self, ahead: Vec<i64>) {
        self.shifts = ahead;
    }

    /// The next frame of all inputs; `None` when every input has ended.
    ///
    /// Of several inputs the one whose next frame is earliest comes first, and the one named
    /// first where times are equal. The frames of one input keep their order in any case. So with
    /// several inputs this waits until each of them has a frame or has ended.
    #[expect(clippy::inline_always, reason = "so that a frame need not go through memory")]
    #[inline(always)]
    pub fn next_frame(&mut self) -> Option<Frame<'_>> {
        // One input needs no merging: this is the hot path.
        if let [only] = self.sources.as_mut_slice()
            && only.try_fast_advance()
        {
            return self.frame(0);
        }
        let index = self.advance_general()?;
        self.frame(index)
    }

    /// The frame of this input that it has advanced to.
    #[expect(clippy::inline_always, reason = "so that a frame need not go through memory")]
    #[inline(always)]
    fn frame(&mut self, index: usize) -> Option<Frame<'_>> {
        let source = self.sources.get(index)?;
        let status = self.inputs.get_mut(index)?;
        let record = source.record();
        status.count(record);
        self.frames += 1;
        Some(Frame {
            number: PacketNo(self.frames),
            timestamp: shifted(record.timestamp, &self.shifts, index),
            // `assemble` made sure that every index fits.
            point: CapturePoint {
                input: u16::try_from(index).unwrap_or(u16::MAX),
                interface: record.interface,
            },
            link_type: record.link_type,
            wire_len: record.wire_len,
            offset: source.offset(),
            data: source.data(),
        })
    }

    /// Whether [`Capture::next_frame`] said `None` only because nothing more has come yet: the one
    /// input is a reader that says [`WouldBlock`](std::io::ErrorKind::WouldBlock).
    pub fn is_waiting(&self) -> bool {
        matches!(&*self.sources, [source] if source.waits())
    }

    /// The general path: goes to the next record of all inputs, and says of which one it is.
    #[inline(never)]
    fn advance_general(&mut self) -> Option<usize> {
        if let [only] = self.sources.as_mut_slice() {
            return only.advance_general(self.inputs.first_mut()?).map(|_| 0);
        }
        if !self.merge.started {
            self.merge.started = true;
            (0..self.sources.len()).for_each(|index| self.load(index));
        }
        if let Some(index) = self.merge.handed_out.take() {
            self.load(index);
        }
        let Reverse((_, index)) = self.merge.heads.pop()?;
        self.merge.handed_out = Some(index);
        Some(index)
    }

    /// Puts the next frame of one input up for merging.
    fn load(&mut self, index: usize) {
        if let Some(timestamp) = self.advance(index) {
            let timestamp = shifted(timestamp, &self.shifts, index);
            self.merge.heads.push(Reverse((timestamp, index)));
        }
    }

    fn advance(&mut self, index: usize) -> Option<Timestamp> {
        self.sources.get_mut(index)?.advance(self.inputs.get_mut(index)?)
    }

    /// What is known of each input so far, in the order given; complete once
    /// [`Capture::next_frame`] has returned `None`.
    pub fn inputs(&self) -> &[InputStatus] {
        &self.inputs
    }

    /// Octets read so far from all inputs, as they are stored (that is, compressed).
    pub fn bytes_read(&self) -> u64 {
        self.bytes_read.load(Ordering::Relaxed)
    }

    /// Octets of all inputs as they are stored; `None` if one of them is no regular file.
    pub fn bytes_total(&self) -> Option<u64> {
        self.bytes_total
    }
}

impl fmt::Debug for Capture {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Capture").field("inputs", &self.inputs).finish_non_exhaustive()
    }
}

/// The time of a frame by the corrected clock.
#[inline]
fn shifted(timestamp: Timestamp, shifts: &[i64], index: usize) -> Timestamp {
    shifts.get(index).map_or(timestamp, |ahead| Timestamp(timestamp.0.saturating_sub(*ahead)))
}

/// The next frame of every input that has one, earliest on top.
#[derive(Debug, Default)]
struct Merge {
    started: bool,
    heads: BinaryHeap<Reverse<(Timestamp, usize)>>,
    /// The input whose frame was returned last: its next one is not in `heads` yet.
    handed_out: Option<usize>,
}
