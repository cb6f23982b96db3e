//! The captures of testdata, and their frames without the borrow.

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use mptcpscope::internals::capture::Capture;
use mptcpscope::internals::wire::frame::{CapturePoint, Frame, LinkType, PacketNo, Timestamp};
use mptcpscope::internals::wire::segment::{Decoded, Segment, decode};

/// A frame that owns its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OwnedFrame {
    pub(crate) number: PacketNo,
    pub(crate) timestamp: Timestamp,
    pub(crate) point: CapturePoint,
    pub(crate) link_type: LinkType,
    pub(crate) wire_len: u32,
    pub(crate) data: Vec<u8>,
}

impl OwnedFrame {
    pub(crate) fn of(frame: &Frame<'_>) -> Self {
        Self {
            number: frame.number,
            timestamp: frame.timestamp,
            point: frame.point,
            link_type: frame.link_type,
            wire_len: frame.wire_len,
            data: frame.data.to_vec(),
        }
    }

    /// The frame as it was recorded.
    pub(crate) fn whole(&self) -> Frame<'_> {
        self.cut(self.data.len())
    }

    /// The frame as a snap length would have left it.
    pub(crate) fn cut(&self, snaplen: usize) -> Frame<'_> {
        Frame {
            number: self.number,
            timestamp: self.timestamp,
            point: self.point,
            link_type: self.link_type,
            wire_len: self.wire_len,
            offset: None,
            data: &self.data[..snaplen.min(self.data.len())],
        }
    }

    /// The TCP segment in it.
    pub(crate) fn segment(&self) -> Option<Segment<'_>> {
        match decode(&self.whole()) {
            Decoded::Tcp(segment) => Some(segment),
            _ => None,
        }
    }
}

/// The path of `name` in testdata.
pub(crate) fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(name)
}

/// The bytes of a file of the project that the tests can make. With `UPDATE=1` in the environment it is
/// written as it is made now.
pub(crate) fn checked_in(path: &Path, made: &[u8]) -> Vec<u8> {
    if std::env::var_os("UPDATE").is_some() {
        fs::write(path, made).unwrap();
    }
    fs::read(path).unwrap()
}

/// Name and bytes of every file in a folder of testdata, by name.
pub(crate) fn files(folder: &str) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(path(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, fs::read(path).unwrap())
        })
        .collect();
    files.sort();
    files
}

/// Name and frames of every capture.
pub(crate) fn captures() -> Vec<(String, Vec<OwnedFrame>)> {
    files("captures").into_iter().map(|(name, bytes)| (name, frames(bytes))).collect()
}

/// The frames of a capture file.
pub(crate) fn frames(bytes: Vec<u8>) -> Vec<OwnedFrame> {
    let mut capture = Capture::from_reader("testdata", Cursor::new(bytes)).unwrap();
    let mut frames = Vec::new();
    while let Some(frame) = capture.next_frame() {
        frames.push(OwnedFrame::of(&frame));
    }
    frames
}
