//! From the state to cells. Nothing is decided here.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Paragraph};

use super::keymap::BINDINGS;
use super::layout::{self, MIN_COLUMNS, MIN_ROWS};
use super::screens::{connections, findings, graphs, ladder, packet, timeline};
use super::snapshot::Phase;
use super::state::{App, Mode, Screen};
use super::text;
use super::update::EXPORTS;
use crate::report::model::{Input, Severity};
use crate::units;

/// Draws everything.
pub fn draw(app: &App, frame: &mut Frame<'_>) {
    // The terminal may have changed its size a moment before it says so.
    if frame.area().as_size() != app.size {
        return;
    }
    if layout::is_too_small(app.size) {
        draw_too_small(app, frame);
        return;
    }
    let parts = layout::frame(app.size);
    draw_title(app, frame, parts.title);
    draw_tabs(app, frame, parts.tabs);
    draw_screens(app, frame);
    draw_status(app, frame, parts.status);
    draw_keys(app, frame, parts.keys);
    match app.mode {
        Mode::Help(line) => draw_help(app, frame, parts.body, line),
        Mode::Export(row) => draw_exports(app, frame, parts.body, row),
        Mode::Normal | Mode::Input(_) => {}
    }
    if app.theme.is_ascii() {
        text::make_ascii(frame.buffer_mut());
    }
}

fn draw_screens(app: &App, frame: &mut Frame<'_>) {
    let panes = layout::panes(app);
    if panes.connections.is_some() {
        connections::draw(app, frame);
    }
    if panes.timeline.is_some() {
        timeline::draw(app, frame);
    }
    if panes.ladder.is_some() {
        ladder::draw(app, frame);
    }
    if panes.graphs.is_some() {
        graphs::draw(app, frame);
    }
    if panes.findings.is_some() {
        findings::draw(app, frame);
    }
    if panes.packet.is_some() {
        packet::draw(app, frame);
    }
}

fn draw_too_small(app: &App, frame: &mut Frame<'_>) {
    let (width, height) = (app.size.width, app.size.height);
    let words =
        ["too small".to_owned(), format!("{width}x{height}, needed {MIN_COLUMNS}x{MIN_ROWS}")];
    let lines: Vec<_> = words.into_iter().map(Line::from).collect();
    frame.render_widget(Paragraph::new(lines), frame.area());
}

/// Words at the left, and others at the right of the same line.
fn draw_ends(app: &App, frame: &mut Frame<'_>, area: Rect, left: &str, right: &str, style: Style) {
    let right = text::fit(right, usize::from(area.width), app.theme.glyphs.more);
    let room = usize::from(area.width).saturating_sub(text::width(&right) + 1);
    let left = text::left(left, room, app.theme.glyphs.more);
    let line = Line::from(vec![Span::styled(left, style), Span::raw(" "), Span::raw(right)]);
    frame.render_widget(line, area);
}

fn draw_title(app: &App, frame: &mut Frame<'_>, area: Rect) {
    let source = &app.snapshot.source;
    let name = text::printable(&source.title);
    let mut left = format!(" mptcpscope  {name}");
    let where_we_are = match app.screen {
        Screen::Connections | Screen::Findings => {
            let packets = units::counted(source.frames, "packet");
            let ends = app.all_connections().iter().map(|c| c.start_t_ns + c.duration_ns);
            let span = ends.max().unwrap_or(0);
            format!("{packets}  {}", units::duration(span))
        }
        _ => app.connection().map_or(String::new(), |connection| {
            let version = match (connection.version, &connection.fallback) {
                (_, Some(_)) => "fell back to TCP".to_owned(),
                (Some(version), None) => format!("v{version}"),
                (None, None) => String::new(),
            };
            let (client, server) = (connection.client.address, connection.server.address);
            let between = app.theme.glyphs.between;
            format!("conn {}  {client} {between} {server}  {version}", connection.id)
        }),
    };
    left = format!("{left}  {where_we_are}");
    let phase = phase(app);
    draw_ends(app, frame, area, &left, &format!("{phase}  ? help "), app.theme.strong());
}

