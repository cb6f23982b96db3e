//! What the row under the cursor shows, in words.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::{selected, t_ns, words};
use crate::analyze::ladder::{Row, Run};
use crate::report::fields::flag_names;
use crate::report::packets::Words;
use crate::track::index::Entry;
use crate::track::packet_class::PacketClass;
use crate::track::role::Direction;
use crate::tui::cache::Bytes;
use crate::tui::draw::pane;
use crate::tui::screens::findings;
use crate::tui::state::App;
use crate::tui::{label, text};
use crate::units;
use crate::wire::mptcp::{DataLevelLength, MptcpOption};
use crate::wire::segment::{Decoded, Segment, TcpFlags, decode};
use crate::wire::tcp_option::TcpOption;

/// Of a shorter time, a rate says nothing.
const SHORTEST_NS: i64 = 10_000_000;

pub(super) fn draw(app: &App, frame: &mut Frame<'_>, area: Rect) {
    let title = title(app);
    let block = pane(app, &title, "", false);
    let inside = block.inner(area);
    frame.render_widget(block, area);
    let cells = usize::from(inside.width);
    for (line, y) in lines(app, cells).into_iter().zip(inside.y..inside.bottom()) {
        frame.render_widget(line, Rect { y, height: 1, ..inside });
    }
}

/// `#4  0.025108 s  sf0 c→s`.
fn title(app: &App) -> String {
    match selected(app) {
        Some(Row::Packet(position)) => {
            let entry = app.snapshot.packets.get(position);
            entry.map_or(String::new(), |entry| packet_title(app, &entry))
        }
        Some(Row::Run(run)) => {
            let number = |position| app.snapshot.packets.get(position).map(|entry| entry.number());
            let (first, last) = (number(run.first), number(run.last));
            let way = way(app, run.direction);
            match (first, last) {
                (Some(first), Some(last)) => format!("#{first}-#{last}  sf{}  {way}", run.lane),
                _ => String::new(),
            }
        }
        Some(Row::Silence { .. }) => "Silence".to_owned(),
        None => "Packet".to_owned(),
    }
}

/// The same, for a packet.
pub(in crate::layers::tui::screens) fn packet_title(app: &App, entry: &Entry) -> String {
    let t_ns = t_ns(app, entry);
    let sign = if t_ns < 0 { "-" } else { "" };
    let ns = t_ns.unsigned_abs();
    let subflow = words(app, entry).facts.map(|facts| facts.subflow.id);
    let subflow = subflow.map_or(String::new(), |id| format!("  sf{id}"));
    let digits = format!("{:09}", ns % 1_000_000_000);
    // Most captures have microseconds only.
    let digits = digits.strip_suffix("000").unwrap_or(&digits);
    let seconds = format!("{sign}{}.{digits}", ns / 1_000_000_000);
    format!("#{}  {seconds} s{subflow}  {}", entry.number(), way(app, entry.direction()))
}

fn way(app: &App, direction: Direction) -> String {
    let to = app.theme.glyphs.to;
    match direction {
        Direction::ClientToServer => format!("c{to}s"),
        Direction::ServerToClient => format!("s{to}c"),
    }
}

fn lines(app: &App, cells: usize) -> Vec<Line<'static>> {
    match selected(app) {
        Some(Row::Packet(position)) => {
            let entry = app.snapshot.packets.get(position);
            entry.map_or_else(Vec::new, |entry| packet_lines(app, &entry, cells))
        }
        Some(Row::Run(run)) => plain(&run_words(app, &run), cells),
        Some(Row::Silence { ns }) => {
            plain(&format!("No packet of this connection for {}.", units::duration(ns)), cells)
        }
        None => Vec::new(),
    }
}

fn plain(words: &str, cells: usize) -> Vec<Line<'static>> {
    let lines = text::wrap(words, cells.saturating_sub(2));
    lines.into_iter().map(|line| Line::raw(format!(" {line}"))).collect()
}

fn run_words(app: &App, run: &Run) -> String {
    let index = &app.snapshot.packets;
    let (Some(first), Some(last)) = (index.get(run.first), index.get(run.last)) else {
        return String::new();
    };
    let what = if run.kind == PacketClass::Ack { "acknowledgments" } else { "segments of data" };
    let count = units::count(run.count);
    let (start, end) = (t_ns(app, &first), t_ns(app, &last));
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
    let enter = app.theme.glyphs.keys.get(2).copied().unwrap_or("Enter");
    format!("{words} {enter} shows them one by one, - folds them again.")
}

