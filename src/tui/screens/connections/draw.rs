//! The three lists as they are drawn.

use ratatui::Frame;
use ratatui::layout::Rect;

use super::order::{Sort, counts};
use crate::analyze::finding::Severity;
use crate::report::model::{Connection, Finding, Subflow};
use crate::track::role::Direction;
use crate::tui::cursor::Cursor;
use crate::tui::direction::arrow;
use crate::tui::label::{self, is_backup, path, short_duration, subflow_state};
use crate::tui::layout::stack;
use crate::tui::shared::Shared;
use crate::tui::theme::Theme;
use crate::tui::widgets::pane::{draw_empty, draw_lines, draw_pane, pane};
use crate::tui::widgets::table::{Cell, Column, Table};
use crate::tui::widgets::text;
use crate::units;
use crate::wire::mptcp::AddressId;
use crate::wire::segment::Endpoint;

/// The connections to draw.
pub(super) struct Listed<'a> {
    pub(super) rows: &'a [&'a Connection],
    pub(super) sort: Sort,
    pub(super) cursor: Cursor,
}

/// How much of a connection fits on its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Detail {
    Little,
    Usual,
    Much,
}

impl Detail {
    const fn for_width(columns: u16) -> Self {
        match columns {
            0..70 => Self::Little,
            70..90 => Self::Usual,
            _ => Self::Much,
        }
    }
}

/// Draws the connections.
pub(super) fn connections(
    shared: &Shared,
    frame: &mut Frame<'_>,
    area: Rect,
    &Listed { rows, sort, cursor }: &Listed<'_>,
    is_focused: bool,
) {
    let theme = shared.theme;
    let all = shared.all_connections().len();
    let number =
        if rows.len() == all { all.to_string() } else { format!("{} of {all}", rows.len()) };
    let right = match sort {
        Sort::Start => String::new(),
        sort => sort.name().to_owned(),
    };
    let inside =
        draw_pane(frame, area, pane(theme, &format!("Connections ({number})"), &right, is_focused));
    if rows.is_empty() {
        draw_empty(theme, frame, inside, &nothing(shared));
        return;
    }
    let detail = Detail::for_width(inside.width);
    let mut columns =
        vec![Column::right("#", 4), Column::endpoint("client"), Column::endpoint("server")];
    if detail > Detail::Little {
        columns.push(Column::left("ver", 3));
    }
    columns.push(Column::right("sf", 3));
    if detail > Detail::Usual {
        columns.push(Column::left("state", 11));
    }
    if detail > Detail::Little {
        columns.push(Column::right("dur", 7));
    }
    columns.extend([Column::right("", 8), Column::right("", 8), Column::left("", 3)]);
    let table = Table {
        columns: &columns,
        theme,
        len: rows.len(),
        cursor,
        is_focused,
        row: &|index| {
            rows.get(index).map_or_else(Vec::new, |row| connection_cells(shared, row, detail))
        },
    };
    table.draw(frame.buffer_mut(), inside);
    // The titles of the last columns need the theme's arrows.
    let mut x = inside.right().saturating_sub(3 + 1 + 8 + 1 + 8);
    for direction in [Direction::ClientToServer, Direction::ServerToClient] {
        let words = text::right(&arrow(theme, direction), 8, theme.glyphs.more);
        frame.buffer_mut().set_string(x, inside.y, words, theme.faint());
        x += 9;
    }
}

/// Why there is no row.
fn nothing(shared: &Shared) -> String {
    if !shared.filter.is_empty() && !shared.all_connections().is_empty() {
        return "No connection matches the filter. Esc clears it.".to_owned();
    }
    shared.waiting("No connection with MPTCP options.")
}

fn connection_cells(shared: &Shared, connection: &Connection, detail: Detail) -> Vec<Cell> {
    let theme = shared.theme;
    let end = |address, port| Endpoint { address, port }.to_string();
    let version = match (connection.version, &connection.fallback) {
        (_, Some(_)) => "tcp".to_owned(),
        (Some(version), None) => format!("v{version}"),
        (None, None) => theme.glyphs.none.to_string(),
    };
    let mut cells: Vec<Cell> = vec![
        connection.id.to_string().into(),
        end(connection.client.address, connection.client.port).into(),
        end(connection.server.address, connection.server.port).into(),
    ];
    if detail > Detail::Little {
        cells.push(version.into());
    }
    cells.push(connection.subflows.len().to_string().into());
    if detail > Detail::Usual {
        cells.push(state_name(&format!("{:?}", connection.state)).into());
    }
    if detail > Detail::Little {
        cells.push(short_duration(connection.duration_ns).into());
    }
    cells.extend([
        Cell::from(units::bytes(connection.c2s.stream_bytes)),
        units::bytes(connection.s2c.stream_bytes).into(),
    ]);
    cells.push(findings_cell(theme, shared.findings_of(connection.id)));
    cells
}

/// The worst severity, and how many findings are as bad or at least warnings.
fn findings_cell(theme: Theme, findings: &[Finding]) -> Cell {
    let [errors, warnings, notes] = counts(findings);
    let severity = match (errors, warnings, notes) {
        (0, 0, 0) => return Cell::default(),
        (0, 0, _) => Severity::Note,
        (0, _, _) => Severity::Warning,
        _ => Severity::Error,
    };
    let glyph = theme.severity_glyph(severity);
    let text = if severity == Severity::Note {
        glyph.to_string()
    } else {
        format!("{glyph}{}", errors + warnings)
    };
    Cell(text, theme.severity(severity))
}

