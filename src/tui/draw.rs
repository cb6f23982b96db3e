//! From the state to cells. Nothing is decided here.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::app::{App, Mode};
use super::help;
use super::keymap::BINDINGS;
use super::layout::{self, MIN_COLUMNS, MIN_ROWS};
use super::screens::{Prompt, Screen};
use super::snapshot::Phase;
use super::update::EXPORTS;
use super::widgets::pane::{draw_lines, draw_overlay};
use super::widgets::text;
use crate::analyze::finding::Severity;
use crate::filter::FilterError;
use crate::report::model::Input;
use crate::units;

/// Draws everything.
pub fn draw(app: &App, frame: &mut Frame<'_>) {
    // The terminal may have changed its size a moment before it says so.
    if frame.area().as_size() != app.shared.size {
        return;
    }
    if layout::is_too_small(app.shared.size) {
        draw_too_small(app, frame);
        return;
    }
    let parts = layout::regions(app.shared.size);
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
    if app.shared.theme.is_ascii() {
        text::make_ascii(frame.buffer_mut());
    }
}

fn draw_screens(app: &App, frame: &mut Frame<'_>) {
    for screen in Screen::ALL.into_iter().filter(|screen| app.pane(*screen).is_shown()) {
        app.screens.view(screen).draw(&app.shared, frame);
    }
}

fn draw_too_small(app: &App, frame: &mut Frame<'_>) {
    let (width, height) = (app.shared.size.width, app.shared.size.height);
    let words =
        ["too small".to_owned(), format!("{width}x{height}, needed {MIN_COLUMNS}x{MIN_ROWS}")];
    let lines: Vec<_> = words.into_iter().map(Line::from).collect();
    frame.render_widget(Paragraph::new(lines), frame.area());
}

/// Words at the left, and others at the right of the same line.
fn draw_ends(app: &App, frame: &mut Frame<'_>, area: Rect, left: &str, right: &str, style: Style) {
    let right = text::fit(right, usize::from(area.width), app.shared.theme.glyphs.more);
    let room = usize::from(area.width).saturating_sub(text::width(&right) + 1);
    let left = text::left(left, room, app.shared.theme.glyphs.more);
    let line = Line::from(vec![Span::styled(left, style), Span::raw(" "), Span::raw(right)]);
    frame.render_widget(line, area);
}

fn draw_title(app: &App, frame: &mut Frame<'_>, area: Rect) {
    let source = &app.shared.snapshot.source;
    let name = text::printable(&source.title);
    let mut left = format!(" mptcpscope  {name}");
    let where_we_are = match app.screen {
        Screen::Connections | Screen::Findings => {
            let packets = units::counted(source.frames, "packet");
            let ends = app.shared.all_connections().iter().map(|c| c.start_t_ns + c.duration_ns);
            let span = ends.max().unwrap_or(0);
            format!("{packets}  {}", units::duration(span))
        }
        _ => app.shared.connection().map_or(String::new(), |connection| {
            let version = match (connection.version, &connection.fallback) {
                (_, Some(_)) => "fell back to TCP".to_owned(),
                (Some(version), None) => format!("v{version}"),
                (None, None) => String::new(),
            };
            let (client, server) = (connection.client.address, connection.server.address);
            let between = app.shared.theme.glyphs.between;
            format!("conn {}  {client} {between} {server}  {version}", connection.id)
        }),
    };
    left = format!("{left}  {where_we_are}");
    let phase = phase(app);
    draw_ends(app, frame, area, &left, &format!("{phase}  ? help "), app.shared.theme.strong());
}

fn phase(app: &App) -> String {
    let frozen = if app.is_frozen { "FROZEN " } else { "" };
    match app.shared.snapshot.source.phase {
        Phase::Loading { read, total: Some(total) } => {
            let part = units::percentage(read, total).unwrap_or_default();
            format!("{frozen}loading {part}")
        }
        Phase::Loading { total: None, .. } => format!("{frozen}loading"),
        Phase::Done => "done".to_owned(),
        Phase::Live { .. } if app.shared.is_following && !app.is_frozen => {
            "live, following".to_owned()
        }
        Phase::Live { .. } => format!("{frozen}live"),
    }
}

fn draw_tabs(app: &App, frame: &mut Frame<'_>, area: Rect) {
    let mut spans = vec![Span::raw(" ")];
    for screen in Screen::ALL {
        let Some(number) = screen.number() else { continue };
        let mut name = screen.name().to_owned();
        if screen == Screen::Findings {
            let all = app.shared.all_findings().iter();
            let bad = all.filter(|found| found.severity > Severity::Note).count();
            if bad > 0 {
                name = format!("{name}({bad})");
            }
        }
        let is_shown = app.screen == screen;
        let (words, style) = if is_shown {
            (format!("[{number}]{name}"), app.shared.theme.strong())
        } else {
            (format!(" {number} {name}"), Style::new())
        };
        spans.push(Span::styled(words, style));
        spans.push(Span::raw(" "));
    }
    if app.screen.number().is_none() {
        let words = format!("[{}]", app.screen.name());
        spans.push(Span::styled(words, app.shared.theme.strong()));
    }
    frame.render_widget(Line::from(spans), area);
}

