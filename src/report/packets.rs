//! One line of text per segment that carries MPTCP options: what tcpdump prints of it, and what
//! tcpdump leaves out.
//!
//! ```text
//!     6    0.002893  192.0.2.1:52278 > 198.51.100.1:5001  P.  seq 653223704 ack 3797229783 len 16
//!     win 502  timestamps 2070300963 938670159, MP_CAPABLE v1 [H] key 0x8f0c7c64a6a32ac1 …
//! ```
//!
//! Packet number, seconds since the first packet, endpoints, TCP flags, the numbers of the TCP header
//! as they stand there (`win` unscaled), then the options in their order, without padding. Names of
//! the fields are those of the JSON report, but for `len` and `id`.

pub mod json;

use std::fmt::{self, Display, Formatter};

use crate::track::proof::Verdict;
use crate::wire::frame::Timestamp;
use crate::wire::mptcp::{
    self, AddAddr, AddressFlavour, Capable, CapableForm, DataLevelLength, Dss, Join, Key,
    MptcpOption, Prio, RemoveAddr, Subtype, TcpReset,
};
use crate::wire::segment::{Endpoint, Segment, TcpFlags};
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
pub struct Line<'a> {
    /// The segment.
    pub segment: &'a Segment<'a>,
    /// When the first packet of the capture came.
    pub start: Timestamp,
    /// What the proof in an option is worth.
    pub proof: &'a Proof<'a>,
}

/// Tells what the proof in an option of a segment is worth; `None` where there is none.
pub type Proof<'a> = dyn Fn(&MptcpOption) -> Option<Verdict> + 'a;

impl Display for Line<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let segment = self.segment;
        write!(out, "{:>5}  ", segment.number.0)?;
        write_time(segment.timestamp.since(self.start), out)?;
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
        TcpOption::Mptcp(option) => write!(out, "{}", Words(option)),
        TcpOption::Unknown { kind, data } => write!(out, "option {kind} {}", Hex(data)),
        TcpOption::BadLength(bytes) => write!(out, "bad option length {}", Hex(bytes)),
        TcpOption::Cut([]) => out.write_str("options cut by the snap length"),
        TcpOption::Cut(bytes) => write!(out, "option cut by the snap length {}", Hex(bytes)),
    }
}

/// An MPTCP option with the RFC's name and all its fields.
///
/// Flags are shown when set. Reserved bits, and flags that the option's other fields do not follow
/// from, are shown only when a sender set them against the RFC.
#[derive(Debug, Clone, Copy)]
pub struct Words<'a>(pub &'a MptcpOption);

impl Display for Words<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            MptcpOption::Capable(capable) => write_capable(capable, out),
            MptcpOption::Join(join) => write_join(join, out),
            MptcpOption::Dss(dss) => write_dss(dss, out),
            MptcpOption::AddAddr(announced) => write_add_addr(announced, out),
            MptcpOption::RemoveAddr(removed) => write_remove_addr(removed, out),
            MptcpOption::Prio(prio) => write_prio(*prio, out),
            MptcpOption::Fail(fail) => {
                write!(out, "MP_FAIL dsn {}", fail.dsn)?;
                write_reserved(fail.reserved, out)
            }
            MptcpOption::FastClose(close) => {
                write!(out, "MP_FASTCLOSE")?;
                write_key("key", close.receiver_key, out)?;
                write_reserved(close.reserved, out)
            }
            MptcpOption::TcpReset(reset) => write_reset(*reset, out),
            MptcpOption::Experimental(body) => {
                write!(out, "MP_EXPERIMENTAL {}", Hex(body.as_slice()))
            }
            MptcpOption::Unknown(body) => {
                let subtype = self.0.subtype().map_or(0, |subtype| subtype.0);
                write!(out, "unknown subtype {subtype} {}", Hex(body.as_slice()))
            }
            MptcpOption::Malformed(body) => {
                let name = self.0.subtype().and_then(Subtype::name);
                let name = name.unwrap_or("MPTCP option");
                write!(out, "malformed {name} {}", Hex(body.as_slice()))
            }
        }
    }
}

