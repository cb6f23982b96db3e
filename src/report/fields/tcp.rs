//! The fields of the TCP header (RFC 9293 §3.1) and of its options.

use super::context::FieldContext;
use super::mptcp;
use super::walk::{Walk, hex};
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

/// The header, up to the end of its options.
pub(super) fn header(walk: &mut Walk<'_>, context: &FieldContext<'_>) {
    let header_len = header_len(walk.peek(walk.left()));
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
    let declared_len = u8::try_from(options).unwrap_or(u8::MAX);
    let octets = walk.peek(walk.left());
    self::options(walk, TcpOptions { octets, declared_len }, context);
    walk.close(&header, format!("20 + {options} octets"));
}

/// What the header says of its own length; 0 if that was not captured.
fn header_len(header: &[u8]) -> usize {
    header.get(12).map_or(0, |octet| usize::from(octet >> 4) * 4)
}

/// The payload of a segment of `segment_len` bytes with this header, as far as it was captured.
pub(super) fn payload(walk: &mut Walk<'_>, header: &[u8], segment_len: usize) {
    let payload = segment_len.saturating_sub(header_len(header));
    let captured = walk.left();
    walk.octets(captured, "payload", |_| {
        if payload > captured {
            format!("{payload} octets, {captured} captured")
        } else {
            format!("{payload} octets")
        }
    });
}

fn options(walk: &mut Walk<'_>, options: TcpOptions<'_>, context: &FieldContext<'_>) {
    let mut options = options.places().peekable();
    while let Some((place, option)) = options.next() {
        let len = place.len();
        match option {
            TcpOption::NoOperation => {
                let mut count = 1;
                while options.next_if(|(_, next)| matches!(next, TcpOption::NoOperation)).is_some()
                {
                    count += 1;
                }
                let value =
                    if count == 1 { "1 octet".to_owned() } else { format!("{count} octets") };
                walk.octets(count, "NOP", |_| value);
            }
            TcpOption::EndOfList { .. } => walk.octets(walk.left(), "end of list", |octets| {
                format!("and {} of padding", octets.len().saturating_sub(1))
            }),
            TcpOption::BadLength(_) => walk.hex(walk.left(), "bad option length"),
            TcpOption::Cut(_) => walk.hex(walk.left(), "option, cut"),
            option => self::option(walk, &option, len, context),
        }
    }
}

/// A whole option of `len` octets.
fn option(walk: &mut Walk<'_>, option: &TcpOption<'_>, len: usize, context: &FieldContext<'_>) {
    let kind = walk.peek_u8(0).unwrap_or(0);
    let (name, value) = match option {
        TcpOption::Mptcp(option) => mptcp::title(option, context),
        option => (name(option, kind), words(option)),
    };
    let end = walk.end;
    let header = walk.open(name);
    walk.end = walk.at + len;
    walk.octets(1, "kind", |_| if kind == KIND { "30 MPTCP".to_owned() } else { kind.to_string() });
    walk.octets(1, "length", |_| format!("{len} octets"));
    match option {
        TcpOption::Mptcp(option) => mptcp::option(walk, option, context),
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