fn draw_status(app: &App, frame: &mut Frame<'_>, area: Rect) {
    if let Mode::Input(typed) = &app.mode {
        let what = match app.screen.prompt() {
            Prompt::Filter => "filter",
            Prompt::Search => "find",
        };
        let line = format!(" {what}: {typed}");
        frame.render_widget(Line::styled(line, app.shared.theme.strong()), area);
        let column = 1 + what.len() + 2 + text::width(typed);
        let x = area.x + u16::try_from(column).unwrap_or(u16::MAX).min(area.width - 1);
        frame.set_cursor_position((x, area.y));
        return;
    }
    if let Some(message) = &app.shared.message {
        let line = text::fit(
            &text::printable(message),
            usize::from(area.width) - 1,
            app.shared.theme.glyphs.more,
        );
        frame.render_widget(Line::styled(format!(" {line}"), app.shared.theme.strong()), area);
        return;
    }
    let left = if app.shared.filter.is_empty() {
        counts(app)
    } else {
        format!(" filter: {}", text::printable(app.shared.filter.text()))
    };
    let note = app.shared.snapshot.source.notes.first();
    let notes = note.map(|note| text::printable(note)).unwrap_or_default();
    draw_ends(app, frame, area, &left, &format!("{notes} "), app.shared.theme.faint());
}

/// What was dropped or could not be read.
fn counts(app: &App) -> String {
    let mut words = Vec::new();
    if let Phase::Live { dropped } = app.shared.snapshot.source.phase {
        words.push(format!("drops {}", dropped.map_or("?".to_owned(), units::count)));
    }
    let report = app.shared.report();
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

/// What is wrong with the filter in the line above, with a caret under the place: after the caret or, if
/// there is more room, before it.
fn draw_filter_error(app: &App, error: &FilterError, frame: &mut Frame<'_>, area: Rect) {
    let (before, _) = error.parts();
    let column = " filter: ".len() + text::width(before);
    let message = text::printable(&error.message);
    let (room, more) = (usize::from(area.width), app.shared.theme.glyphs.more);
    let needed = text::width(&message) + 2;
    let line = if column >= room {
        format!(" {message}")
    } else if column + needed <= room || column < room / 2 {
        format!("{:column$}^ {message}", "")
    } else {
        format!("{} ^", text::right(&message, column - 1, more))
    };
    let line = text::fit(&line, room, more);
    frame.render_widget(Line::styled(line, app.shared.theme.strong()), area);
}

/// As many keys as fit; help and back always do.
fn draw_keys(app: &App, frame: &mut Frame<'_>, area: Rect) {
    if let (Mode::Input(_), Some(error)) = (&app.mode, &app.filter_error) {
        draw_filter_error(app, error, frame, area);
        return;
    }
    let shown = |label: &str| !matches!(label, "" | "help" | "back");
    let named = BINDINGS.iter().filter(|binding| binding.applies(app));
    let keys = named.clone().filter(|binding| shown(binding.label));
    let last = format!("? help  q {}", if app.is_at_start() { "quit" } else { "back" });
    let room = usize::from(area.width).saturating_sub(text::width(&last) + 3);
    let mut line = String::from(" ");
    for binding in keys {
        let key = format!("{} {}  ", binding.name(app), binding.label);
        if text::width(&line) + text::width(&key) <= room {
            line.push_str(&key);
        }
    }
    frame.render_widget(Line::styled(format!("{line}{last}"), app.shared.theme.faint()), area);
}

fn draw_help(app: &App, frame: &mut Frame<'_>, body: Rect, top: usize) {
    let lines = help::lines(app);
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(2);
    let title = format!("Keys {} {}", app.shared.theme.glyphs.dot, app.screen.name());
    let inside = draw_overlay(app.shared.theme, frame, body, (78, height), &title);
    let top = top.min(lines.len().saturating_sub(usize::from(inside.height)));
    draw_lines(frame, inside, lines.iter().skip(top).map(String::as_str));
}

fn draw_exports(app: &App, frame: &mut Frame<'_>, body: Rect, row: usize) {
    let theme = app.shared.theme;
    let inside = draw_overlay(theme, frame, body, (50, 6), "Export");
    draw_lines(frame, inside, EXPORTS.iter().map(|(_, words)| format!(" {words}")));
    let y = inside.y + u16::try_from(row).unwrap_or(u16::MAX);
    if y < inside.bottom() {
        let line = Rect { y, height: 1, ..inside };
        let buffer = frame.buffer_mut();
        buffer.set_style(line, theme.selected());
        buffer.set_string(line.x, y, theme.glyphs.selected.to_string(), theme.selected());
    }
}
