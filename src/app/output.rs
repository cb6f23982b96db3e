//! Where results go: standard output, or a file.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write, stdout};
use std::path::{Path, PathBuf};

use anstream::{AutoStream, ColorChoice};
use anyhow::{Context, Result, bail};

use crate::capture::InputPath;
use crate::cli::Color;

/// An output that was opened.
pub(super) enum Output {
    /// `-`.
    Stdout,
    /// A file, empty so far.
    File(PathBuf, File),
}

impl Output {
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
            Err(error) => bail!(
                "{} cannot be written ({error}): check the folder, or give another name",
                path.display()
            ),
        }
    }

    /// Writes by `write`, through a buffer, to the end.
    pub(super) fn write(
        self,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<()> {
        match self {
            Self::Stdout => to_stdout(write),
            Self::File(path, file) => all(file, write).with_context(|| {
                format!("{} cannot be written to its end", path.display())
            }),
        }
    }
}

/// Writes to standard output, through a buffer, to the end.
pub(super) fn to_stdout(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
    all(stdout().lock(), write).context("standard output cannot be written")
}

/// Writes text to standard output; its escape codes get through if `color` lets them.
pub(super) fn text_to_stdout(color: Color, text: &str) -> Result<()> {
    let choice = match color {
        Color::Auto => AutoStream::choice(&stdout()),
        Color::Always => ColorChoice::AlwaysAnsi,
        Color::Never => ColorChoice::Never,
    };
    to_stdout(|out| AutoStream::new(Box::new(out) as Box<dyn Write>, choice).write_all(text.as_bytes()))
}

fn all(
    target: impl Write,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let mut target = BufWriter::with_capacity(1 << 16, target);
    write(&mut target)?;
    target.flush()
}

fn is_same(input: &InputPath, output: &Path) -> bool {
    match (input, fs::canonicalize(output)) {
        (InputPath::File(input), Ok(output)) => {
            fs::canonicalize(input).is_ok_and(|input| input == output) && output.is_file()
        }
        _ => false,
    }
}
