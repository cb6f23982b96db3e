//! Frames of pipes, compressed files and interfaces in a temporary file without a name, so that they
//! can be read again.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::buffer::LONGEST_RECORD;
use crate::units;
use crate::wire::frame::{Frame, LinkType, PacketNo, Place, RawPacket};

/// Octets that are gathered before they are written.
const GATHERED: usize = 256 << 10;

/// Octets before each frame: its number, link type, length on the wire, captured length.
const HEADER: usize = 20;

/// How much a [`Spool`] keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpoolSize {
    /// The latest octets: it is a ring, and the oldest frames are written over.
    Latest(u64),
    /// The first octets: past them, nothing is kept.
    First(u64),
}

/// Keeps frames.
#[derive(Debug)]
pub struct Spool {
    shared: Arc<Shared>,
    /// What is not in the file yet, and ends at `end`.
    gathered: Vec<u8>,
    /// Positions count on and on; in a ring they go around.
    end: u64,
    failed: Option<io::Error>,
}

/// The reading side of a [`Spool`]. Its copies are all the same.
#[derive(Debug, Clone)]
pub struct SpoolReader {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    file: File,
    /// Octets of a ring.
    ring: Option<u64>,
    /// Past this position nothing is kept.
    most: u64,
    /// Up to where the file was written, or is being written right now.
    written: AtomicU64,
}

impl Spool {
    /// A spool in `folder`.
    pub fn create(folder: &Path, size: SpoolSize) -> io::Result<Self> {
        let file = tempfile::tempfile_in(folder)?;
        let (ring, most) = match size {
            SpoolSize::Latest(most) => (Some(most.max(2 * LONGEST_RECORD as u64)), u64::MAX),
            SpoolSize::First(most) => (None, most),
        };
        let most = most.min(Place::MOST_OFFSET);
        let shared = Shared { file, ring, most, written: AtomicU64::new(0) };
        let gathered = Vec::with_capacity(GATHERED + (64 << 10));
        Ok(Self { shared: Arc::new(shared), gathered, end: 0, failed: None })
    }

    /// The reading side.
    pub fn reader(&self) -> SpoolReader {
        SpoolReader { shared: Arc::clone(&self.shared) }
    }

    /// Keeps a frame; says where it stands. `None` once writing failed.
    pub fn keep(&mut self, frame: &Frame<'_>) -> Option<Place> {
        let captured = u32::try_from(frame.data.len()).ok()?;
        let len = (HEADER + frame.data.len()) as u64;
        self.skip_to_room(len);
        let place = Place { source: Place::SPOOL, offset: self.end };
        if self.failed.is_some() {
            return None;
        }
        if self.end + len > self.shared.most {
            let full =
                format!("they take more than {}: see --spool", units::bytes(self.shared.most));
            self.failed = Some(io::Error::new(io::ErrorKind::StorageFull, full));
            return None;
        }
        self.gathered.extend(frame.number.0.to_le_bytes());
        self.gathered.extend(frame.link_type.0.to_le_bytes());
        self.gathered.extend(frame.wire_len.to_le_bytes());
        self.gathered.extend(captured.to_le_bytes());
        self.gathered.extend(frame.data);
        self.end += len;
        if self.gathered.len() >= GATHERED {
            self.flush();
        }
        Some(place)
    }

    /// Brings everything so far into the file: only then can it be read.
    pub fn flush(&mut self) {
        let start = self.end - self.gathered.len() as u64;
        // Said before it is done: what is written over from now on is not there any more.
        self.shared.written.store(self.end, Ordering::SeqCst);
        let outcome = self.shared.file.write_all_at(&self.gathered, self.shared.place(start));
        self.gathered.clear();
        if let Err(error) = outcome {
            self.failed.get_or_insert(error);
        }
    }

    /// Why nothing is kept any more.
    pub const fn failure(&self) -> Option<&io::Error> {
        self.failed.as_ref()
    }

    /// Begins the ring anew if its end has no room for so many octets in one piece.
    fn skip_to_room(&mut self, len: u64) {
        let Some(ring) = self.shared.ring else { return };
        if self.end % ring + len > ring {
            self.flush();
            self.end = self.end.next_multiple_of(ring);
        }
    }
}

