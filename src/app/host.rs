//! `host`: what this host itself says of MPTCP.

use std::io::{self, Write};
use std::path::Path;

use anyhow::{Context, Result, bail};

use super::output;
use crate::cli::HostArgs;
use crate::host::{EndpointFlag, HostReader, HostSnapshot};

pub(super) fn run(args: &HostArgs) -> Result<()> {
    let host = HostReader::open().read();
    output::to_stdout(|out| {
        if args.json {
            serde_json::to_writer_pretty(&mut *out, &host)?;
            writeln!(out)
        } else {
            write(&host, out)
        }
    })
}

/// Reads what `host --json` printed elsewhere: as it stands there, and as far as it is understood.
pub(super) fn read(path: &Path) -> Result<(serde_json::Value, HostSnapshot)> {
    let name = path.display();
    let text = std::fs::read_to_string(path).with_context(|| {
        format!("{name}: can't be read: give what mptcpscope host --json printed")
    })?;
    let value = serde_json::from_str::<serde_json::Value>(&text).ok();
    let value = value.filter(|value| value.get("sysctls").is_some());
    let snapshot = value.clone().and_then(|value| serde_json::from_value(value).ok());
    match value.zip(snapshot) {
        Some(read) => Ok(read),
        None => bail!("{name} is not what mptcpscope host --json prints"),
    }
}

fn write(host: &HostSnapshot, out: &mut dyn Write) -> io::Result<()> {
    if let Some(kernel) = &host.kernel {
        writeln!(out, "kernel {kernel}")?;
    }
    if let Some(limits) = host.limits {
        let (subflows, accepted) = (limits.subflows, limits.add_addr_accepted);
        writeln!(out, "limits subflows {subflows}, add_addr_accepted {accepted}")?;
    }
    for endpoint in host.endpoints.iter().flatten() {
        let port = endpoint.port.map(|port| format!(" port {port}")).unwrap_or_default();
        let flags: Vec<_> = endpoint.flags.iter().map(|flag| name(*flag)).collect();
        writeln!(out, "endpoint {} {}{port} {}", endpoint.id, endpoint.address, flags.join(" "))?;
    }
    writeln!(out)?;
    for (name, value) in &host.sysctls {
        writeln!(out, "{name} = {value}")?;
    }
    let moved: Vec<_> = host.counters.iter().filter(|(_, count)| **count > 0).collect();
    if !moved.is_empty() {
        writeln!(out)?;
    }
    for (name, count) in moved {
        writeln!(out, "MPTcpExt{name} {count}")?;
    }
    writeln!(out)?;
    for sentence in &host.advice {
        writeln!(out, "- {sentence}")?;
    }
    if host.advice.is_empty() {
        writeln!(out, "No problem with MPTCP on this host.")?;
    }
    Ok(())
}

const fn name(flag: EndpointFlag) -> &'static str {
    match flag {
        EndpointFlag::Signal => "signal",
        EndpointFlag::Subflow => "subflow",
        EndpointFlag::Backup => "backup",
        EndpointFlag::Fullmesh => "fullmesh",
        EndpointFlag::Implicit => "implicit",
        EndpointFlag::Laminar => "laminar",
    }
}
