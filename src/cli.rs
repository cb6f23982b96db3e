//! The command line as clap reads it: which commands and flags there are, and their help. No logic.

mod decode_as;
mod list;
mod packets;
mod space;

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::str::FromStr;

use clap::builder::{PossibleValue, TypedValueParser};
use clap::{Arg, Args, Error, Parser, Subcommand, ValueEnum};

use crate::analyze::finding::Code;
use crate::nearest::nearest;
use crate::units::parse;
pub use decode_as::DecodeArgs;
pub use list::ListArgs;
pub use packets::{FollowArgs, PacketsArgs, Side, SpoolArgs};
pub use space::{DssWord, HandshakeWord, SpaceArgs, Switch};

/// Explains Multipath TCP in packet captures
#[derive(Debug, Parser)]
#[command(
    version,
    max_term_width = 100,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    disable_help_subcommand = true,
    override_usage = "mptcpscope [OPTIONS] CAPTURE...\n       mptcpscope <COMMAND> [OPTIONS]",
    after_help = "Exit status: 0 done, 1 see --fail-on, 2 error. More with --help.",
    after_long_help = AFTER_HELP,
)]
pub struct Cli {
    /// What to do, if it is not `report`.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// What `report` does, without its name.
    #[command(flatten)]
    pub report: ReportArgs,
    /// What counts for every command.
    #[command(flatten)]
    pub global: GlobalArgs,
    /// Print shell completions, the man page or the JSON schema, and do nothing else
    #[arg(long, value_name = "WHAT", exclusive = true)]
    pub generate: Option<Generate>,
}

/// Options that may stand before the command and after it.
#[derive(Debug, Clone, Copy, Args)]
pub struct GlobalArgs {
    /// When to use colour
    #[arg(long, value_name = "WHEN", default_value = "auto", global = true)]
    pub color: Color,
    /// What times of text count from
    #[arg(long, value_name = "STYLE", default_value = "relative", global = true)]
    pub time: TimeWord,
}

/// What stands at the end of `--help` and of the man page.
pub const AFTER_HELP: &str = "\
EXIT STATUS
  0  done; also when a capture is cut off or has broken packets: the report says what was skipped
  1  only with --fail-on: there is a finding at or above that level
  2  error: a bad flag, a file that cannot be read or is no capture, an output that cannot be written

EXAMPLES
  mptcpscope phone.pcapng                     what happened, in words
  mptcpscope client.pcap.gz server.pcap.gz    both ends, merged by time
  mptcpscope report --json - phone.pcapng     the same facts for programs
  mptcpscope packets phone.pcapng             every MPTCP option with all its fields
  mptcpscope packets --csv --all-segments phone.pcapng >rows.csv
                                              a row for each segment of its connections
  mptcpscope list --sort bytes phone.pcapng   one line a connection, the largest first
  mptcpscope report --filter 'tcp.port==443 and severity>=warning' phone.pcapng
                                              only some of them; more: mptcpscope help filter
  mptcpscope explain single-path              what a finding means, and what to do
  mptcpscope follow phone.pcapng --connection 0 --from server >file
                                              what the server sent
  mptcpscope tui phone.pcapng                 browse it on the terminal
  mptcpscope live -i eth0 -i wlan0            what happens, as it happens
  ssh host tcpdump -U -w - tcp | mptcpscope live -
                                              the same from a pipe
  mptcpscope space --ipv6 --port              does this ADD_ADDR fit beside timestamps?
  mptcpscope ./report                         a file that is named like a command";

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Analyse captures and say what happened (this is also done without its name)
    Report(ReportArgs),
    /// Print one line per connection, sorted and with the columns that are asked for
    List(ListArgs),
    /// Print one row per segment that carries MPTCP options, with every field
    Packets(PacketsArgs),
    /// Explain a finding: meaning, how it is recognised, causes, what to do; without CODE list all
    Explain(ExplainArgs),
    /// Write the data that one host sent on a connection, reassembled from all subflows
    Follow(FollowArgs),
    /// Capture on interfaces, or read a live pipe, and print events as they happen
    Live(LiveArgs),
    /// Browse captures, or a live capture, on the terminal
    #[cfg(feature = "tui")]
    Tui(TuiArgs),
    /// Show the MPTCP settings, endpoints, limits and counters of this host, explained
    Host(HostArgs),
    /// Calculate whether ADD_ADDR and other options fit into a TCP header
    Space(SpaceArgs),
    /// Print help for a command, for the filter language, or for the code of a finding
    Help(HelpArgs),
}

