//! What the row under the cursor shows, in words.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::state::LadderScreen;
use crate::analyze::ladder::{Row, Run};
use crate::report::fields::flag_names;
use crate::report::option::describe;
use crate::track::index::Entry;
use crate::track::packet_class::PacketClass;
use crate::tui::direction::arrow;
use crate::tui::label;
use crate::tui::label::packet::{self, LabelContext};
use crate::tui::packet_cache::Bytes;
use crate::tui::shared::Shared;
use crate::tui::widgets::pane::{draw_lines, draw_pane, pane};
use crate::tui::widgets::text;
use crate::units;
use crate::wire::mptcp::{DataLevelLength, MptcpOption};
use crate::wire::segment::{Decoded, Segment, TcpFlags, decode};
use crate::wire::tcp_option::TcpOption;

/// Of a shorter time, a rate says nothing.
const SHORTEST_NS: i64 = 10_000_000;

pub(super) fn draw(screen: &LadderScreen, shared: &Shared, frame: &mut Frame<'_>, area: Rect) {
    let row = screen.selected();
    let inside =
        draw_pane(frame, area, pane(shared.theme, &title(shared, row.as_ref()), "", false));
    draw_lines(frame, inside, lines(shared, row.as_ref(), usize::from(inside.width)));
}

/// Of a packet, `#4  0.025108 s  sf0  c→s`.
fn title(shared: &Shared, row: Option<&Row>) -> String {
    match row {
        Some(Row::Packet(position)) => {
            let entry = shared.index().get(*position);
            entry.map_or(String::new(), |entry| packet::title(shared, &entry))
        }
        Some(Row::Run(run)) => {
            let number = |position| shared.index().get(position).map(|entry| entry.number());
            let (first, last) = (number(run.first), number(run.last));
            let arrow = arrow(shared.theme, run.direction);
            match (first, last) {
                (Some(first), Some(last)) => format!("#{first}-#{last}  sf{}  {arrow}", run.lane),
                _ => String::new(),
            }
        }
        Some(Row::Silence { .. }) => "Silence".to_owned(),
        None => "Packet".to_owned(),
    }
}

fn lines(shared: &Shared, row: Option<&Row>, cells: usize) -> Vec<Line<'static>> {
    match row {
        Some(Row::Packet(position)) => {
            let entry = shared.index().get(*position);
            entry.map_or_else(Vec::new, |entry| packet_lines(shared, &entry, cells))
        }
        Some(Row::Run(run)) => plain(&run_words(shared, run), cells),
        Some(Row::Silence { ns }) => {
            plain(&format!("No packet of this connection for {}.", units::duration(*ns)), cells)
        }
        None => Vec::new(),
    }
}

fn plain(words: &str, cells: usize) -> Vec<Line<'static>> {
    let lines = text::wrap(words, cells.saturating_sub(2));
    lines.into_iter().map(|line| Line::raw(format!(" {line}"))).collect()
}

fn run_words(shared: &Shared, run: &Run) -> String {
    let index = shared.index();
    let (Some(first), Some(last)) = (index.get(run.first), index.get(run.last)) else {
        return String::new();
    };
    let what = if run.kind == PacketClass::Ack { "acknowledgments" } else { "segments of data" };
    let count = units::count(run.count);
    let (start, end) = (shared.t_ns(&first), shared.t_ns(&last));
    let span = units::duration(end - start);
    let mut words = format!(
        "{count} {what}, folded, from {} s to {} s ({span}).",
        units::seconds(start),
        units::seconds(end)
    );
    if run.payload > 0 {
        let rate = units::rate(run.payload, end - start).filter(|_| end - start >= SHORTEST_NS);
        let rate = rate.map_or(String::new(), |rate| format!(", {rate}"));
        words = format!("{words} {} of payload{rate}.", units::bytes(run.payload));
    }
    let enter = shared.theme.glyphs.keys.get(2).copied().unwrap_or("Enter");
    format!("{words} {enter} shows them one by one, - folds them again.")
}

fn packet_lines(shared: &Shared, entry: &Entry, cells: usize) -> Vec<Line<'static>> {
    let Some(frame) = shared.frame(entry) else {
        let mut lines = plain(&missing(shared, entry), cells);
        lines.extend(finding_lines(shared, entry, cells));
        return lines;
    };
    let Decoded::Tcp(segment) = decode(&frame) else {
        return plain("This frame cannot be decoded.", cells);
    };
    let mut lines = Vec::new();
    let context = LabelContext::of(shared, entry);
    lines.extend(plain(&header(&segment, &context), cells));
    lines.extend(finding_lines(shared, entry, cells));
    for option in segment.options.iter() {
        if let TcpOption::Mptcp(option) = &option {
            lines.extend(plain(&option_words(option, &segment, &context), cells));
        }
    }
    lines.extend(other_options(&segment, cells));
    lines
}

