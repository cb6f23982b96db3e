//! What is read where no capture is named, and what is said where a named one does not exist.

use std::error::Error;
use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::path::Path;

use clap::{Command, CommandFactory};

use super::stdin;
use crate::capture::{InputPath, KeptError, OpenError};
use crate::cli::{self, Cli};
use crate::nearest::nearest;

/// Most names of a folder that are looked at.
const MOST_NAMES: usize = 10_000;

/// Nothing was named that could be read, and standard input is none.
#[derive(Debug)]
pub(super) struct NoCapture {
    /// The command.
    pub(super) command: Option<&'static str>,
}

impl fmt::Display for NoCapture {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("no capture is named")
    }
}

impl Error for NoCapture {}

/// Standard input is the capture of a command that reads captures and names none, if somebody sends one.
pub(super) fn fill_in(cli: &mut Cli) -> Result<(), NoCapture> {
    let (captures, command) = match &mut cli.command {
        _ if cli.generate.is_some() => return Ok(()),
        None => (&mut cli.report.inputs.captures, None),
        Some(cli::Command::Report(args)) => (&mut args.inputs.captures, Some("report")),
        Some(cli::Command::List(args)) => (&mut args.inputs.captures, Some("list")),
        Some(cli::Command::Packets(args)) => (&mut args.inputs.captures, Some("packets")),
        Some(cli::Command::Follow(args)) => (&mut args.inputs.captures, Some("follow")),
        #[cfg(feature = "tui")]
        Some(cli::Command::Tui(args)) if args.interfaces.is_empty() => {
            (&mut args.captures, Some("tui"))
        }
        Some(cli::Command::Live(args)) => return fill_in_live(args),
        Some(_) => return Ok(()),
    };
    if !captures.is_empty() {
        return Ok(());
    }
    if !stdin::is_given() {
        return Err(NoCapture { command });
    }
    captures.push(OsString::from("-"));
    Ok(())
}

fn fill_in_live(args: &mut cli::LiveArgs) -> Result<(), NoCapture> {
    if !args.interfaces.is_empty() || !args.filter.is_empty() || args.list_interfaces {
        return Ok(());
    }
    if !stdin::is_given() {
        return Err(NoCapture { command: Some("live") });
    }
    args.filter.push("-".to_owned());
    Ok(())
}

/// Where an error is that a capture does not exist: which file, or which command, may have been meant.
pub(super) fn meant(error: &anyhow::Error) -> Option<String> {
    let error = error.chain().find_map(|cause| match cause.downcast_ref() {
        Some(KeptError::Open(error)) => Some(error),
        _ => cause.downcast_ref::<OpenError>(),
    })?;
    let OpenError::Missing { input: InputPath::File(path) } = error else { return None };
    let cli = Cli::command();
    let commands: Vec<_> = cli.get_subcommands().map(Command::get_name).collect();
    let name = path.to_str()?;
    if commands.contains(&name) {
        return Some(format!("{name} does not exist: if the command is meant, write it first"));
    }
    if let Some(near) = near_file(path) {
        return Some(format!("{name} does not exist: did you mean {near}?"));
    }
    let near = nearest(name, commands)?;
    Some(format!("{name} does not exist: did you mean the command {near}?"))
}

/// The file in the same folder whose name is nearest.
fn near_file(path: &Path) -> Option<String> {
    let (folder, name) = (path.parent()?, path.file_name()?.to_str()?);
    let listed = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let entries = fs::read_dir(listed).ok()?.take(MOST_NAMES).filter_map(Result::ok);
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let names: Vec<_> = names.filter(|found| !found.starts_with('.')).collect();
    let near = nearest(name, names.iter().map(String::as_str))?;
    Some(folder.join(near).display().to_string())
}