/// Arguments of `report`.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// Which captures.
    #[command(flatten)]
    pub inputs: Inputs,
    /// Where it goes.
    #[command(flatten)]
    pub outputs: ReportOutputs,
    /// Which connections.
    #[command(flatten)]
    pub filter: FilterArgs,
    /// Show only the connection with this number in the text
    #[arg(long, value_name = "N")]
    pub connection: Option<u64>,
    /// Show every connection in full, also those without a warning or an error
    #[arg(long, conflicts_with = "connection")]
    pub all: bool,
    /// Reassemble the streams and add their SHA-256 to the JSON (takes longer)
    #[arg(long)]
    pub streams: bool,
    /// Add time series (throughput, in flight, RTT, DSN) to the JSON
    #[arg(long)]
    pub series: bool,
    /// Read keys from FILE, for connections whose handshake is not in the capture
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub keys: Option<PathBuf>,
    /// Use what `host --json` printed on one of the hosts; it also goes into the JSON
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub host: Option<PathBuf>,
    /// Which findings.
    #[command(flatten)]
    pub findings: FindingArgs,
}

/// Which rows are wanted.
#[derive(Debug, Args)]
pub struct FilterArgs {
    /// Only what satisfies EXPRESSION, such as 'tcp.port==443 and bytes>1MB'
    #[arg(id = "expression", long = "filter", value_name = "EXPRESSION")]
    pub filter: Option<String>,
}

/// Files that a report is written to, one flag for each format.
#[derive(Debug, Args)]
pub struct ReportOutputs {
    /// Write the report as JSON to FILE; - is standard output, in place of the text
    #[arg(long, value_name = "FILE")]
    pub json: Option<OsString>,
}

/// Which findings are shown, and which of them make the run fail.
#[derive(Debug, Args)]
pub struct FindingArgs {
    /// Exit with status 1 if there is a finding at or above LEVEL
    #[arg(long, value_name = "LEVEL")]
    pub fail_on: Option<Level>,
    /// Leave out findings below LEVEL
    #[arg(long, value_name = "LEVEL")]
    pub min_severity: Option<Level>,
    /// Show only findings with this code (several with commas between them)
    #[arg(
        long,
        value_name = "CODE",
        value_delimiter = ',',
        value_parser = CodeParser,
        hide_possible_values = true
    )]
    pub only: Vec<Code>,
    /// Leave out findings with this code (several with commas between them)
    #[arg(
        long,
        value_name = "CODE",
        value_delimiter = ',',
        value_parser = CodeParser,
        hide_possible_values = true
    )]
    pub ignore: Vec<Code>,
    /// Also report RFC deviations common in healthy hosts
    #[arg(long)]
    pub strict: bool,
}

/// Reads the code of a finding, and lists all codes to shell completions.
#[derive(Debug, Clone, Copy)]
struct CodeParser;

impl TypedValueParser for CodeParser {
    type Value = Code;

    fn parse_ref(
        &self,
        cmd: &clap::Command,
        arg: Option<&Arg>,
        value: &OsStr,
    ) -> Result<Code, Error> {
        code_of.parse_ref(cmd, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(Code::ALL.iter().map(|code| PossibleValue::new(code.name()))))
    }
}

fn code_of(name: &str) -> Result<Code, String> {
    let names = Code::ALL.iter().map(|code| code.name());
    Code::from_str(name).map_err(|_| match nearest(name, names) {
        Some(near) => format!("there is no such finding: did you mean {near}?"),
        None => "there is no such finding: mptcpscope explain lists all".to_owned(),
    })
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Level {
    /// A fact that explains other things
    Note,
    /// MPTCP works, but not as its owner wants
    Warning,
    /// MPTCP does not work, or data is damaged
    Error,
}

/// Arguments of `help`.
#[derive(Debug, Args)]
pub struct HelpArgs {
    /// A command, `filter`, or the code of a finding
    pub topic: Option<String>,
}

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// The code of the finding, as the report names it
    #[arg(value_parser = CodeParser, hide_possible_values = true)]
    pub code: Option<Code>,
}

