//! One line of text per segment that carries MPTCP options: what tcpdump prints of it, and what
//! tcpdump leaves out.
//!
//! ```text
//!     6    0.002893  192.0.2.1:52278 > 198.51.100.1:5001  P.  seq 653223704 ack 3797229783 len 16
//!     win 502  timestamps 2070300963 938670159, MP_CAPABLE v1 [H] key 0x8f0c7c64a6a32ac1 …
//! ```
//!
//! Packet number, time (usually seconds since the first packet), endpoints, TCP flags, the numbers of the TCP header
//! as they stand there (`win` unscaled), then the options in their order, without padding. Names of
//! the fields are those of the JSON report, but for `len` and `id`.

pub mod json;

use std::fmt::{self, Display, Formatter};

use super::option::describe;
use crate::track::proof::Verdict;
use crate::wire::frame::Timestamp;
use crate::wire::mptcp::{self, MptcpOption};
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

/// A segment as a line of text.
#[derive(Clone, Copy)]
pub struct PacketLine<'a> {
    /// The segment.
    pub segment: &'a Segment<'a>,
    /// What its time counts from; without it, the time is that of the clock.
    pub since: Option<Timestamp>,
    /// What the proof in an option is worth.
    pub proof: &'a Proof<'a>,
}

/// Tells what the proof in an option of a segment is worth; `None` where there is none.
pub type Proof<'a> = dyn Fn(&MptcpOption) -> Option<Verdict> + 'a;

impl Display for PacketLine<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let segment = self.segment;
        write!(out, "{:>5}  ", segment.number.0)?;
        match self.since {
            Some(since) => write_time(segment.timestamp.since(since), out)?,
            None => out.write_str(&by_the_clock(segment.timestamp))?,
        }
        write!(out, "  {} > {}", segment.source, segment.destination)?;
        write!(out, "  {}  seq {}", segment.flags, segment.seq.0)?;
        // RFC 9293 §3.1: without ACK the acknowledgment number means nothing.
        if segment.flags.has(TcpFlags::ACK) {
            write!(out, " ack {}", segment.ack.0)?;
        }
        write!(out, " len {} win {}", segment.payload_len, segment.window)?;
        write_options(segment, self.proof, out)
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

fn write_options(segment: &Segment<'_>, proof: &Proof<'_>, out: &mut Formatter<'_>) -> fmt::Result {
    let mut separator = "  ";
    for option in segment.options.iter() {
        if matches!(option, TcpOption::NoOperation | TcpOption::EndOfList { .. }) {
            continue;
        }
        out.write_str(separator)?;
        separator = ", ";
        write_tcp_option(&option, out)?;
        if let TcpOption::Mptcp(option) = &option
            && let Some(verdict) = proof(option)
        {
            write!(out, " {}", verdict.name())?;
        }
    }
    Ok(())
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