impl SpoolReader {
    /// The frame with this number at `offset`; `None` if it is not there any more, or not yet.
    pub fn read(&self, number: PacketNo, offset: u64) -> Option<RawPacket> {
        let shared = &self.shared;
        let place = shared.place(offset);
        let mut header = [0; HEADER];
        shared.file.read_exact_at(&mut header, place).ok()?;
        let (first, rest) = header.split_first_chunk()?;
        let word = |at: usize| {
            let octets = rest.get(at..).and_then(<[u8]>::first_chunk);
            octets.map(|octets| u32::from_le_bytes(*octets))
        };
        let (link_type, wire_len, captured) = (word(0)?, word(4)?, word(8)? as usize);
        if u64::from_le_bytes(*first) != number.0 || captured > LONGEST_RECORD {
            return None;
        }
        let mut data = vec![0; captured];
        shared.file.read_exact_at(&mut data, place + HEADER as u64).ok()?;
        let link_type = LinkType(link_type);
        shared.has(offset).then_some(RawPacket { link_type, wire_len, data })
    }
}

impl Shared {
    /// Where in the file a position is.
    const fn place(&self, position: u64) -> u64 {
        match self.ring {
            Some(ring) => position % ring,
            None => position,
        }
    }

    /// Whether what was at a position has not been written over.
    fn has(&self, position: u64) -> bool {
        let written = self.written.load(Ordering::SeqCst);
        self.ring.is_none_or(|ring| position + ring >= written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::frame::{CapturePoint, Timestamp};

    fn frame(number: u64, data: &[u8]) -> Frame<'_> {
        Frame {
            number: PacketNo(number),
            timestamp: Timestamp(0),
            point: CapturePoint::default(),
            link_type: LinkType::RAW,
            wire_len: 70_000,
            offset: None,
            data,
        }
    }

    #[test]
    fn what_was_flushed_is_read_again() {
        let mut spool = Spool::create(&std::env::temp_dir(), SpoolSize::First(u64::MAX)).unwrap();
        let places: Vec<_> = (0..200u8)
            .map(|number| spool.keep(&frame(number.into(), &[number; 1_500])).unwrap())
            .collect();
        spool.flush();
        let reader = spool.reader();
        for (number, place) in (0..).zip(&places) {
            let packet = reader.read(PacketNo(number), place.offset).unwrap();
            assert_eq!(packet.data, [u8::try_from(number).unwrap(); 1_500]);
            assert_eq!((packet.link_type, packet.wire_len), (LinkType::RAW, 70_000));
            assert_eq!(reader.read(PacketNo(number + 1), place.offset), None, "another packet");
        }
        assert_eq!(reader.read(PacketNo(0), 1 << 43), None);
        let place = spool.keep(&frame(7, &[])).unwrap();
        assert_eq!(reader.read(PacketNo(7), place.offset), None, "not flushed yet");
    }

    #[test]
    fn past_its_size_nothing_is_kept_and_it_says_why() {
        let mut spool = Spool::create(&std::env::temp_dir(), SpoolSize::First(3_000)).unwrap();
        let places = [1, 2, 3].map(|number| spool.keep(&frame(number, &[7; 1_400])));
        assert_eq!(places.map(|place| place.is_some()), [true, true, false]);
        let why = spool.failure().unwrap().to_string();
        assert_eq!(why, "they take more than 3 kB: see --spool");
        spool.flush();
        let first = places[0].unwrap();
        assert!(spool.reader().read(PacketNo(1), first.offset).is_some());
    }

    #[test]
    fn a_ring_keeps_the_latest() {
        let mut spool = Spool::create(&std::env::temp_dir(), SpoolSize::Latest(0)).unwrap();
        let data = vec![9; 60_000];
        let places: Vec<_> =
            (0..2_000).map(|number| spool.keep(&frame(number, &data)).unwrap()).collect();
        spool.flush();
        let reader = spool.reader();
        let there: Vec<_> = (0..)
            .zip(&places)
            .map(|(number, place)| reader.read(PacketNo(number), place.offset).is_some())
            .collect();
        let kept = there.iter().filter(|there| **there).count();
        assert!((550..=560).contains(&kept), "{kept} of what 32 MiB hold");
        assert!(there.iter().rev().take(kept).all(|there| *there));
        let octets = spool.shared.file.metadata().unwrap().len();
        assert!(octets <= 32 << 20);
    }
}