fn packet_lines(app: &App, entry: &Entry, cells: usize) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    let frame = match app.packets.get(entry.number()) {
        Bytes::Here(packet) => packet,
        state => {
            let why =
                if state == Bytes::Gone { "its octets are no longer kept" } else { "reading" };
            let kind = label::kind_name(entry.kind());
            let payload = units::count(entry.payload_len().into());
            let mut lines = plain(&format!("{kind}, {payload} octets of payload; {why}."), cells);
            lines.extend(finding_lines(app, entry, cells));
            return lines;
        }
    };
    let at = entry.at(app.snapshot.packets.origin().unwrap_or_default());
    let frame = frame.frame(entry.number(), at);
    let Decoded::Tcp(segment) = decode(&frame) else {
        return plain("This frame cannot be decoded.", cells);
    };
    let words = words(app, entry);
    lines.extend(plain(&header(&segment, &words), cells));
    lines.extend(finding_lines(app, entry, cells));
    for option in segment.options.iter() {
        if let TcpOption::Mptcp(option) = &option {
            lines.extend(plain(&option_words(option, &segment, &words), cells));
        }
    }
    lines.extend(other_options(&segment, cells));
    lines
}

/// The TCP header; its numbers count from the SYN, where that is known.
fn header(segment: &Segment<'_>, words: &label::Words<'_>) -> String {
    let facts = words.facts.filter(|_| !words.raw_dsn);
    let seq = facts.and_then(|facts| facts.relative_seq(segment)).unwrap_or(segment.seq.0);
    let ack = facts.and_then(|facts| facts.relative_tcp_ack(segment)).unwrap_or(segment.ack.0);
    let has_ack = segment.flags.has(TcpFlags::ACK);
    let ack = if has_ack { format!(" ack {ack}") } else { String::new() };
    let window = words.facts.and_then(|facts| facts.window(segment));
    let window = window.map_or(format!("win {} unscaled", segment.window), |window| {
        format!("win {}", units::count(window))
    });
    let (flags, len) = (flag_names(segment.flags), segment.payload_len);
    format!("TCP {flags}  seq {seq}{ack}  len {len}  {window}")
}

fn finding_lines(app: &App, entry: &Entry, cells: usize) -> Vec<Line<'static>> {
    let here = app.findings_here().iter().filter(|found| found.packets.contains(&entry.number().0));
    let mut here: Vec<_> = here.collect();
    here.sort_by_key(|found| std::cmp::Reverse(found.severity));
    here.into_iter()
        .map(|found| {
            let mut line = findings::line(app, found, cells.saturating_sub(1));
            line.spans.insert(0, " ".into());
            line
        })
        .collect()
}

/// An option with all its fields, and with numbers counted from the beginning of the stream.
fn option_words(option: &MptcpOption, segment: &Segment<'_>, words: &label::Words<'_>) -> String {
    let mut text = Words(option).to_string();
    let facts = words.facts;
    if let Some(verdict) = facts.and_then(|facts| facts.verdict(option)) {
        text = format!("{text} ({})", verdict.name());
    }
    if let MptcpOption::Dss(dss) = option {
        let ack = dss.data_ack.and_then(|ack| facts?.relative_ack(ack));
        let mapping = dss.mapping.and_then(|mapping| {
            let dsn = facts?.relative_dsn(mapping.dsn)?;
            let DataLevelLength::Bytes(octets) = mapping.length else { return None };
            let last = dsn + i64::from(octets) - 1;
            let last_ssn = mapping.ssn.wrapping_add(u32::from(octets) - 1);
            let fin = if dss.data_fin { ", the last one the DATA_FIN" } else { "" };
            let part = facts?.part(segment, &mapping).filter(|part| part.len < octets.into());
            let part = part.and_then(|part| Some((facts?.relative_dsn(part.dsn)?, part.len)));
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
            TcpOption::MaximumSegmentSize(octets) => Some(format!("mss {octets}")),
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