/// Arguments of `live`.
#[derive(Debug, Args)]
#[command(
    override_usage = "mptcpscope live -i INTERFACE [-i INTERFACE]... [OPTIONS] [FILTER]...\n       \
                      mptcpscope live [OPTIONS] -",
    mut_arg("json", |arg| {
        arg.help("Write the report to FILE as JSON; - is standard output, in place of all text")
    })
)]
pub struct LiveArgs {
    /// Capture on this interface; may be given several times; any stands for all
    #[arg(short, long = "interface", value_name = "INTERFACE")]
    pub interfaces: Vec<String>,
    /// A filter as in tcpdump; - reads a capture from standard input as it comes
    #[arg(value_name = "FILTER")]
    pub filter: Vec<String>,
    /// What is in the packets.
    #[command(flatten)]
    pub decode: DecodeArgs,
    /// List the interfaces, and do nothing else
    #[arg(long)]
    pub list_interfaces: bool,
    /// Write the packets to FILE, as pcapng
    #[arg(short, long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub write: Option<PathBuf>,
    /// Begin another file at this size or age: 100MB, 10m; may be given twice
    #[arg(long, value_name = "WHEN", requires = "write", value_parser = parse_rotate)]
    pub rotate: Vec<Rotate>,
    /// Keep the last N files, and remove older ones
    #[arg(long, value_name = "N", requires = "rotate", value_parser = positive)]
    pub keep: Option<usize>,
    /// Stop after this time: 8s, 10m, 2h
    #[arg(long, value_name = "TIME", value_parser = parse::duration_ns)]
    pub duration: Option<i64>,
    /// Stop after N packets
    #[arg(long, value_name = "N")]
    pub count: Option<u64>,
    /// Bytes kept of each packet [default: 256, all headers; with --write: all]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(64..=262_144))]
    pub snaplen: Option<u32>,
    /// Size of the kernel's capture buffer, for each interface
    #[arg(long, value_name = "SIZE", default_value = "32MiB", value_parser = buffer)]
    pub buffer: u32,
    /// Also capture packets for other hosts (promiscuous mode)
    #[arg(long)]
    pub promiscuous: bool,
    /// Switch to this user once the interfaces are open
    #[arg(long, value_name = "NAME")]
    pub user: Option<String>,
    /// Which lines and connections.
    #[command(flatten)]
    pub lines: FilterArgs,
    /// Print one JSON object per event, and no report at the end
    #[arg(long)]
    pub jsonl: bool,
    /// Where the report goes.
    #[command(flatten)]
    pub outputs: ReportOutputs,
    /// Time between two summaries
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = parse::duration_ns)]
    pub summary: i64,
    /// What is remembered, and for how long.
    #[command(flatten)]
    pub eviction: AgeingArgs,
}

/// Arguments of `tui`.
#[cfg(feature = "tui")]
#[derive(Debug, Args)]
#[command(override_usage = "mptcpscope tui [OPTIONS] CAPTURE...\n       \
                      mptcpscope tui -i INTERFACE [-i INTERFACE]... [OPTIONS] [FILTER]...")]
pub struct TuiArgs {
    /// Captures, - for standard input; with -i a filter as in tcpdump
    #[arg(value_name = "CAPTURE", value_hint = clap::ValueHint::FilePath)]
    pub captures: Vec<OsString>,
    /// What is in the packets.
    #[command(flatten)]
    pub decode: DecodeArgs,
    /// Capture on this interface; may be given several times; any stands for all
    #[arg(short, long = "interface", value_name = "INTERFACE")]
    pub interfaces: Vec<String>,
    /// Bytes kept of each packet [default: 256, all headers]
    #[arg(long, value_name = "N", requires = "interfaces", value_parser = clap::value_parser!(u32).range(64..=262_144))]
    pub snaplen: Option<u32>,
    /// Size of the kernel's capture buffer, for each interface
    #[arg(long, value_name = "SIZE", default_value = "32MiB", value_parser = buffer)]
    pub buffer: u32,
    /// Also capture packets for other hosts (promiscuous mode)
    #[arg(long, requires = "interfaces")]
    pub promiscuous: bool,
    /// Switch to this user once the interfaces are open
    #[arg(long, value_name = "NAME", requires = "interfaces")]
    pub user: Option<String>,
    /// What is remembered of a live capture, and for how long.
    #[command(flatten)]
    pub eviction: AgeingArgs,
    /// How much of what is no file can be shown again.
    #[command(flatten)]
    pub spool: SpoolArgs,
    /// Draw with ASCII only, for terminals without Unicode
    #[arg(long)]
    pub ascii: bool,
}

