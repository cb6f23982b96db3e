//! Packets as rows: one line of text per segment, or a JSON object, or comma-separated values.
//!
//! ```text
//!     6    0.002893  #0 sf1 →  192.0.2.1:52278 > 198.51.100.1:5001  P.  seq 653223704 ack 3797229783
//!     len 16 win 502  timestamps 2070300963 938670159, MP_CAPABLE v1 [H] key 0x8f0c7c64a6a32ac1 …
//! ```
//!
//! A line is what tcpdump prints of the segment, and what tcpdump leaves out: packet number, time (usually
//! seconds since the first packet), connection, subflow and direction (from the client →, from the server
//! ←) once they are certain, endpoints, TCP flags, the numbers of the TCP header as they stand there (`win`
//! unscaled), then the options in their order, without padding. Names of the fields are those of the JSON
//! report, but for `len` and `id`. With several inputs, file and number in it follow the packet number.

pub mod csv;
pub mod json;

use std::fmt::{self, Display, Formatter};

use super::PacketRef;
use super::hex::HexDsn;
use super::option::describe;
use crate::printable::printable;
use crate::track::final_subflows::SegmentIds;
use crate::track::packet_class::PacketClass;
use crate::track::proof::Verdict;
use crate::track::relative::RelativeNumbers;
use crate::track::role::Direction;
use crate::track::subflow::ByteCounts;
use crate::wire::frame::Timestamp;
use crate::wire::mptcp::{self, Dss, MptcpOption};
use crate::wire::segment::{Segment, TcpFlags};
use crate::wire::tcp_option::TcpOption;

/// Whether `segment` carries an MPTCP option, be it one that the snap length cut or that is too long
/// for the header.
pub fn has_mptcp(segment: &Segment<'_>) -> bool {
    segment.options.iter().any(|option| match option {
        TcpOption::Mptcp(_) => true,
        TcpOption::Cut(bytes) | TcpOption::BadLength(bytes) => bytes.first() == Some(&mptcp::KIND),
        _ => false,
    })
}

/// A segment, and what is known of it.
#[derive(Clone, Copy)]
pub struct PacketRow<'a> {
    /// The segment.
    pub segment: &'a Segment<'a>,
    /// The time that times count from.
    pub start: Timestamp,
    /// What the proof in an option is worth.
    pub proof: &'a Proof<'a>,
    /// The name of its input.
    pub file: &'a str,
    /// Its input, and its number there.
    pub place: PacketRef,
    /// What only the end of the input shows; `None` before that.
    pub standing: Option<Standing>,
}

/// What a segment is in its connection.
#[derive(Debug, Clone, Copy, Default)]
pub struct Standing {
    /// What it belongs to; `None` if to nothing in the report.
    pub ids: Option<SegmentIds>,
    /// What it is; `None` if the report does not count it.
    pub class: Option<PacketClass>,
    /// What became of its payload; `None` if the report does not count it.
    pub bytes: Option<ByteCounts>,
    /// Its numbers counted from the beginning, if they are wanted.
    pub relative: Option<RelativeNumbers>,
}

/// A row as a line of text.
#[derive(Clone, Copy)]
pub struct PacketLine<'a> {
    /// The row.
    pub row: &'a PacketRow<'a>,
    /// What its time counts from; without it, the time is that of the clock.
    pub since: Option<Timestamp>,
    /// With several inputs: what the one that it comes from is called.
    pub input: Option<&'a str>,
}

/// Tells what the proof in an option of a segment is worth; `None` where there is none.
pub type Proof<'a> = dyn Fn(&MptcpOption) -> Option<Verdict> + 'a;

impl Display for PacketLine<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let row = self.row;
        let segment = row.segment;
        write!(out, "{:>5}  ", segment.number.0)?;
        if let Some(input) = self.input {
            write!(out, "{}:{}  ", printable(input), row.place.1)?;
        }
        match self.since {
            Some(since) => write_time(segment.timestamp.since(since), out)?,
            None => out.write_str(&by_the_clock(segment.timestamp))?,
        }
        if let Some(standing) = row.standing {
            out.write_str("  ")?;
            write_ids(standing.ids, out)?;
        }
        write!(out, "  {} > {}", segment.source, segment.destination)?;
        let relative = row.standing.and_then(|standing| standing.relative);
        let number = |of, absolute| shown(relative.as_ref(), of, absolute);
        write!(out, "  {}  seq {}", segment.flags, number(|all| all.seq, segment.seq.0))?;
        // RFC 9293 §3.1: without ACK the acknowledgment number means nothing.
        if segment.flags.has(TcpFlags::ACK) {
            write!(out, " ack {}", number(|all| all.ack, segment.ack.0))?;
        }
        write!(out, " len {} win {}", segment.payload_len, segment.window)?;
        write_options(row, relative, out)
    }
}

/// `2026-11-22 13:10:24.123456`, UTC.
fn by_the_clock(at: Timestamp) -> String {
    let at = jiff::Timestamp::from_nanosecond(at.0.into()).unwrap_or_default();
    at.strftime("%Y-%m-%d %H:%M:%S%.6f").to_string()
}

