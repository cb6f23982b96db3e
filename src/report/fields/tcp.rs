//! The TCP header (RFC 9293 §3.1) and its options.

use super::{Known, Walk, hex, mptcp};
use crate::wire::mptcp::KIND;
use crate::wire::segment::TcpFlags;
use crate::wire::tcp_option::{TcpOption, TcpOptions};

/// The flags by name, the lowest first.
const FLAGS: [(u8, &str); 8] = [
    (0x01, "FIN"),
    (0x02, "SYN"),
    (0x04, "RST"),
    (0x08, "PSH"),
    (0x10, "ACK"),
    (0x20, "URG"),
    (0x40, "ECE"),
    (0x80, "CWR"),
];

/// Flags by name: `SYN ACK`.
pub fn flag_names(flags: TcpFlags) -> String {
    let names: Vec<_> =
        FLAGS.iter().filter(|(bit, _)| flags.0 & bit != 0).map(|(_, name)| *name).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(" ") }
}

/// A segment that was `len` octets long, with its header.
pub(super) fn segment(walk: &mut Walk<'_>, len: usize, known: &Known<'_>) {
    let header_len = walk.peek_u8(12).map_or(0, |octet| usize::from(octet >> 4) * 4);
    let options = header_len.saturating_sub(20);
    let header = walk.open("TCP");
    walk.number(2, "source port");
    walk.number(2, "destination port");
    walk.number(4, "sequence number");
    walk.number(4, "acknowledgment");
    walk.octets(1, "header length", |_| format!("{header_len} octets"));
    walk.octets(1, "flags", |octets| flag_names(TcpFlags(octets.first().copied().unwrap_or(0))));
    walk.number(2, "window, unscaled");
    walk.hex(2, "checksum");
    walk.number(2, "urgent pointer");
    let end = walk.end;
    walk.end = end.min(walk.at + options);
    options_of(walk, options, known);
    walk.end = end;
    walk.close(&header, format!("20 + {options} octets"));
    let payload = len.saturating_sub(header_len);
    let captured = walk.left();
    walk.octets(captured, "payload", |_| {
        let cut = payload.saturating_sub(captured);
        if cut > 0 {
            format!("{payload} octets, {captured} captured")
        } else {
            format!("{payload} octets")
        }
    });
}

fn options_of(walk: &mut Walk<'_>, declared: usize, known: &Known<'_>) {
    let start = walk.at;
    while walk.left() > 0 {
        let promised = declared.saturating_sub(walk.at - start);
        match *walk.peek(2) {
            [1, ..] => no_operations(walk),
            [0, ..] => {
                let left = walk.left();
                walk.octets(left, "end of list", |octets| {
                    format!("and {} of padding", octets.len().saturating_sub(1))
                });
            }
            [kind, len] if len >= 2 && usize::from(len) <= walk.left() => {
                option(walk, kind, usize::from(len), known);
            }
            ref first => {
                let is_cut =
                    first.get(1).is_none_or(|len| *len >= 2 && usize::from(*len) <= promised)
                        && walk.left() < promised;
                let left = walk.left();
                let name = if is_cut { "option, cut" } else { "bad option length" };
                walk.hex(left, name);
            }
        }
    }
}

fn no_operations(walk: &mut Walk<'_>) {
    let rest = walk.peek(walk.left());
    let count = rest.iter().take_while(|octet| **octet == 1).count();
    let value = if count == 1 { "1 octet".to_owned() } else { format!("{count} octets") };
    walk.octets(count, "NOP", |_| value);
}

/// A whole option of `len` octets.
fn option(walk: &mut Walk<'_>, kind: u8, len: usize, known: &Known<'_>) {
    let octets = walk.peek(len);
    let options = TcpOptions { octets, declared_len: u8::try_from(len).unwrap_or(u8::MAX) };
    let Some(option) = options.iter().next() else { return };
    let (name, value) = match &option {
        TcpOption::Mptcp(option) => mptcp::title(option, known),
        option => (name(option, kind), words(option)),
    };
    let end = walk.end;
    let header = walk.open(name);
    walk.end = walk.at + len;
    walk.octets(1, "kind", |_| if kind == KIND { "30 MPTCP".to_owned() } else { kind.to_string() });
    walk.octets(1, "length", |_| format!("{len} octets"));
    match &option {
        TcpOption::Mptcp(option) => mptcp::option(walk, option, known),
        TcpOption::MaximumSegmentSize(_) => walk.number(2, "MSS"),
        TcpOption::WindowScale(_) => walk.number(1, "shift"),
        TcpOption::Timestamps { .. } => {
            walk.number(4, "value");
            walk.number(4, "echo reply");
        }
        TcpOption::Sack(blocks) => {
            for _ in blocks.iter() {
                walk.number(4, "left edge");
                walk.number(4, "right edge");
            }
        }
        _ => {}
    }
    let left = walk.left();
    walk.hex(left, "data");
    walk.end = end;
    walk.close(&header, value);
}

fn name(option: &TcpOption<'_>, kind: u8) -> String {
    let name = match option {
        TcpOption::MaximumSegmentSize(_) => "MSS",
        TcpOption::WindowScale(_) => "window scale",
        TcpOption::SackPermitted => "SACK permitted",
        TcpOption::Sack(_) => "SACK",
        TcpOption::Timestamps { .. } => "timestamps",
        TcpOption::FastOpen(_) => "fast open",
        TcpOption::Md5(_) => "TCP-MD5",
        TcpOption::Authentication(_) => "TCP-AO",
        _ => return format!("option {kind}"),
    };
    name.to_owned()
}

fn words(option: &TcpOption<'_>) -> String {
    match option {
        TcpOption::MaximumSegmentSize(octets) => octets.to_string(),
        TcpOption::WindowScale(shift) => shift.to_string(),
        TcpOption::Timestamps { value, echo_reply } => format!("{value} {echo_reply}"),
        TcpOption::Sack(blocks) => {
            let blocks: Vec<_> =
                blocks.iter().map(|(left, right)| format!("{}:{}", left.0, right.0)).collect();
            blocks.join(" ")
        }
        TcpOption::FastOpen([]) => "asks for a cookie".to_owned(),
        TcpOption::FastOpen(cookie) | TcpOption::Md5(cookie) => hex(cookie),
        _ => String::new(),
    }
}
