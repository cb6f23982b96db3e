//! Marks A and B: two places in a capture, and what is between them.

use super::cache::Bytes;
use super::packet_context::PacketContext;
use super::state::{App, Mark};
use super::update::say;
use crate::track::index::Entry;
use crate::units;
use crate::wire::frame::PacketNo;
use crate::wire::mptcp::MptcpOption;
use crate::wire::segment::{Decoded, decode};
use crate::wire::tcp_option::TcpOption;

/// Marks what is in focus: A first, then B; with both set, A anew.
pub fn set(app: &mut App) {
    let mark = Mark { packet: app.focus.packet, t_ns: app.focus.t_ns, dsn: dsn(app) };
    app.marks = match app.marks {
        [Some(a), None] => [Some(a), Some(mark)],
        _ => [Some(mark), None],
    };
    let words = between(app).unwrap_or_else(|| "mark A is set; m sets B".to_owned());
    say(app, &words);
}

/// What is between A and B; `None` unless both are set.
pub fn between(app: &App) -> Option<String> {
    let [Some(a), Some(b)] = app.marks else { return None };
    let glyphs = app.theme.glyphs;
    let time = units::duration(b.t_ns - a.t_ns);
    let mut words = vec![format!("A{}B {time}", glyphs.to)];
    if let (Some(a), Some(b)) = (a.dsn, b.dsn) {
        let bytes = i128::from(b) - i128::from(a);
        words.push(format!("DSN {bytes:+}"));
    }
    if let (Some(a), Some(b)) = (a.packet, b.packet) {
        words.push(units::counted(b.abs_diff(a), "packet"));
    }
    Some(words.join(", "))
}

/// The letter of a mark on a packet.
pub fn letter(app: &App, packet: u64) -> Option<char> {
    let is_here = |mark: &Option<Mark>| mark.is_some_and(|mark| mark.packet == Some(packet));
    app.marks.iter().zip(['A', 'B']).find(|(mark, _)| is_here(mark)).map(|(_, letter)| letter)
}

/// The DSN of the packet in focus, counted from the beginning of the stream, if it has one.
fn dsn(app: &App) -> Option<u64> {
    let number = PacketNo(app.focus.packet?);
    let index = &app.snapshot.packets;
    let entry = index.get(index.find(number)?)?;
    let Bytes::Here(packet) = app.packets.get(number) else { return None };
    let frame = packet.frame(number, entry.at(index.origin()?));
    let Decoded::Tcp(segment) = decode(&frame) else { return None };
    let mapping = segment.options.iter().find_map(|option| match option {
        TcpOption::Mptcp(MptcpOption::Dss(dss)) => dss.mapping,
        _ => None,
    })?;
    relative(app, &entry, mapping.dsn)
}

fn relative(app: &App, entry: &Entry, dsn: crate::wire::seq::WireDsn) -> Option<u64> {
    PacketContext::of(app, entry)?.relative_dsn(dsn)?.try_into().ok()
}
