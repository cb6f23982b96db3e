//! What is on the screens, as files in the current folder.

mod packets;

use std::fs::File;
use std::io::{BufWriter, ErrorKind, Write};
use std::path::PathBuf;

use anyhow::{Result, anyhow, bail};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use crate::analyze::display_filter;
use crate::app::output::unwritable;
use crate::capture::PacketReader;
use crate::report::json;
use crate::tui::action::Export;
use crate::tui::widgets::text;
use crate::tui::{App, draw};
use crate::units;

/// Writes what is wanted to a new file; says in a sentence what was written where.
pub(super) fn write(app: &App, reader: &PacketReader, what: Export) -> Result<String> {
    match what {
        Export::Screen => screen(app),
        Export::Json => report(app),
        Export::Filter => filter(app),
        Export::Packets => packets(app, reader),
    }
}

fn screen(app: &App) -> Result<String> {
    let mut terminal =
        Terminal::new(TestBackend::new(app.shared.size.width, app.shared.size.height))?;
    terminal.draw(|frame| draw(app, frame))?;
    let words = text::of_buffer(terminal.backend().buffer());
    let path = create("screen", "txt", |out| out.write_all(words.as_bytes()))?;
    Ok(format!("this screen is in {path}"))
}

fn report(app: &App) -> Result<String> {
    let report = &app.shared.snapshot.report;
    let path = create("report", "json", |mut out| json::write(report, &mut out))?;
    Ok(format!("the report is in {path}"))
}

/// The filter of the finding in focus, or else one for the connection.
fn filter(app: &App) -> Result<String> {
    let connection = app.shared.connection().ok_or_else(|| anyhow!("no connection is selected"))?;
    let flows = connection
        .subflows
        .iter()
        .map(|subflow| (subflow.client.endpoint(), subflow.server.endpoint()));
    let filter = display_filter::of_flows(flows).unwrap_or_default();
    let name = format!("connection-{}", connection.id);
    let path = create(&name, "filter", |out| writeln!(out, "{filter}"))?;
    Ok(format!("{path}: {filter}"))
}

/// All packets of the connection, for other programs.
fn packets(app: &App, reader: &PacketReader) -> Result<String> {
    let connection = app.shared.connection().ok_or_else(|| anyhow!("no connection is selected"))?;
    let index = app.shared.position_of(connection.id).unwrap_or_default();
    let (path, _) = new_file(&format!("connection-{}", connection.id), "pcapng")?;
    let shown = path.display().to_string();
    let counts = packets::write(&app.shared.snapshot, index, reader, &path);
    let counts = counts.map_err(|error| unwritable(&shown, error))?;
    let written = units::counted(counts.written, "packet");
    let gone = match counts.gone {
        0 => String::new(),
        gone => format!("; {} not kept any more", units::counted(gone, "packet")),
    };
    Ok(format!("{written} in {shown}{gone}"))
}

/// Creates a file of that name, or with a number behind it, and never writes over one.
fn create(
    name: &str,
    extension: &str,
    write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>,
) -> Result<String> {
    let (path, file) = new_file(name, extension)?;
    let shown = path.display().to_string();
    let mut out = BufWriter::new(file);
    write(&mut out).and_then(|()| out.flush()).map_err(|error| unwritable(&shown, error))?;
    Ok(shown)
}

fn new_file(name: &str, extension: &str) -> Result<(PathBuf, File)> {
    /// Files of one name.
    const MOST: u32 = 1000;
    for number in 1..MOST {
        let path = if number == 1 {
            PathBuf::from(format!("mptcpscope-{name}.{extension}"))
        } else {
            PathBuf::from(format!("mptcpscope-{name}-{number}.{extension}"))
        };
        match File::create_new(&path) {
            Ok(file) => return Ok((path, file)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(unwritable(&path.display().to_string(), error)),
        }
    }
    bail!("there are {MOST} files of this name already: move them away")
}
