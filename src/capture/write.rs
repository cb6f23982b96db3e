//! Writing captures: pcapng (draft-ietf-opsawg-pcapng), one file or a row of them.
//!
//! Blocks go to the file whole, many at once: whatever ends the program, the file can be read up to
//! the last [`Writer::flush`].

mod block;

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::status::Interface;
use crate::wire::frame::{Frame, Timestamp};

/// Octets that are gathered before they are written.
const GATHERED: usize = 256 << 10;

/// When to begin another file, by whichever comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rotation {
    /// Octets of a file.
    pub octets: Option<u64>,
    /// From a file's first packet to its last, in nanoseconds.
    pub duration_ns: Option<i64>,
    /// How many files are kept; older ones are removed. `None`: all.
    pub keep: Option<usize>,
}

impl Rotation {
    const fn is_wanted(&self) -> bool {
        self.octets.is_some() || self.duration_ns.is_some()
    }
}

/// Writes frames to a capture file.
pub struct Writer {
    path: PathBuf,
    rotation: Rotation,
    /// What was described, by its ID in the file.
    interfaces: Vec<Interface>,
    /// These IDs, by the frames' numbers of interfaces.
    ids: Vec<Option<u32>>,
    file: File,
    /// Whole blocks that are not in the file yet.
    gathered: Vec<u8>,
    /// Octets of the file, those gathered included.
    octets: u64,
    first: Option<Timestamp>,
    last: Timestamp,
    /// Frames of each interface in all files.
    frames: Vec<u64>,
    /// The files written so far, the current one last, as far as they are kept.
    files: VecDeque<PathBuf>,
    written: u64,
}

impl Writer {
    /// Creates the file. With a rotation `path` gets numbers: `trace.pcapng` becomes
    /// `trace-00001.pcapng` and so on.
    pub fn create(path: &Path, interfaces: &[Interface], rotation: Rotation) -> io::Result<Self> {
        let first = if rotation.is_wanted() { numbered(path, 1) } else { path.to_owned() };
        let mut writer = Self {
            path: path.to_owned(),
            rotation,
            interfaces: interfaces.to_vec(),
            ids: (0..).map(Some).take(interfaces.len()).collect(),
            file: File::create(&first)?,
            gathered: Vec::with_capacity(GATHERED + (64 << 10)),
            octets: 0,
            first: None,
            last: Timestamp::default(),
            frames: vec![0; interfaces.len()],
            files: VecDeque::from([first]),
            written: 1,
        };
        writer.begin();
        writer.flush()?;
        Ok(writer)
    }

    /// Adds a frame. An interface that was not known before is described by its link type.
    pub fn write(&mut self, frame: &Frame<'_>) -> io::Result<()> {
        if self.is_full(frame) {
            self.rotate()?;
        }
        let id = self.id(frame);
        self.first.get_or_insert(frame.timestamp);
        self.last = frame.timestamp;
        if let Some(frames) = self.frames.get_mut(id as usize) {
            *frames += 1;
        }
        let before = self.gathered.len();
        block::packet(&mut self.gathered, id, frame);
        self.octets += (self.gathered.len() - before) as u64;
        if self.gathered.len() >= GATHERED {
            self.flush()?;
        }
        Ok(())
    }

    /// Brings everything so far into the file.
    pub fn flush(&mut self) -> io::Result<()> {
        let outcome = self.file.write_all(&self.gathered);
        self.gathered.clear();
        outcome
    }

    /// Takes note of what was dropped on each interface so far.
    pub fn count_drops(&mut self, interfaces: &[Interface]) {
        for (interface, id) in interfaces.iter().zip(&self.ids) {
            let known = id.and_then(|id| self.interfaces.get_mut(id as usize));
            if let Some(known) = known {
                known.dropped_by_kernel = interface.dropped_by_kernel;
            }
        }
    }

    /// Ends the file with the counts of each interface.
    pub fn finish(&mut self) -> io::Result<()> {
        for (id, (interface, frames)) in (0..).zip(self.interfaces.iter().zip(&self.frames)) {
            block::statistics(&mut self.gathered, id, self.last, *frames, interface);
        }
        self.flush()
    }

    /// The file that is written now.
    pub fn current(&self) -> &Path {
        self.files.back().map_or(&self.path, PathBuf::as_path)
    }

    fn begin(&mut self) {
        block::section(&mut self.gathered);
        for interface in &self.interfaces {
            block::interface(&mut self.gathered, interface);
        }
        self.octets = self.gathered.len() as u64;
        self.first = None;
    }

    /// The ID of the frame's interface in the file.
    fn id(&mut self, frame: &Frame<'_>) -> u32 {
        let number = usize::from(frame.point.interface);
        if let Some(Some(id)) = self.ids.get(number) {
            return *id;
        }
        let id = u32::try_from(self.interfaces.len()).unwrap_or(u32::MAX);
        let interface = Interface {
            name: None,
            link_type: frame.link_type,
            snaplen: None,
            dropped_by_kernel: None,
        };
        block::interface(&mut self.gathered, &interface);
        self.interfaces.push(interface);
        self.frames.push(0);
        if self.ids.len() <= number {
            self.ids.resize(number + 1, None);
        }
        if let Some(slot) = self.ids.get_mut(number) {
            *slot = Some(id);
        }
        id
    }