/// Seconds with six decimals, the rest cut off.
fn write_time(nanoseconds: i64, out: &mut Formatter<'_>) -> fmt::Result {
    let sign = if nanoseconds < 0 { "-" } else { "" };
    let microseconds = nanoseconds.unsigned_abs() / 1000;
    let (seconds, rest) = (microseconds / 1_000_000, microseconds % 1_000_000);
    let width = 4usize.saturating_sub(sign.len());
    write!(out, "{sign}{seconds:>width$}.{rest:06}")
}

/// As `live` writes it.
fn write_ids(ids: Option<SegmentIds>, out: &mut Formatter<'_>) -> fmt::Result {
    let Some(ids) = ids else { return out.write_str("no connection") };
    match ids.connection {
        Some(number) => write!(out, "#{number} ")?,
        None => out.write_str("orphan ")?,
    }
    let arrow = match ids.direction {
        Direction::ClientToServer => '→',
        Direction::ServerToClient => '←',
    };
    write!(out, "sf{} {arrow}", ids.subflow)
}

/// A number as it stands in the header. Where numbers count from the beginning, that one, or a question
/// mark if it is not known.
fn shown(
    relative: Option<&RelativeNumbers>,
    number: fn(&RelativeNumbers) -> Option<i64>,
    absolute: u32,
) -> String {
    match relative.map(number) {
        None => absolute.to_string(),
        Some(Some(relative)) => relative.to_string(),
        Some(None) => "?".to_owned(),
    }
}

fn write_options(
    row: &PacketRow<'_>,
    relative: Option<RelativeNumbers>,
    out: &mut Formatter<'_>,
) -> fmt::Result {
    let mut separator = "  ";
    for option in row.segment.options.iter() {
        if matches!(option, TcpOption::NoOperation | TcpOption::EndOfList { .. }) {
            continue;
        }
        out.write_str(separator)?;
        separator = ", ";
        match (&option, relative) {
            (TcpOption::Mptcp(MptcpOption::Dss(dss)), Some(relative)) => {
                out.write_str(&relative_line(dss, &relative))?;
            }
            _ => write_tcp_option(&option, out)?,
        }
        if let TcpOption::Mptcp(option) = &option
            && let Some(verdict) = (row.proof)(option)
        {
            write!(out, " {}", verdict.name())?;
        }
    }
    Ok(())
}

/// The line of a DSS whose numbers count from the beginning.
fn relative_line(dss: &Dss, relative: &RelativeNumbers) -> String {
    let mut line = describe(&MptcpOption::Dss(*dss)).line();
    let numbers = [
        ("ack", dss.data_ack, relative.data_ack),
        ("dsn", dss.mapping.map(|mapping| mapping.dsn), relative.dsn),
    ];
    for (name, absolute, relative) in numbers {
        if let Some(absolute) = absolute {
            let shown = relative.map_or_else(|| "?".to_owned(), |number| number.to_string());
            line = line.replacen(
                &format!("{name} {}", HexDsn(absolute)),
                &format!("{name} {shown}"),
                1,
            );
        }
    }
    line
}

fn write_tcp_option(option: &TcpOption<'_>, out: &mut Formatter<'_>) -> fmt::Result {
    match option {
        TcpOption::NoOperation | TcpOption::EndOfList { .. } => Ok(()),
        TcpOption::MaximumSegmentSize(bytes) => write!(out, "mss {bytes}"),
        TcpOption::WindowScale(shift) => write!(out, "window scale {shift}"),
        TcpOption::SackPermitted => out.write_str("sack permitted"),
        TcpOption::Sack(blocks) => {
            out.write_str("sack")?;
            let mut blocks = blocks.iter();
            blocks.try_for_each(|(left, right)| write!(out, " {}:{}", left.0, right.0))
        }
        TcpOption::Timestamps { value, echo_reply } => {
            write!(out, "timestamps {value} {echo_reply}")
        }
        TcpOption::FastOpen([]) => out.write_str("fast open cookie request"),
        TcpOption::FastOpen(cookie) => write!(out, "fast open cookie {}", Hex(cookie)),
        TcpOption::Md5(digest) => write!(out, "md5 {}", Hex(digest)),
        TcpOption::Authentication(data) => write!(out, "authentication {}", Hex(data)),
        TcpOption::Mptcp(option) => out.write_str(&describe(option).line()),
        TcpOption::Unknown { kind, data } => write!(out, "option {kind} {}", Hex(data)),
        TcpOption::BadLength(bytes) => write!(out, "bad option length {}", Hex(bytes)),
        TcpOption::Cut([]) => out.write_str("options cut by the snap length"),
        TcpOption::Cut(bytes) => write!(out, "option cut by the snap length {}", Hex(bytes)),
    }
}

/// Bytes as one hexadecimal number; `0x` alone if there are none.
struct Hex<'a>(&'a [u8]);

impl Display for Hex<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        out.write_str("0x")?;
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}