fn phase(app: &App) -> String {
    let frozen = if app.is_frozen { "FROZEN " } else { "" };
    match app.snapshot.source.phase {
        Phase::Loading { read, total: Some(total) } => {
            let part = units::percentage(read, total).unwrap_or_default();
            format!("{frozen}loading {part}")
        }
        Phase::Loading { total: None, .. } => format!("{frozen}loading"),
        Phase::Done => "done".to_owned(),
        Phase::Live { .. } if app.is_following && !app.is_frozen => "live, following".to_owned(),
        Phase::Live { .. } => format!("{frozen}live"),
    }
}

fn draw_tabs(app: &App, frame: &mut Frame<'_>, area: Rect) {
    let mut spans = vec![Span::raw(" ")];
    for (screen, number) in Screen::NUMBERED.into_iter().zip(1..) {
        let mut name = screen.name().to_owned();
        if screen == Screen::Findings {
            let bad = app.all_findings().iter().filter(|found| found.severity > Severity::Note);
            let bad = bad.count();
            if bad > 0 {
                name = format!("{name}({bad})");
            }
        }
        let is_shown = app.screen == screen;
        let (words, style) = if is_shown {
            (format!("[{number}]{name}"), app.theme.strong())
        } else {
            (format!(" {number} {name}"), Style::new())
        };
        spans.push(Span::styled(words, style));
        spans.push(Span::raw(" "));
    }
    if app.screen == Screen::Packet {
        spans.push(Span::styled("[Packet]", app.theme.strong()));
    }
    frame.render_widget(Line::from(spans), area);
}

fn draw_status(app: &App, frame: &mut Frame<'_>, area: Rect) {
    if let Mode::Input(typed) = &app.mode {
        let what = if super::update::is_filtering(app) { "filter" } else { "find" };
        let line = format!(" {what}: {typed}");
        frame.render_widget(Line::styled(line, app.theme.strong()), area);
        let column = 1 + what.len() + 2 + text::width(typed);
        let x = area.x + u16::try_from(column).unwrap_or(u16::MAX).min(area.width - 1);
        frame.set_cursor_position((x, area.y));
        return;
    }
    if let Some(message) = &app.message {
        let line = text::fit(message, usize::from(area.width) - 1, app.theme.glyphs.more);
        frame.render_widget(Line::styled(format!(" {line}"), app.theme.strong()), area);
        return;
    }
    let left = if app.filter.is_empty() {
        counts(app)
    } else {
        format!(" filter: {}", text::printable(app.filter.text()))
    };
    let notes = app.snapshot.source.notes.first().cloned().unwrap_or_default();
    draw_ends(app, frame, area, &left, &format!("{notes} "), app.theme.faint());
}

/// What was dropped or could not be read.
fn counts(app: &App) -> String {
    let mut words = Vec::new();
    if let Phase::Live { dropped } = app.snapshot.source.phase {
        words.push(format!("drops {}", dropped.map_or("?".to_owned(), units::count)));
    }
    let report = app.report();
    let sum = |of: fn(&Input) -> Option<u64>| -> u64 { report.inputs.iter().filter_map(of).sum() };
    let counts = [
        ("cut", sum(|input| input.truncated_packets)),
        ("undecoded", sum(|input| input.undecoded_packets)),
        ("fragments", sum(|input| input.ip_fragments)),
        ("copies", sum(|input| input.duplicate_packets)),
        ("plain TCP connections", report.totals.plain_tcp_connections),
    ];
    let counts = counts.iter().filter(|(_, count)| *count > 0);
    words.extend(counts.map(|(name, count)| format!("{name} {}", units::count(*count))));
    format!(" {}", words.join("  "))
}