fn write_capable(capable: &Capable, out: &mut Formatter<'_>) -> fmt::Result {
    write!(out, "MP_CAPABLE v{} [", capable.version.0)?;
    let letters = capable.flags.letters();
    for (index, letter) in letters.chars().enumerate() {
        let space = if index == 0 { "" } else { " " };
        write!(out, "{space}{letter}")?;
    }
    out.write_str(if letters.is_empty() { "none]" } else { "]" })?;
    if let Some(key) = capable.sender_key() {
        write_key("key", key, out)?;
    }
    if let Some(key) = capable.receiver_key() {
        write_key("peer key", key, out)?;
    }
    if let CapableForm::BothKeysAndData { data_len, checksum, .. } = capable.form {
        write!(out, " data_len {data_len}")?;
        write_checksum(checksum, out)?;
    }
    Ok(())
}

fn write_join(join: &Join, out: &mut Formatter<'_>) -> fmt::Result {
    match join {
        Join::Syn { backup, address_id, token, nonce, reserved } => {
            let backup = if *backup { " backup" } else { "" };
            write!(out, "MP_JOIN SYN{backup} id {}", address_id.0)?;
            write!(out, " token 0x{:08x} nonce 0x{:08x}", token.0, nonce.0)?;
            write_reserved(u16::from(*reserved), out)
        }
        Join::SynAck { backup, address_id, hmac, nonce, reserved } => {
            let backup = if *backup { " backup" } else { "" };
            write!(out, "MP_JOIN SYN/ACK{backup} id {}", address_id.0)?;
            write!(out, " hmac 0x{hmac:016x} nonce 0x{:08x}", nonce.0)?;
            write_reserved(u16::from(*reserved), out)
        }
        Join::Ack { hmac, reserved } => {
            write!(out, "MP_JOIN ACK hmac {}", Hex(hmac))?;
            write_reserved(*reserved, out)
        }
    }
}

fn write_dss(dss: &Dss, out: &mut Formatter<'_>) -> fmt::Result {
    out.write_str(if dss.data_fin { "DSS fin" } else { "DSS" })?;
    if let Some(ack) = dss.data_ack {
        write!(out, " ack {ack}")?;
    }
    if let Some(mapping) = dss.mapping {
        write!(out, " dsn {} ssn {}", mapping.dsn, mapping.ssn)?;
        match mapping.length {
            DataLevelLength::Bytes(bytes) => write!(out, " len {bytes}")?,
            DataLevelLength::Infinite => out.write_str(" len infinite")?,
        }
        write_checksum(mapping.checksum, out)?;
    }
    if dss.flags != Dss::new(dss.data_ack, dss.mapping, dss.data_fin).flags {
        write!(out, " flags 0x{:02x}", dss.flags)?;
    }
    write_reserved(u16::from(dss.reserved), out)
}

fn write_add_addr(announced: &AddAddr, out: &mut Formatter<'_>) -> fmt::Result {
    out.write_str(match announced.flavour {
        AddressFlavour::Announcement { .. } => "ADD_ADDR",
        AddressFlavour::Echo => "ADD_ADDR echo",
        AddressFlavour::V0 => "ADD_ADDR v0",
        AddressFlavour::PreFinalV1 { .. } => "ADD_ADDR pre-final v1",
    })?;
    write!(out, " id {} ", announced.address_id.0)?;
    let address = announced.address;
    match announced.port {
        Some(port) => write!(out, "{}", Endpoint { address, port })?,
        None => write!(out, "{address}")?,
    }
    if let Some(hmac) = announced.hmac() {
        write!(out, " hmac 0x{hmac:016x}")?;
    }
    write_reserved(u16::from(announced.reserved), out)
}

fn write_remove_addr(removed: &RemoveAddr, out: &mut Formatter<'_>) -> fmt::Result {
    out.write_str("REMOVE_ADDR id")?;
    removed.ids().try_for_each(|id| write!(out, " {}", id.0))?;
    write_reserved(u16::from(removed.reserved), out)
}

fn write_prio(prio: Prio, out: &mut Formatter<'_>) -> fmt::Result {
    let priority = if prio.backup { "backup" } else { "regular" };
    write!(out, "MP_PRIO {priority}")?;
    if let Some(id) = prio.address_id {
        write!(out, " id {}", id.0)?;
    }
    write_reserved(u16::from(prio.reserved), out)
}

fn write_reset(reset: TcpReset, out: &mut Formatter<'_>) -> fmt::Result {
    let transient = if reset.transient { " transient" } else { "" };
    write!(out, "MP_TCPRST{transient} reason {}", reset.reason.0)?;
    write!(out, " {}", reset.reason.name())?;
    write_reserved(u16::from(reset.reserved), out)
}

