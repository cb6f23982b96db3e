//! Why a capture cannot be opened.

use std::io;
#[cfg(feature = "cli")]
use std::path::PathBuf;

use super::input_path::InputPath;
use super::status::Compression;
#[cfg(feature = "cli")]
use crate::units;

/// An input that cannot be opened, or is no capture. Each message is one sentence for the user.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is no input at all.
    #[error("no capture given: name a capture file, or - for standard input")]
    NoInput,
    /// `-` more than once.
    #[error("standard input can be read only once: give - once, and the other captures as files")]
    StdinTwice,
    /// More inputs than can be numbered.
    #[error("more than {limit} captures given: merge some of them first, or name fewer")]
    TooMany {
        /// How many are possible.
        limit: u16,
    },
    /// No file of that name.
    #[error("{input} does not exist: check the name, or give - to read from standard input")]
    Missing {
        /// Which input.
        input: InputPath,
    },
    /// A directory.
    #[error("{input} is a directory: name the capture files in it")]
    Directory {
        /// Which input.
        input: InputPath,
    },
    /// The file may not be read by this user.
    #[error("{input} may not be read by this user: change its permissions, or copy it")]
    Permission {
        /// Which input.
        input: InputPath,
    },
    /// More files than a program may open.
    #[error("{input} cannot be opened, as too many files are open: raise the limit with ulimit -n")]
    TooManyOpen {
        /// Which input.
        input: InputPath,
    },
    /// Any other error of the operating system.
    #[error("{input} cannot be read ({source}): check the disk or connection it comes from")]
    Unreadable {
        /// Which input.
        input: InputPath,
        /// What the operating system says.
        source: io::Error,
    },
    /// Not one octet.
    #[error("{input} is empty, so it is no capture: check whether it was written at all")]
    Empty {
        /// Which input.
        input: InputPath,
    },
    /// A capture cut off before the end of its file header.
    #[error("{input} is a capture cut off inside its file header: copy or record it again")]
    CutHeader {
        /// Which input.
        input: InputPath,
    },
    /// A compressed file that gives nothing to recognise.
    #[error("{input} is a broken {compression} stream ({source}): copy or download it again")]
    Compressed {
        /// Which input.
        input: InputPath,
        /// How it is compressed.
        compression: Compression,
        /// What the decompressor says.
        source: io::Error,
    },
    /// A variant of pcap that is not read.
    #[error("{input} is {variant}: convert it with editcap -F pcapng")]
    Unsupported {
        /// Which input.
        input: InputPath,
        /// Which variant.
        variant: &'static str,
    },
    /// Something else.
    #[error("{input} is no capture: it starts with {start}; give {advice}")]
    NotACapture {
        /// Which input.
        input: InputPath,
        /// What it starts with.
        start: String,
        /// What to give instead.
        advice: &'static str,
    },
}

/// An input that cannot be read twice. Each message is one sentence for the user.
#[cfg(feature = "cli")]
#[derive(Debug, thiserror::Error)]
pub enum KeptError {
    /// It cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// It is no longer what was read first.
    #[error(
        "{input} changed while it was read twice: wait until nobody writes to it, or read a copy"
    )]
    Changed {
        /// Which input.
        input: InputPath,
    },
    /// More came than may be kept.
    #[error(
        "{input} has more than the {} that may be kept in {} to read it again: save it to a file \
         first, or allow more with --spool",
        units::bytes(*.most),
        .folder.display()
    )]
    Full {
        /// Which input.
        input: InputPath,
        /// Where it was kept.
        folder: PathBuf,
        /// Bytes that may be kept.
        most: u64,
    },
    /// It cannot be kept any more.
    #[error(
        "{input} cannot be kept in {} to read it again ({source}): save it to a file first, or set \
         TMPDIR to a folder with more room",
        .folder.display()
    )]
    Write {
        /// Which input.
        input: InputPath,
        /// Where it was kept.
        folder: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// There is no place to keep it.
    #[error(
        "{input} can be read only once, and no temporary file can be made in {} ({source}): set \
         TMPDIR to a folder that can be written, or save it to a file first",
        .folder.display()
    )]
    Folder {
        /// Which input.
        input: InputPath,
        /// Where it was to be kept.
        folder: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
}
