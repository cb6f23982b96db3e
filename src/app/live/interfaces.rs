//! Opening interfaces for the user: what the options mean, and what to do when it is not permitted.

use std::env;

use anyhow::{Result, anyhow};

pub(in crate::layers::app) use crate::capture::live::{LiveCapture as Interfaces, LiveStep};
use crate::capture::live::{LiveError, LiveOptions, interfaces};
use crate::cli::LiveArgs;

/// Opens the interfaces that the user named.
pub(super) fn open(args: &LiveArgs) -> Result<Interfaces> {
    let everything = args.write.is_some();
    let usual = if everything { LiveOptions::EVERYTHING } else { LiveOptions::HEADERS };
    let options = LiveOptions {
        interfaces: args.interfaces.clone(),
        filter: (!args.filter.is_empty()).then(|| args.filter.join(" ")),
        snaplen: args.snaplen.unwrap_or(usual),
        promiscuous: args.promiscuous,
        buffer: args.buffer,
    };
    open_with(&options)
}

/// Opens interfaces with these options.
pub(in crate::layers::app) fn open_with(options: &LiveOptions) -> Result<Interfaces> {
    Interfaces::open(options).map_err(explain)
}

/// The interfaces of this host, a line each.
pub(super) fn list() -> Result<String> {
    let mut text = String::new();
    for choice in interfaces()? {
        let addresses: Vec<_> = choice.addresses.iter().map(ToString::to_string).collect();
        let state = if choice.up { "up" } else { "down" };
        let rest = choice.description.into_iter().chain([addresses.join(", ")]);
        let rest: Vec<_> = rest.filter(|part| !part.is_empty()).collect();
        let line = format!("{:<15} {state:<5} {}", choice.name, rest.join(" · "));
        text.push_str(line.trim_end());
        text.push('\n');
    }
    Ok(text)
}

/// What is not permitted can be: says how.
fn explain(error: LiveError) -> anyhow::Error {
    if !matches!(error, LiveError::Permission { .. }) {
        return error.into();
    }
    let program = env::current_exe().unwrap_or_else(|_| "mptcpscope".into());
    let program = program.display();
    anyhow!(
        "{error}: run this once: sudo setcap cap_net_raw=ep {program} (or run mptcpscope as root)"
    )
}
