//! From the words of the command line to what it asks for.

mod usage;

use std::env;
use std::ffi::{OsStr, OsString};

use clap::error::ErrorKind;
use clap::{ArgAction, Command, CommandFactory, FromArgMatches};

use super::output::to_stderr;
use crate::cli::Cli;
use crate::printable::printable;

/// What the command line asks for; where it is wrong, says so and ends the program.
pub(super) fn parse() -> Cli {
    let arguments: Vec<_> = env::args_os().collect();
    try_parse(&arguments).unwrap_or_else(|error| {
        // The message repeats arguments, so they are read once more in a form that can be shown.
        let shown = arguments.iter().map(|word| printable(&word.to_string_lossy()).into());
        let error = try_parse(&shown.collect::<Vec<OsString>>()).err().unwrap_or(error);
        match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => error.exit(),
            _ => {
                to_stderr(usage::sentence(&error));
                std::process::exit(2)
            }
        }
    })
}

fn try_parse(arguments: &[OsString]) -> Result<Cli, clap::Error> {
    let mut command = Cli::command();
    let arranged = command_first(&command, arguments);
    let mut matches = command.try_get_matches_from_mut(arranged)?;
    Cli::from_arg_matches_mut(&mut matches)
}

/// The same words with the command first: options of it may stand before it as well.
fn command_first(cli: &Command, arguments: &[OsString]) -> Vec<OsString> {
    let mut arranged = arguments.to_vec();
    let is_its = |(at, word): &(usize, &OsString)| {
        let name = word.to_str().unwrap_or_default();
        let command = cli.get_subcommands().find(|command| command.get_name() == name);
        let before = arguments.get(1..*at).unwrap_or_default();
        command.is_some_and(|command| are_options(cli, command, before))
    };
    let places = arguments.iter().enumerate().take(MOST_BEFORE).skip(2);
    if let Some((at, _)) = places.into_iter().find(is_its) {
        let name = arranged.remove(at);
        arranged.insert(1, name);
    }
    arranged
}

/// Most words before a command.
const MOST_BEFORE: usize = 30;

/// Whether all of these words are options that `command` knows, with their values.
fn are_options(cli: &Command, command: &Command, words: &[OsString]) -> bool {
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let Some(has_value_behind) = option(cli, command, word) else { return false };
        if has_value_behind && words.next().is_none() {
            return false;
        }
    }
    true
}

/// Whether the value of this option is the next word; `None` if it is no option.
fn option(cli: &Command, command: &Command, word: &OsStr) -> Option<bool> {
    let name = word.to_str()?.strip_prefix("--")?;
    let (name, has_value) = name.split_once('=').map_or((name, false), |(name, _)| (name, true));
    let globals = cli.get_arguments().filter(|option| option.is_global_set());
    let mut known = command.get_arguments().chain(globals);
    let option = known.find(|option| option.get_long() == Some(name))?;
    let takes_value = matches!(option.get_action(), ArgAction::Set | ArgAction::Append);
    Some(takes_value && !has_value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arranged(line: &str) -> String {
        let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        let words = command_first(&Cli::command(), &words);
        words.join(OsStr::new(" ")).into_string().unwrap()
    }

    #[test]
    fn global_options_may_stand_before_the_command() {
        for (typed, meant) in [
            ("m --color never report a.pcap", "m report --color never a.pcap"),
            ("m --color=never --time delta packets a", "m packets --color=never --time delta a"),
            (
                "m --filter tcp.port==1 --sort bytes list a",
                "m list --filter tcp.port==1 --sort bytes a",
            ),
            ("m --json - report a.pcap", "m report --json - a.pcap"),
            ("m --json host", "m host --json"),
            // No command, or none in this place.
            ("m --color never a.pcap", "m --color never a.pcap"),
            ("m --color never ./report", "m --color never ./report"),
            ("m a.pcap report", "m a.pcap report"),
            ("m --json report a.pcap", "m --json report a.pcap"),
            ("m --color", "m --color"),
            ("m report --color never a", "m report --color never a"),
        ] {
            assert_eq!(arranged(typed), meant);
        }
    }
}
