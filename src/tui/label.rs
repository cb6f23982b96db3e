//! Words for subflows, findings and moments that several screens show.

pub mod packet;

use ratatui::text::{Line, Span};

use super::theme::Theme;
use super::widgets::text;
use crate::report::model::{Finding, Subflow, SubflowEndpoint};
use crate::track::subflow::SubflowState;
use crate::units;
use crate::wire::segment::Endpoint;

/// `10.0.1.1:33306 → 10.0.2.1:10004` in at most `cells`. Where that is too little, each endpoint is
/// cut at its beginning.
pub fn path(theme: Theme, subflow: &Subflow, cells: usize) -> String {
    let glyphs = theme.glyphs;
    let end = |end: &SubflowEndpoint| Endpoint { address: end.address, port: end.port }.to_string();
    let (client, server) = (end(&subflow.client), end(&subflow.server));
    let room = cells.saturating_sub(3);
    let half = room / 2;
    let (left, right) = (text::width(&client), text::width(&server));
    let left_room = if right < half { room - right } else { half.max(room.saturating_sub(right)) };
    let right_room = room.saturating_sub(left.min(left_room));
    let client = text::fit_end(&client, left_room, glyphs.more);
    let server = text::fit_end(&server, right_room, glyphs.more);
    format!("{client} {} {server}", glyphs.to)
}

/// The state of a subflow in a short word.
pub const fn subflow_state(state: SubflowState) -> &'static str {
    match state {
        SubflowState::HalfOpen => "half-open",
        SubflowState::SynTimeout => "no answer",
        SubflowState::Refused => "refused",
        SubflowState::Established => "open",
        SubflowState::Closed => "closed",
        SubflowState::Reset => "reset",
        SubflowState::Unknown => "unknown",
    }
}

/// Whether one of the hosts made a subflow a backup.
pub fn is_backup(subflow: &Subflow) -> bool {
    [subflow.backup.client, subflow.backup.server].contains(&Some(true))
}

/// A duration without its second unit.
pub fn short_duration(ns: i64) -> String {
    let words = units::duration(ns);
    let mut parts = words.split(' ');
    match (parts.next(), parts.next()) {
        (Some(number), Some(unit)) => format!("{number} {unit}"),
        _ => words,
    }
}

/// A finding on one line of so many cells.
pub fn finding(theme: Theme, finding: &Finding, cells: usize) -> Line<'static> {
    let style = theme.severity(finding.severity);
    let glyph = theme.severity_glyph(finding.severity);
    let inset = if finding.because.is_some() { "  " } else { "" };
    let code = format!("{inset}{glyph} {}  ", finding.code);
    let room = cells.saturating_sub(text::width(&code));
    let summary = text::left(&finding.summary, room, theme.glyphs.more);
    Line::from(vec![Span::styled(code, style), Span::raw(summary)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_one_unit() {
        assert_eq!(short_duration(3_723_000_000_000), "1 h");
        assert_eq!(short_duration(1_380_000_000), "1.38 s");
    }
}
