//! What is wrong with a command line, in one sentence that says what to do next.

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, CommandFactory, Error};

use crate::cli::Cli;
use crate::nearest::nearest;

/// The sentence.
pub(super) fn sentence(error: &Error) -> String {
    let context = Context { error };
    match error.kind() {
        ErrorKind::UnknownArgument => unknown(&context),
        ErrorKind::InvalidValue => invalid_value(&context),
        ErrorKind::ValueValidation => {
            let (option, value) = (context.option(), context.text(ContextKind::InvalidValue));
            let reason = std::error::Error::source(error).map(ToString::to_string);
            let reason = reason.unwrap_or_else(|| "check how it is written".to_owned());
            let is_option = option.starts_with('-');
            if is_option {
                format!("{option} {value}: {reason}")
            } else {
                format!("{value}: {reason}")
            }
        }
        ErrorKind::MissingRequiredArgument => {
            let missing = context.list(ContextKind::InvalidArg);
            let verb = if missing.len() > 1 { "are" } else { "is" };
            format!("{} {verb} missing: {}", missing.join(" and "), context.see_help())
        }
        ErrorKind::ArgumentConflict => conflict(&context),
        ErrorKind::InvalidUtf8 => {
            "an argument is no text: only names of files may be that".to_owned()
        }
        _ => other(error, &context),
    }
}

/// What clap tells of an error, piece by piece.
struct Context<'a> {
    error: &'a Error,
}

impl Context<'_> {
    fn text(&self, kind: ContextKind) -> String {
        self.list(kind).join(", ")
    }

    fn list(&self, kind: ContextKind) -> Vec<String> {
        match self.error.get(kind) {
            Some(ContextValue::String(text)) => vec![text.clone()],
            Some(ContextValue::Strings(texts)) => texts.clone(),
            _ => Vec::new(),
        }
    }

    /// The option in question, without its value: `--color`.
    fn option(&self) -> String {
        let argument = self.text(ContextKind::InvalidArg);
        argument
            .split([' ', '='])
            .next()
            .unwrap_or_default()
            .trim_matches(['[', ']', '<', '>', '.'])
            .to_owned()
    }

    /// The command that was given, as clap's line of usage names it.
    fn command(&self) -> Command {
        let mut cli = Cli::command();
        cli.build();
        let usage = self.error.get(ContextKind::Usage).map(ToString::to_string).unwrap_or_default();
        let name = usage.split_whitespace().skip_while(|word| *word != "mptcpscope").nth(1);
        let found = name.and_then(|name| cli.find_subcommand(name)).cloned();
        found.unwrap_or(cli)
    }

    fn see_help(&self) -> String {
        let command = self.command();
        match command.get_name() {
            "mptcpscope" => "mptcpscope --help shows how".to_owned(),
            name => format!("mptcpscope {name} --help shows how"),
        }
    }
}

fn unknown(context: &Context<'_>) -> String {
    let argument = context.text(ContextKind::InvalidArg);
    if !argument.starts_with('-') {
        return format!("{argument} is one word too many: {}", context.see_help());
    }
    let command = context.command();
    let options = command.get_arguments().filter_map(|option| option.get_long());
    let options: Vec<_> = options.map(|option| format!("--{option}")).collect();
    let near = nearest(&argument, options.iter().map(String::as_str));
    if let Some(near) = near {
        return format!("there is no option {argument}: did you mean {near}?");
    }
    let other = owner(&argument).filter(|owner| owner.get_name() != command.get_name());
    match (other, command.get_name()) {
        (Some(other), "mptcpscope") => {
            let name = other.get_name();
            format!("{argument} is an option of {name}: write mptcpscope {name} {argument}")
        }
        (Some(other), name) => {
            format!("{argument} is an option of {}, not of {name}", other.get_name())
        }
        (None, _) => format!("there is no option {argument}: {}", context.see_help()),
    }
}

/// A command that has this option.
fn owner(option: &str) -> Option<Command> {
    let long = option.strip_prefix("--")?;
    let mut cli = Cli::command();
    cli.build();
    let has =
        |command: &&Command| command.get_arguments().any(|found| found.get_long() == Some(long));
    cli.get_subcommands().find(has).cloned()
}

fn invalid_value(context: &Context<'_>) -> String {
    let (option, value) = (context.option(), context.text(ContextKind::InvalidValue));
    let valid = context.list(ContextKind::ValidValue);
    let values = match valid.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => "one".to_owned(),
    };
    if value.is_empty() {
        let what = if valid.is_empty() { context.see_help() } else { values };
        return format!("{option} needs a value: {what}");
    }
    match nearest(&value, valid.iter().map(String::as_str)) {
        Some(near) => format!("{option} is never {value}: did you mean {near}?"),
        None => format!("{option} is never {value}: write {values}"),
    }
}

fn conflict(context: &Context<'_>) -> String {
    let (option, prior) = (context.option(), context.list(ContextKind::PriorArg));
    let prior: Vec<_> = prior.iter().filter_map(|prior| prior.split([' ', '=']).next()).collect();
    if prior.is_empty() || prior == [option.as_str()] {
        return format!("{option} may be given once: leave the others out");
    }
    format!("{option} does not go with {}: leave one of them out", prior.join(" and "))
}

/// The first line of what clap says.
fn other(error: &Error, context: &Context<'_>) -> String {
    let text = error.to_string();
    let first = text.lines().next().unwrap_or_default();
    let first = first.strip_prefix("error: ").unwrap_or(first);
    format!("{first}: {}", context.see_help())
}
