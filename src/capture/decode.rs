//! Compressed inputs: told by their first octets, never by their name.

use std::io::{self, BufRead, BufReader, Read};

use liblzma::stream::{CONCATENATED, Stream};

use super::input_path::Reader;
use super::status::Compression;

/// Octets needed to tell how an input is compressed.
pub(super) const MAGIC: usize = 6;

/// Compressed octets read at once.
const CAPACITY: usize = 256 << 10;

/// Memory that an xz file may ask for: `xz -9` needs an eighth of it.
const XZ_MEMORY: u64 = 512 << 20;

impl Compression {
    /// How an input that starts with `head` is compressed, if it is.
    pub(super) fn recognise(head: &[u8]) -> Option<Self> {
        match *head {
            [0x1f, 0x8b, ..] => Some(Self::Gz),
            // RFC 8878 §3.1.1, and §3.1.2 for frames to be skipped, which may come first.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Self::Zst),
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Self::Xz),
            // The frame of today, and that of the first versions.
            [0x04, 0x22, 0x4d, 0x18, ..] | [0x02, 0x21, 0x4c, 0x18, ..] => Some(Self::Lz4),
            _ => None,
        }
    }

    /// The octets that were compressed. Several streams one behind the other are read as one.
    pub(super) fn decode(self, reader: Reader) -> io::Result<Reader> {
        let reader = BufReader::with_capacity(CAPACITY, reader);
        Ok(match self {
            Self::Gz => Box::new(flate2::bufread::MultiGzDecoder::new(reader)),
            Self::Zst => Box::new(zstd::stream::read::Decoder::with_buffer(reader)?),
            Self::Xz => {
                let stream = Stream::new_stream_decoder(XZ_MEMORY, CONCATENATED)?;
                Box::new(liblzma::bufread::XzDecoder::new_stream(reader, stream))
            }
            Self::Lz4 => Box::new(Lz4Frames::new(reader)),
        })
    }
}

/// LZ4 frames one behind the other. The decoder itself stops after each of them, and takes a cut
/// between two blocks for the end of a frame.
struct Lz4Frames<R: BufRead> {
    decoder: lz4_flex::frame::FrameDecoder<WatchEnd<R>>,
    between_frames: bool,
}

impl<R: BufRead> Lz4Frames<R> {
    fn new(reader: R) -> Self {
        let watched = WatchEnd { reader, ended: false };
        let decoder = lz4_flex::frame::FrameDecoder::new(watched);
        Self { decoder, between_frames: false }
    }
}

impl<R: BufRead> Read for Lz4Frames<R> {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        if space.is_empty() {
            return Ok(0);
        }
        loop {
            let octets = self.decoder.read(space)?;
            if octets > 0 {
                self.between_frames = false;
                return Ok(octets);
            }
            // A frame that ended properly did so before the octets ran out.
            if !self.decoder.get_ref().ended {
                self.between_frames = true;
            } else if self.between_frames {
                return Ok(0);
            } else {
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "frame without an end"));
            }
        }
    }
}

/// Remembers whether the end was met.
struct WatchEnd<R> {
    reader: R,
    ended: bool,
}

impl<R: BufRead> Read for WatchEnd<R> {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        let octets = self.reader.read(space)?;
        self.ended |= octets == 0 && !space.is_empty();
        Ok(octets)
    }
}