fn write_key(name: &str, key: Key, out: &mut Formatter<'_>) -> fmt::Result {
    write!(out, " {name} 0x{:016x}", key.0)
}

fn write_checksum(checksum: Option<u16>, out: &mut Formatter<'_>) -> fmt::Result {
    match checksum {
        Some(checksum) => write!(out, " checksum 0x{checksum:04x}"),
        None => Ok(()),
    }
}

fn write_reserved(bits: u16, out: &mut Formatter<'_>) -> fmt::Result {
    match bits {
        0 => Ok(()),
        bits => write!(out, " reserved 0x{bits:x}"),
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The words of an option, from its bytes after kind and length.
    fn words(body: &[u8]) -> String {
        Words(&MptcpOption::parse(body)).to_string()
    }

    #[test]
    fn flags_of_mp_capable() {
        assert_eq!(words(&[0x01, 0xa1]), "MP_CAPABLE v1 [A C H]");
        assert_eq!(words(&[0x01, 0x00]), "MP_CAPABLE v1 [none]");
        let with_key = [0x01, 0x41, 0, 0, 0, 0, 0, 0, 0, 9];
        assert_eq!(words(&with_key), "MP_CAPABLE v1 [B H] key 0x0000000000000009");
    }

    #[test]
    fn mp_join() {
        let syn = [0x11, 2, 1, 2, 3, 4, 5, 6, 7, 8];
        assert_eq!(words(&syn), "MP_JOIN SYN backup id 2 token 0x01020304 nonce 0x05060708");
        let syn_ack = [0x10, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2];
        let expected = "MP_JOIN SYN/ACK id 0 hmac 0x0000000000000001 nonce 0x00000002";
        assert_eq!(words(&syn_ack), expected);
        let mut ack = [0; 22];
        ack[0] = 0x10;
        ack[21] = 0xff;
        let expected = "MP_JOIN ACK hmac 0x00000000000000000000000000000000000000ff";
        assert_eq!(words(&ack), expected);
    }

    #[test]
    fn dss_shows_widths_and_what_flags_add() {
        assert_eq!(words(&[0x20, 0x01, 0, 0, 0, 5]), "DSS ack 0x00000005");
        assert_eq!(words(&[0x20, 0xe1, 0, 0, 0, 5]), "DSS ack 0x00000005 flags 0xe1");
        let infinite = [0x20, 0x04, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0xab, 0xcd];
        let expected = "DSS dsn 0x00000001 ssn 2 len infinite checksum 0xabcd";
        assert_eq!(words(&infinite), expected);
    }

    #[test]
    fn addresses() {
        let echo = [0x31, 1, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0x13, 0x8a];
        assert_eq!(words(&echo), "ADD_ADDR echo id 1 [2001:db8::1]:5002");
        assert_eq!(words(&[0x34, 1, 192, 0, 2, 1]), "ADD_ADDR v0 id 1 192.0.2.1");
        assert_eq!(words(&[0x40, 1, 7]), "REMOVE_ADDR id 1 7");
        assert_eq!(words(&[0x51, 7]), "MP_PRIO backup id 7");
        assert_eq!(words(&[0x50]), "MP_PRIO regular");
    }

    #[test]
    fn ends() {
        let reset = "MP_TCPRST transient reason 3 administratively_prohibited";
        assert_eq!(words(&[0x81, 3]), reset);
        let close = [0x70, 1, 0, 0, 0, 0, 0, 0, 0, 1];
        assert_eq!(words(&close), "MP_FASTCLOSE key 0x0000000000000001 reserved 0x1");
        let fail = [0x60, 0, 0, 0, 0, 0, 0, 0, 0, 1];
        assert_eq!(words(&fail), "MP_FAIL dsn 0x0000000000000001");
    }

    #[test]
    fn what_is_not_known_shows_its_bytes() {
        assert_eq!(words(&[0x20]), "malformed DSS 0x20");
        assert_eq!(words(&[]), "malformed MPTCP option 0x");
        assert_eq!(words(&[0x93, 1]), "unknown subtype 9 0x9301");
        assert_eq!(words(&[0xf0, 1]), "MP_EXPERIMENTAL 0xf001");
    }
}