/// How long `live` remembers connections.
#[derive(Debug, Clone, Args)]
pub struct AgeingArgs {
    /// Forget closed connections this long after their last packet
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = parse::duration_ns)]
    pub forget_closed: i64,
    /// Forget connections that never got through this long after their last packet
    #[arg(long, value_name = "TIME", default_value = "3m", value_parser = parse::duration_ns)]
    pub forget_half_open: i64,
    /// Forget open connections this long after their last packet
    #[arg(long, value_name = "TIME", default_value = "1d", value_parser = parse::duration_ns)]
    pub forget_idle: i64,
    /// Remember at most this many connections
    #[arg(long, value_name = "N", default_value = "50000", value_parser = positive)]
    pub max_connections: usize,
}

/// When `live --write` begins another file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotate {
    /// At this many octets.
    Size(u64),
    /// At this age, in nanoseconds.
    Age(i64),
}

fn parse_rotate(text: &str) -> Result<Rotate, String> {
    let age = parse::duration_ns(text).map(Rotate::Age);
    age.or_else(|_| parse::size(text).map(Rotate::Size))
        .map_err(|_| "write a size like 100MB, or an age like 10m".to_owned())
}

/// What libpcap takes: up to 2 GiB.
fn buffer(text: &str) -> Result<u32, String> {
    let size = parse::size(text).ok().filter(|octets| (1..1 << 31).contains(octets));
    size.and_then(|octets| u32::try_from(octets).ok())
        .ok_or_else(|| "write a size below 2 GB, like 64MB".to_owned())
}

fn positive(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|number| *number > 0).ok_or_else(|| "write a number from 1".to_owned())
}

/// Arguments of `host`.
#[derive(Debug, Args)]
pub struct HostArgs {
    /// Print JSON, for `report --host`
    #[arg(long)]
    pub json: bool,
}

/// The captures to read.
#[derive(Debug, Args)]
pub struct Inputs {
    /// Captures: pcap or pcapng, plain or as gz, zst, xz or lz4; - is standard input
    #[arg(value_name = "CAPTURE", value_hint = clap::ValueHint::FilePath)]
    pub captures: Vec<OsString>,
    /// What is in their packets.
    #[command(flatten)]
    pub decode: DecodeArgs,
}

/// When text has colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// What times count from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TimeWord {
    /// UTC, as the clock of the capture had it
    Absolute,
    /// Seconds since the first packet of the capture
    Relative,
    /// Seconds since the line before
    Delta,
}

/// What `--generate` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Generate {
    /// Completions for bash
    #[value(alias = "complete-bash")]
    Bash,
    /// Completions for zsh
    #[value(alias = "complete-zsh")]
    Zsh,
    /// Completions for fish
    #[value(alias = "complete-fish")]
    Fish,
    /// Completions for PowerShell
    #[value(alias = "complete-powershell", name = "powershell")]
    PowerShell,
    /// Completions for elvish
    #[value(alias = "complete-elvish")]
    Elvish,
    /// The man page
    Man,
    /// The JSON Schema of the report
    Schema,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn clap_finds_no_contradiction() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_flag_has_one_line_of_help() {
        let command = Cli::command();
        for command in [&command].into_iter().chain(command.get_subcommands()) {
            for argument in command.get_arguments() {
                let help = argument.get_help().map(ToString::to_string);
                let help = help.unwrap_or_default();
                let name = argument.get_id();
                assert!(!help.is_empty(), "{name} has no help");
                assert!(!help.contains('\n') && help.len() <= 80, "{name}: {help}");
            }
        }
    }

    #[test]
    fn a_capture_without_a_command_is_a_report() {
        let cli = Cli::try_parse_from(["mptcpscope", "a.pcap", "./report"]).unwrap();
        assert!(cli.command.is_none());
        assert_eq!(cli.report.inputs.captures, ["a.pcap", "./report"]);
    }
}