    fn is_full(&self, frame: &Frame<'_>) -> bool {
        let Some(first) = self.first else { return false };
        let next = frame.data.len() as u64 + 64;
        self.rotation.octets.is_some_and(|most| self.octets + next > most)
            || self.rotation.duration_ns.is_some_and(|most| frame.timestamp.since(first) >= most)
    }

    fn rotate(&mut self) -> io::Result<()> {
        self.finish()?;
        self.written += 1;
        let next = numbered(&self.path, self.written);
        self.file = File::create(&next)?;
        self.files.push_back(next);
        while self.rotation.keep.is_some_and(|keep| self.files.len() > keep.max(1)) {
            if let Some(oldest) = self.files.pop_front() {
                fs::remove_file(oldest)?;
            }
        }
        self.begin();
        self.flush()
    }
}

/// `trace-00001.pcapng` of `trace.pcapng`.
fn numbered(path: &Path, number: u64) -> PathBuf {
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    name.push(format!("-{number:05}"));
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::{Capture, InputPath};
    use crate::wire::frame::{CapturePoint, LinkType, PacketNo};

    fn interfaces() -> Vec<Interface> {
        let interface = |name: &str, link_type, snaplen| Interface {
            name: Some(name.to_owned()),
            link_type,
            snaplen: Some(snaplen),
            dropped_by_kernel: Some(7),
        };
        vec![interface("eth0", LinkType::ETHERNET, 256), interface("any", LinkType::LINUX_SLL2, 9)]
    }

    fn frame(time: i64, interface: u16, data: &[u8]) -> Frame<'_> {
        Frame {
            number: PacketNo(1),
            timestamp: Timestamp(time),
            point: CapturePoint { input: 0, interface },
            link_type: LinkType::ETHERNET,
            wire_len: 1500,
            offset: None,
            data,
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.pcapng");
        let mut writer = Writer::create(&path, &interfaces(), Rotation::default()).unwrap();
        for (time, interface, data) in
            [(1_700_000_000_000_000_001, 1, &b"abc"[..]), (5, 0, b"abcd")]
        {
            writer.write(&frame(time, interface, data)).unwrap();
        }
        writer.finish().unwrap();
        assert_eq!(writer.current(), path);

        let mut capture = Capture::open(&[InputPath::File(path)]).unwrap();
        let first = capture.next_frame().unwrap();
        assert_eq!(first.timestamp, Timestamp(1_700_000_000_000_000_001));
        assert_eq!((first.point.interface, first.wire_len, first.data), (1, 1500, &b"abc"[..]));
        assert_eq!(first.link_type, LinkType::LINUX_SLL2);
        assert_eq!(capture.next_frame().unwrap().data, b"abcd");
        assert!(capture.next_frame().is_none());
        let status = &capture.inputs()[0];
        assert_eq!(status.interfaces, interfaces());
        assert!(!status.cut_short);
    }

    #[test]
    fn a_file_can_be_read_up_to_the_last_flush() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.pcapng");
        let mut writer = Writer::create(&path, &interfaces(), Rotation::default()).unwrap();
        writer.write(&frame(1, 0, b"abc")).unwrap();
        writer.flush().unwrap();
        writer.write(&frame(2, 0, b"abc")).unwrap();
        let mut capture = Capture::open(&[InputPath::File(path)]).unwrap();
        assert!(capture.next_frame().is_some());
        assert!(capture.next_frame().is_none());
        assert!(!capture.inputs()[0].cut_short);
    }

    #[test]
    fn files_are_rotated_by_size_and_time_and_old_ones_go() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.pcapng");
        let by_size = Rotation { octets: Some(2000), keep: Some(2), ..Rotation::default() };
        let mut writer = Writer::create(&path, &interfaces(), by_size).unwrap();
        for time in 0..20 {
            writer.write(&frame(time, 0, &[0; 500])).unwrap();
        }
        writer.finish().unwrap();
        let mut names: Vec<_> =
            fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["a-00006.pcapng", "a-00007.pcapng"]);
        let whole = Capture::open(&[InputPath::File(folder.path().join(&names[0]))]).unwrap();
        assert_eq!(count(whole), 3);

        let by_time = Rotation { duration_ns: Some(10), ..Rotation::default() };
        let mut writer = Writer::create(&folder.path().join("b"), &interfaces(), by_time).unwrap();
        for time in [0, 9, 10, 19, 20] {
            writer.write(&frame(time, 0, b"x")).unwrap();
        }
        assert!(writer.current().ends_with("b-00003"));
    }

    fn count(mut capture: Capture) -> usize {
        let mut frames = 0;
        while capture.next_frame().is_some() {
            frames += 1;
        }
        frames
    }
}
