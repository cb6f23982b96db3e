//! Opening an input: what is it, and can it be read at all?

use std::fs::File;
use std::io::{self, Cursor, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use pcap_parser::{PcapHeader, parse_pcap_header};

use super::buffer::Buffer;
use super::decode;
use super::error::OpenError;
use super::input_path::{InputPath, Reader};
use super::pcap::{self, Pcap};
use super::pcapng::{self, Pcapng};
use super::record::Fault;
use super::source::{Records, Source};
use super::status::{Compression, Format, InputStatus};

/// Octets looked at to say what a file that is no capture may be.
const LOOK: usize = pcap::HEADER;

/// An input that can be read, but was not recognised yet.
pub(super) struct Unopened {
    pub(super) path: InputPath,
    pub(super) reader: Reader,
    /// Octets as stored, of a regular file.
    pub(super) size: Option<u64>,
}

/// An input that was opened and recognised.
pub(super) struct Opened {
    pub(super) source: Source,
    pub(super) status: InputStatus,
    /// Octets as stored, of a regular file.
    pub(super) size: Option<u64>,
}

/// Fails where standard input is named twice.
pub(super) fn check(paths: &[InputPath]) -> Result<(), OpenError> {
    let stdin = paths.iter().filter(|path| **path == InputPath::Stdin);
    if stdin.count() > 1 { Err(OpenError::StdinTwice) } else { Ok(()) }
}

/// Opens a file or standard input.
pub(super) fn path(
    input: &InputPath,
    capacity: usize,
    count: &Arc<AtomicU64>,
) -> Result<Opened, OpenError> {
    let (reader, size) = match input {
        InputPath::Stdin => (Box::new(io::stdin()) as Reader, None),
        InputPath::File(path) => {
            let file = file(path).map_err(|error| unreadable(input, error))?;
            let metadata = file.metadata().map_err(|error| unreadable(input, error))?;
            (Box::new(file) as Reader, metadata.is_file().then_some(metadata.len()))
        }
    };
    recognise(Unopened { path: input.clone(), reader, size }, capacity, count)
}

/// Opens a reader that is shown as `name`.
pub(super) fn reader(
    name: &str,
    reader: Reader,
    capacity: usize,
    count: &Arc<AtomicU64>,
) -> Result<Opened, OpenError> {
    let path = InputPath::File(PathBuf::from(name));
    recognise(Unopened { path, reader, size: None }, capacity, count)
}

/// Opens a file that is no directory.
pub(super) fn file(path: &Path) -> io::Result<File> {
    let file = File::open(path)?;
    if file.metadata()?.is_dir() {
        return Err(ErrorKind::IsADirectory.into());
    }
    Ok(file)
}

/// Numbers of the errors of Unix for too many open files: of this program, and of all.
const EMFILE: i32 = 24;
const ENFILE: i32 = 23;

pub(super) fn unreadable(input: &InputPath, source: io::Error) -> OpenError {
    let input = input.clone();
    match source.kind() {
        ErrorKind::NotFound => OpenError::Missing { input },
        ErrorKind::IsADirectory => OpenError::Directory { input },
        ErrorKind::PermissionDenied => OpenError::Permission { input },
        _ if matches!(source.raw_os_error(), Some(EMFILE | ENFILE)) => {
            OpenError::TooManyOpen { input }
        }
        _ => OpenError::Unreadable { input, source },
    }
}

/// Recognises how an input is compressed, and its format.
pub(super) fn recognise(
    unopened: Unopened,
    capacity: usize,
    count: &Arc<AtomicU64>,
) -> Result<Opened, OpenError> {
    let Unopened { path: input, reader, size } = unopened;
    let input = &input;
    let mut reader = Counted { reader, count: Arc::clone(count) };
    let head = head(&mut reader).map_err(|error| unreadable(input, error))?;
    let compression = Compression::recognise(&head);
    let whole: Reader = Box::new(Cursor::new(head).chain(reader));
    let plain = match compression {
        None => whole,
        Some(compression) => compression
            .decode(whole)
            .map_err(|source| undecodable(input, Some(compression), source))?,
    };
    let mut buffer = Buffer::new(plain, capacity);
    let (format, header) = recognise_format(input, &mut buffer, compression)?;
    let path = match input {
        InputPath::Stdin => "-".to_owned(),
        InputPath::File(path) => path.display().to_string(),
    };
    let mut status = InputStatus::new(path, format, compression);
    let records = match &header {
        Some(header) => {
            status.interfaces.push(pcap::interface(header));
            buffer.consume(pcap::HEADER);
            Records::Pcap(Pcap::new(header))
        }
        None => Records::Pcapng(Box::new(Pcapng::new())),
    };
    let seekable = size.is_some() && compression.is_none();
    Ok(Opened { source: Source::new(buffer, records, seekable), status, size })
}

/// The first octets of an input; fewer only if it has no more.
fn head(reader: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(decode::MAGIC);
    reader.take(decode::MAGIC as u64).read_to_end(&mut head)?;
    Ok(head)
}

fn recognise_format(
    input: &InputPath,
    buffer: &mut Buffer,
    compression: Option<Compression>,
) -> Result<(Format, Option<PcapHeader>), OpenError> {
    for wanted in [pcapng::SECTION_START, LOOK] {
        if let Err(Fault::Read(source)) = buffer.fill(wanted) {
            return Err(undecodable(input, compression, source));
        }
        if let Some(start) = buffer.data().first_chunk()
            && pcapng::is_section_start(*start)
        {
            return Ok((Format::Pcapng, None));
        }
    }
    match parse_pcap_header(buffer.data()) {
        Ok((_, header)) => Ok((Format::Pcap, Some(header))),
        Err(_) => Err(not_a_capture(input.clone(), buffer.data())),
    }
}

fn undecodable(
    input: &InputPath,
    compression: Option<Compression>,
    source: io::Error,
) -> OpenError {
    match compression {
        Some(compression) => OpenError::Compressed { input: input.clone(), compression, source },
        None => unreadable(input, source),
    }
}

fn not_a_capture(input: InputPath, data: &[u8]) -> OpenError {
    const CONVERT: &str = "a pcap or pcapng file, or convert it with editcap -F pcapng";
    const UNPACK: &str = "the capture inside it, unpacked or as gz, zst, xz or lz4";
    const CAPTURE: &str = "a pcap or pcapng file";
    const DOWNLOAD: &str = "the file that this page was meant to be";

    let data = data.get(..LOOK).unwrap_or(data);
    let (start, advice) = match *data {
        [] => return OpenError::Empty { input },
        [0xa1, 0xb2, 0xcd, 0x34, ..] => {
            let variant = "a big-endian pcap of the \"modified\" kind, which is not read";
            return OpenError::Unsupported { input, variant };
        }
        _ if is_cut_header(data) => return OpenError::CutHeader { input },
        [b'P', b'K', 3, 4, ..] => ("a zip archive".to_owned(), UNPACK),
        [b'B', b'Z', b'h', ..] => ("bzip2 data".to_owned(), UNPACK),
        [b'7', b'z', 0xbc, 0xaf, ..] => ("a 7z archive".to_owned(), UNPACK),
        [b's', b'n', b'o', b'o', b'p', 0, ..] => ("a snoop capture".to_owned(), CONVERT),
        [b'R', b'T', b'S', b'S', ..] | [b'G', b'M', b'B', b'U', ..] => {
            ("a Network Monitor capture".to_owned(), CONVERT)
        }
        [b'X', b'C', b'P', 0, ..] => ("a NetXRay capture".to_owned(), CONVERT),
        _ if data.starts_with(b"TRSNIFF") => ("a Sniffer capture".to_owned(), CONVERT),
        _ if is_html(data) => ("an HTML page".to_owned(), DOWNLOAD),
        _ => (quote(data), CAPTURE),
    };
    OpenError::NotACapture { input, start, advice }
}

/// Whether this is the start of a capture, but not enough of it to be read.
fn is_cut_header(data: &[u8]) -> bool {
    let magic = data.get(..4).unwrap_or_default();
    let is_pcapng = magic == pcapng::SECTION_HEADER && data.len() < pcapng::SECTION_START;
    let is_pcap = [
        [0xd4, 0xc3, 0xb2, 0xa1],
        [0xa1, 0xb2, 0xc3, 0xd4],
        [0x4d, 0x3c, 0xb2, 0xa1],
        [0xa1, 0xb2, 0x3c, 0x4d],
        [0x34, 0xcd, 0xb2, 0xa1],
    ]
    .iter()
    .any(|known| magic == known);
    is_pcapng || is_pcap
}

fn is_html(data: &[u8]) -> bool {
    let text = data.trim_ascii_start().to_ascii_lowercase();
    text.starts_with(b"<!doctype") || text.starts_with(b"<html")
}

/// The start of a file: as text if it is text, as octets otherwise.
fn quote(data: &[u8]) -> String {
    let is_text = |octet: &u8| octet.is_ascii_graphic() || octet.is_ascii_whitespace();
    if data.iter().all(is_text) {
        let text = String::from_utf8_lossy(data);
        return format!("the text \"{}\"", text.trim().escape_default());
    }
    let octets = data.iter().take(8).map(|octet| format!("{octet:02x}"));
    format!("the bytes {}", octets.collect::<Vec<_>>().join(" "))
}

/// Counts what is read.
struct Counted {
    reader: Reader,
    count: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        let octets = self.reader.read(space)?;
        self.count.fetch_add(octets as u64, Ordering::Relaxed);
        Ok(octets)
    }
}
