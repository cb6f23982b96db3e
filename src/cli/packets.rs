//! Flags of the commands that read their inputs twice.

use clap::{Args, ValueEnum};

use super::Inputs;
use crate::units::parse;

/// What stands at the end of `packets --help`.
const AFTER_PACKETS: &str = "\
The inputs are read twice, because which connection a segment belongs to is certain only at their end; a pipe is kept \
on the disk meanwhile. Lines of text from a pipe come as it fills, without what only its end shows; \
--jsonl, --csv, --relative and --all-segments wait for the end, unless there is --stream.";

/// Arguments of `packets`.
#[derive(Debug, Args)]
#[command(after_help = AFTER_PACKETS)]
#[expect(clippy::struct_excessive_bools, reason = "flags")]
pub struct PacketsArgs {
    /// Which captures.
    #[command(flatten)]
    pub inputs: Inputs,
    /// Print one JSON object per line
    #[arg(long)]
    pub jsonl: bool,
    /// Print comma-separated values, with a line of names first
    #[arg(long, conflicts_with = "jsonl")]
    pub csv: bool,
    /// Also the segments without MPTCP options of the connections in the report
    #[arg(long)]
    pub all_segments: bool,
    /// Print each row as it comes, without what only the end of the input shows
    #[arg(long, conflicts_with_all = ["all_segments", "relative"])]
    pub stream: bool,
    /// Count sequence numbers and DSNs from where their flow and their stream begin
    #[arg(long)]
    pub relative: bool,
    /// How much of a pipe is kept.
    #[command(flatten)]
    pub spool: SpoolArgs,
}

/// Arguments of `follow`.
#[derive(Debug, Args)]
pub struct FollowArgs {
    /// Which captures.
    #[command(flatten)]
    pub inputs: Inputs,
    /// The connection, by its number in the report
    #[arg(long, value_name = "N")]
    pub connection: u64,
    /// Whose data to write
    #[arg(long, value_name = "SIDE")]
    pub from: Side,
    /// How much of a pipe is kept.
    #[command(flatten)]
    pub spool: SpoolArgs,
}

/// A host of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Side {
    /// The one that opened the connection
    Client,
    /// The other one
    Server,
}

/// How much of a pipe is kept on the disk.
#[derive(Debug, Clone, Default, Args)]
pub struct SpoolArgs {
    /// Disk space for a pipe that is read again [default: half of what is free]
    #[arg(long, value_name = "SIZE", value_parser = parse::size)]
    pub spool: Option<u64>,
}