/// Draws the subflows of the connection in focus.
pub(super) fn subflows(
    shared: &Shared,
    frame: &mut Frame<'_>,
    area: Rect,
    cursor: Cursor,
    is_focused: bool,
) {
    let theme = shared.theme;
    let connection = shared.connection();
    let title = connection.map_or("Subflows".to_owned(), |connection| {
        format!("Connection {} {} subflows", connection.id, theme.glyphs.dot)
    });
    let inside = draw_pane(frame, area, pane(theme, &title, "share of what arrived", is_focused));
    let Some(connection) = connection else { return };
    let columns = [
        Column::right("sf", 3),
        Column::left("path", 0),
        Column::left("id", 5),
        Column::left("state", 9),
        Column::left("B", 1),
        Column::right("share", 6),
        Column::right("rtt", 7),
        Column::right("resent", 7),
    ];
    let arrived = |subflow: &Subflow| Some(delivered(subflow)? + unclear(subflow)?);
    let all = connection.subflows.iter().map(arrived).sum();
    let table = Table {
        columns: &columns,
        theme,
        len: connection.subflows.len(),
        cursor,
        is_focused,
        row: &|index| {
            let subflow = connection.subflows.get(index);
            subflow
                .map_or_else(Vec::new, |subflow| subflow_cells(theme, subflow, all, inside.width))
        },
    };
    table.draw(frame.buffer_mut(), inside);
}

/// What arrived on it first, in both directions, if that is known.
fn delivered(subflow: &Subflow) -> Option<u64> {
    Some(subflow.c2s.delivered_bytes? + subflow.s2c.delivered_bytes?)
}

/// What may have arrived on it first.
fn unclear(subflow: &Subflow) -> Option<u64> {
    Some(subflow.c2s.delivered_unclear_bytes? + subflow.s2c.delivered_unclear_bytes?)
}

/// `all` is what arrived on all subflows, if that is known.
fn subflow_cells(theme: Theme, subflow: &Subflow, all: Option<u64>, columns: u16) -> Vec<Cell> {
    let glyphs = theme.glyphs;
    let id = |id: Option<AddressId>| id.map_or(glyphs.none.to_string(), |id| id.to_string());
    let rtt = subflow.handshake.rtt_ns.map(short_duration);
    let typical = [&subflow.c2s, &subflow.s2c]
        .into_iter()
        .filter_map(|direction| direction.rtt_ns.as_ref())
        .map(|rtt| rtt.p50)
        .max();
    let rtt = typical.map(|ns| short_duration(ns.cast_signed())).or(rtt);
    let resent = [&subflow.c2s, &subflow.s2c]
        .map(|sent| sent.reinjected_bytes + sent.remapped_bytes + sent.retransmitted_bytes);
    let resent: u64 = resent.iter().sum();
    let path_cells = usize::from(columns).saturating_sub(1 + 3 + 5 + 9 + 1 + 6 + 7 + 7 + 7);
    let none = || glyphs.none.to_string();
    let share = delivered(subflow).zip(all).and_then(|(own, all)| units::percentage(own, all));
    vec![
        Cell(subflow.id.to_string(), theme.subflow(subflow.id)),
        path(theme, subflow, path_cells).into(),
        format!("{}/{}", id(subflow.client.address_id), id(subflow.server.address_id)).into(),
        subflow_state(subflow.state).into(),
        if is_backup(subflow) { "B".into() } else { none().into() },
        share.unwrap_or_else(none).into(),
        rtt.unwrap_or_else(none).into(),
        if resent > 0 { units::bytes(resent).into() } else { none().into() },
    ]
}

/// `FastClosed` as people write it.
fn state_name(name: &str) -> String {
    let mut words = String::new();
    for (at, character) in name.char_indices() {
        if at > 0 && character.is_uppercase() {
            words.push(' ');
        }
        words.extend(character.to_lowercase());
    }
    words
}

/// Draws the verdict on the connection in focus, and the findings on it.
pub(super) fn findings(
    shared: &Shared,
    frame: &mut Frame<'_>,
    area: Rect,
    cursor: Cursor,
    is_focused: bool,
) {
    let theme = shared.theme;
    let title = shared.focus.connection.map_or("Findings".to_owned(), |id| {
        format!("Findings {} connection {id}", theme.glyphs.dot)
    });
    let inside = draw_pane(frame, area, pane(theme, &title, "", is_focused));
    let verdict = verdict(shared, inside);
    draw_lines(frame, inside, verdict.iter().map(String::as_str));
    let (_, list) = stack(inside, u16::try_from(verdict.len()).unwrap_or(u16::MAX));
    let here = shared.findings_here();
    let visible = here.iter().enumerate().skip(cursor.top).take(usize::from(list.height));
    for ((index, finding), y) in visible.zip(list.y..) {
        let row = Rect { y, height: 1, ..list };
        frame.render_widget(label::finding(theme, finding, usize::from(list.width)), row);
        if index == cursor.row && is_focused {
            frame.buffer_mut().set_style(row, theme.selected());
        }
    }
}

/// The connection in a sentence, as far as the findings leave room for it.
pub(super) fn verdict(shared: &Shared, inside: Rect) -> Vec<String> {
    let sentence = shared.connection().map_or("", |found| found.verdict.as_str());
    let mut lines = text::wrap(sentence, usize::from(inside.width.saturating_sub(2)));
    let findings = shared.findings_here().len().min(usize::from(inside.height / 2));
    lines.truncate(usize::from(inside.height).saturating_sub(findings));
    lines.into_iter().map(|line| format!(" {line}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_words() {
        assert_eq!(state_name("FastClosed"), "fast closed");
    }
}
