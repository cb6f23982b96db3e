//! Where results go: standard output, or a file.

use std::env;
use std::ffi::OsStr;
use std::fmt::Display;
use std::fs::{self, File};
use std::io::{self, BufWriter, Stdout, Write, stdout};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use anstream::{AutoStream, ColorChoice};
use anyhow::{Error, Result, bail};

use crate::capture::InputPath;
use crate::cli::{Color, TimeWord};
use crate::printable::printable;
use crate::report::text::TimeStyle;

/// A place for results that was opened.
pub(super) enum Destination {
    /// `-`.
    Stdout,
    /// A file, empty so far.
    File(PathBuf, File),
}

impl Destination {
    /// Opens `path` for writing (`-` is standard output), unless it is one of `inputs`.
    pub(super) fn create(path: &OsStr, inputs: &[InputPath]) -> Result<Self> {
        if path == "-" {
            return Ok(Self::Stdout);
        }
        let path = PathBuf::from(path);
        if inputs.iter().any(|input| is_same(input, &path)) {
            bail!(
                "{} is a capture that is to be read: give the output another name",
                path.display()
            );
        }
        match File::create(&path) {
            Ok(file) => Ok(Self::File(path, file)),
            Err(error) => Err(unwritable(&path.display().to_string(), error)),
        }
    }

    pub(super) const fn is_stdout(&self) -> bool {
        matches!(self, Self::Stdout)
    }

    /// Writes by `write`, through a buffer, to the end.
    pub(super) fn write(self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
        match self {
            Self::Stdout => to_stdout(write),
            Self::File(path, file) => {
                all(file, write).map_err(|error| unwritable(&path.display().to_string(), error))
            }
        }
    }
}

/// Writes to standard output, through a buffer, to the end.
pub(super) fn to_stdout(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
    all(stdout().lock(), write).map_err(|error| unwritable("standard output", error))
}

/// Writes to standard output like [`to_stdout`], and keeps nobody waiting for it: what is written is out
/// a moment later, however long nothing follows.
pub(super) fn to_stdout_soon(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
    let buffer = BufWriter::with_capacity(1 << 16, stdout());
    let shared = Arc::new(Mutex::new(buffer));
    let flushed = Arc::downgrade(&shared);
    thread::spawn(move || {
        while let Some(buffer) = flushed.upgrade() {
            // If it fails, so will the next write, and that is told.
            let _ = lock(&buffer).flush();
            drop(buffer);
            thread::sleep(MOMENT);
        }
    });
    let mut out = SharedOutput(shared);
    let written = write(&mut out).and_then(|()| out.flush());
    written.map_err(|error| unwritable("standard output", error))
}

/// How long written bytes may wait.
const MOMENT: Duration = Duration::from_millis(50);

/// A buffer that a thread of its own empties now and then.
struct SharedOutput(Arc<Mutex<BufWriter<Stdout>>>);

impl Write for SharedOutput {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        lock(&self.0).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        lock(&self.0).flush()
    }
}

fn lock(buffer: &Mutex<BufWriter<Stdout>>) -> MutexGuard<'_, BufWriter<Stdout>> {
    buffer.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Says something on standard error: in one line, whatever the names in it are.
pub fn to_stderr(message: impl Display) {
    eprintln!("mptcpscope: {}", printable(&message.to_string()));
}

/// Shows lines on standard error, below what was said there.
pub(super) fn lines_to_stderr(lines: &[String]) {
    for line in lines {
        eprintln!("{line}");
    }
}

/// Columns of the terminal that standard output is; `None` where it is none.
pub(super) fn width() -> Option<usize> {
    terminal_size::terminal_size_of(stdout()).map(|(width, _)| width.0.into())
}

/// Whether text for standard output gets colours.
pub(super) fn is_coloured(color: Color) -> bool {
    match color {
        // It knows NO_COLOR, CLICOLOR, TERM and whether this is a terminal.
        Color::Auto => AutoStream::choice(&stdout()) != ColorChoice::Never,
        Color::Always => true,
        Color::Never => false,
    }
}

/// Columns of the terminal that standard output is; of anything else, what COLUMNS says, or 80.
pub(super) fn columns() -> usize {
    let of_terminal = terminal_size::terminal_size_of(stdout()).map(|(width, _)| width.0.into());
    let named = || env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    of_terminal.or_else(named).filter(|columns| *columns > 0).unwrap_or(80)
}

/// What the text is counted from, as the library names it.
pub(super) const fn time_style(word: TimeWord) -> TimeStyle {
    match word {
        TimeWord::Absolute => TimeStyle::Absolute,
        TimeWord::Relative => TimeStyle::Relative,
        TimeWord::Delta => TimeStyle::Delta,
    }
}

fn all(target: impl Write, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut target = BufWriter::with_capacity(1 << 16, target);
    write(&mut target)?;
    target.flush()
}

/// The error of an output, as one sentence; the cause stays in its chain.
pub(super) fn unwritable(output: &str, error: io::Error) -> Error {
    let message =
        format!("{output} cannot be written ({error}): check where it is, and whether it has room");
    Error::new(error).context(message)
}

fn is_same(input: &InputPath, output: &Path) -> bool {
    match (input, fs::canonicalize(output)) {
        (InputPath::File(input), Ok(output)) => {
            fs::canonicalize(input).is_ok_and(|input| input == output) && output.is_file()
        }
        _ => false,
    }
}
