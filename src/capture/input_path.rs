//! What can be opened as a capture.

use std::ffi::OsString;
use std::fmt;
use std::io::Read;
use std::path::PathBuf;

/// Where a capture comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InputPath {
    /// Standard input, written `-`.
    Stdin,
    /// A file or a named pipe.
    File(PathBuf),
}

impl From<OsString> for InputPath {
    /// `-` is standard input, anything else a file.
    fn from(argument: OsString) -> Self {
        if argument == "-" { Self::Stdin } else { Self::File(argument.into()) }
    }
}

impl fmt::Display for InputPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stdin => formatter.write_str("standard input"),
            Self::File(path) => path.display().fmt(formatter),
        }
    }
}

/// An input of any kind, for [`Capture::from_readers`].
pub type Reader = Box<dyn Read + Send>;