/// What is known of a packet without its bytes.
fn missing(shared: &Shared, entry: &Entry) -> String {
    let is_gone = shared.packets.get(entry.number()) == Bytes::Gone;
    let why = if is_gone { "its bytes are no longer kept" } else { "reading" };
    let kind = packet::kind_name(entry.kind());
    let payload = units::count(entry.payload_len().into());
    format!("{kind}, {payload} bytes of payload; {why}.")
}

/// The TCP header; its numbers count from the SYN, where that is known.
fn header(segment: &Segment<'_>, context: &LabelContext<'_>) -> String {
    let packet = context.packet.filter(|_| !context.raw_dsn);
    let seq = packet.and_then(|packet| packet.relative_seq(segment)).unwrap_or(segment.seq.0);
    let ack = packet.and_then(|packet| packet.relative_tcp_ack(segment)).unwrap_or(segment.ack.0);
    let has_ack = segment.flags.has(TcpFlags::ACK);
    let ack = if has_ack { format!(" ack {ack}") } else { String::new() };
    let window = context.packet.and_then(|packet| packet.window(segment));
    let window = window.map_or(format!("win {} unscaled", segment.window), |window| {
        format!("win {}", units::count(window))
    });
    let (flags, len) = (flag_names(segment.flags), segment.payload_len);
    format!("TCP {flags}  seq {seq}{ack}  len {len}  {window}")
}

fn finding_lines(shared: &Shared, entry: &Entry, cells: usize) -> Vec<Line<'static>> {
    let here =
        shared.findings_here().iter().filter(|found| found.packets.contains(&entry.number().0));
    let mut here: Vec<_> = here.collect();
    here.sort_by_key(|found| std::cmp::Reverse(found.severity));
    here.into_iter()
        .map(|found| {
            let mut line = label::finding(shared.theme, found, cells.saturating_sub(1));
            line.spans.insert(0, " ".into());
            line
        })
        .collect()
}

/// An option with all its fields, and with numbers counted from the beginning of the stream.
fn option_words(option: &MptcpOption, segment: &Segment<'_>, context: &LabelContext<'_>) -> String {
    let mut text = describe(option).line();
    let packet = context.packet;
    if let Some(verdict) = packet.and_then(|packet| packet.verdict(option)) {
        text = format!("{text} ({})", verdict.name());
    }
    if let MptcpOption::Dss(dss) = option {
        let ack = dss.data_ack.and_then(|ack| packet?.relative_ack(ack));
        let mapping = dss.mapping.and_then(|mapping| {
            let dsn = packet?.relative_dsn(mapping.dsn)?;
            let DataLevelLength::Bytes(bytes) = mapping.length else { return None };
            let last = dsn + i64::from(bytes) - 1;
            let last_ssn = mapping.ssn.wrapping_add(u32::from(bytes) - 1);
            let fin = if dss.data_fin { ", the last one the DATA_FIN" } else { "" };
            let part = packet?.part(segment, &mapping).filter(|part| part.len < bytes.into());
            let part = part.and_then(|part| Some((packet?.relative_dsn(part.dsn)?, part.len)));
            let part = part.map_or(String::new(), |(dsn, len)| {
                format!(" (here {dsn}-{})", dsn + i64::from(len) - 1)
            });
            Some(format!("maps DSN {dsn}-{last}{part} = SSN {}-{last_ssn}{fin}", mapping.ssn))
        });
        let ack = ack.map(|ack| format!("acknowledges all before DSN {ack}"));
        let said: Vec<_> = [mapping, ack].into_iter().flatten().collect();
        if !said.is_empty() {
            text = format!("{}: {text}", said.join(", "));
        }
    }
    text
}

/// Options of TCP itself.
fn other_options(segment: &Segment<'_>, cells: usize) -> Vec<Line<'static>> {
    let words: Vec<_> = segment
        .options
        .iter()
        .filter_map(|option| match option {
            TcpOption::MaximumSegmentSize(bytes) => Some(format!("mss {bytes}")),
            TcpOption::WindowScale(shift) => Some(format!("window scale {shift}")),
            TcpOption::SackPermitted => Some("sack permitted".to_owned()),
            TcpOption::Sack(blocks) => {
                Some(format!("sack {}", units::counted(blocks.iter().count() as u64, "block")))
            }
            TcpOption::Timestamps { value, echo_reply } => {
                Some(format!("timestamps {value} {echo_reply}"))
            }
            TcpOption::Cut(_) => Some("options cut by the snap length".to_owned()),
            _ => None,
        })
        .collect();
    if words.is_empty() { Vec::new() } else { plain(&words.join(", "), cells) }
}