/// As many keys as fit; help and back always do.
fn draw_keys(app: &App, frame: &mut Frame<'_>, area: Rect) {
    let shown = |label: &str| !matches!(label, "" | "help" | "back");
    let named = BINDINGS.iter().filter(|binding| binding.applies(app));
    let keys = named.clone().filter(|binding| shown(binding.label));
    let is_first = app.path.is_empty() && app.screen == Screen::Connections;
    let last = format!("? help  q {}", if is_first { "quit" } else { "back" });
    let room = usize::from(area.width).saturating_sub(text::width(&last) + 3);
    let mut line = String::from(" ");
    for binding in keys {
        let key = format!("{} {}  ", binding.name(app), binding.label);
        if text::width(&line) + text::width(&key) <= room {
            line.push_str(&key);
        }
    }
    frame.render_widget(Line::styled(format!("{line}{last}"), app.theme.faint()), area);
}

/// A pane with its name in the border, something at its right, and whether it has the keys.
pub fn pane<'a>(app: &App, title: &str, right: &str, is_focused: bool) -> Block<'a> {
    let style = if is_focused { app.theme.strong() } else { Style::new() };
    let mut block = Block::bordered()
        .border_set(app.theme.border())
        .border_style(if is_focused { Style::new() } else { app.theme.faint() })
        .title_top(Line::styled(format!(" {title} "), style));
    if !right.is_empty() {
        block = block.title_top(Line::raw(format!(" {right} ")).right_aligned());
    }
    block
}

/// Why a pane has nothing in it, in its middle.
pub fn empty(app: &App, frame: &mut Frame<'_>, area: Rect, words: &str) {
    let lines = text::wrap(words, usize::from(area.width.saturating_sub(4)));
    let lines: Vec<_> = lines.into_iter().map(|line| Line::raw(line).centered()).collect();
    let rows = u16::try_from(lines.len()).unwrap_or(u16::MAX).min(area.height);
    let y = area.y + (area.height - rows) / 2;
    let style = app.theme.faint();
    frame.render_widget(Paragraph::new(lines).style(style), Rect { y, height: rows, ..area });
}

/// `nothing`, unless there may be more to come.
pub fn waiting(app: &App, nothing: &str) -> String {
    match app.snapshot.source.phase {
        Phase::Loading { .. } => {
            "Reading…".replace('…', if app.theme.is_ascii() { "..." } else { "…" })
        }
        Phase::Done => nothing.to_owned(),
        Phase::Live { .. } => "Waiting for packets with MPTCP options.".to_owned(),
    }
}

/// A box over everything else.
fn overlay(app: &App, frame: &mut Frame<'_>, body: Rect, size: (u16, u16), title: &str) -> Rect {
    let (width, height) = (size.0.min(body.width), size.1.min(body.height));
    let x = body.x + (body.width - width) / 2;
    let y = body.y + (body.height - height) / 2;
    let area = Rect { x, y, width, height };
    frame.render_widget(Clear, area);
    let block = pane(app, title, "Esc closes", true);
    let inside = block.inner(area);
    frame.render_widget(block, area);
    inside
}

fn draw_help(app: &App, frame: &mut Frame<'_>, body: Rect, top: usize) {
    let here = BINDINGS.iter().filter(|binding| binding.applies(app));
    let lines: Vec<_> =
        here.map(|binding| format!(" {:<15}{}", binding.name(app), binding.help)).collect();
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(2);
    let title = format!("Keys {} {}", app.theme.glyphs.dot, app.screen.name());
    let inside = overlay(app, frame, body, (78, height), &title);
    let top = top.min(lines.len().saturating_sub(usize::from(inside.height)));
    for (line, y) in lines.iter().skip(top).zip(inside.y..inside.bottom()) {
        frame.render_widget(line.as_str(), Rect { y, height: 1, ..inside });
    }
}

fn draw_exports(app: &App, frame: &mut Frame<'_>, body: Rect, row: usize) {
    let inside = overlay(app, frame, body, (50, 6), "Export");
    for ((index, (_, words)), y) in EXPORTS.iter().enumerate().zip(inside.y..inside.bottom()) {
        let line = Rect { y, height: 1, ..inside };
        frame.render_widget(format!(" {words}"), line);
        if index == row {
            frame.buffer_mut().set_style(line, app.theme.selected());
            frame.buffer_mut().set_string(
                line.x,
                y,
                app.theme.glyphs.selected.to_string(),
                app.theme.selected(),
            );
        }
    }
}
