//! One line of comma-separated values per segment (RFC 4180, lines end with a line feed).
//!
//! Names and values are those of the JSON lines, flat. What is not known is empty. Of a DSS, which most
//! segments carry, each field has a column; all MPTCP options stand in the last one, as in a line of text.

use std::borrow::Cow;
use std::fmt::Display;
use std::io::{self, Write};

use super::PacketRow;
use crate::printable::printable;
use crate::report::hex::HexDsn;
use crate::report::option::describe;
use crate::track::packet_class::PacketClass;
use crate::track::relative::RelativeNumbers;
use crate::track::role::Direction;
use crate::track::subflow::ByteCounts;
use crate::wire::mptcp::{DataLevelLength, Dss, MptcpOption};
use crate::wire::segment::{Segment, TcpFlags};
use crate::wire::seq::WireDsn;
use crate::wire::tcp_option::TcpOption;

/// The names of the columns.
const NAMES: &str = "packet,t_ns,connection,subflow,direction,class,input,file,frame,interface,\
                     source,source_port,destination,destination_port,flags,seq,ack,window,\
                     payload_len,new_data_bytes,retransmitted_bytes,remapped_bytes,\
                     reinjected_bytes,unmapped_bytes,dsn,ssn,length,data_ack,data_fin,options";

/// Those that follow where numbers that count from the beginning are wanted.
const RELATIVE_NAMES: &str = ",relative_seq,relative_ack,relative_dsn,relative_data_ack";

/// Writes the line of names.
pub fn write_names(is_relative: bool, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{NAMES}{}", if is_relative { RELATIVE_NAMES } else { "" })
}

/// Writes a row.
pub fn write_row(row: &PacketRow<'_>, is_relative: bool, out: &mut dyn Write) -> io::Result<()> {
    let segment = row.segment;
    let standing = row.standing.unwrap_or_default();
    write!(out, "{},{},", segment.number, segment.timestamp.since(row.start))?;
    cell(standing.ids.and_then(|ids| ids.connection), out)?;
    cell(standing.ids.map(|ids| ids.subflow), out)?;
    cell(standing.ids.map(|ids| direction(ids.direction)), out)?;
    cell(standing.class.map(PacketClass::name), out)?;
    write!(out, "{},{},{},", row.place.0, quoted(&printable(row.file)), row.place.1)?;
    write!(out, "{},", segment.point.interface)?;
    for end in [segment.source, segment.destination] {
        write!(out, "{},{},", end.address, end.port)?;
    }
    // RFC 9293 §3.1: without ACK the field means nothing.
    let ack = segment.flags.has(TcpFlags::ACK).then_some(segment.ack.0);
    write!(out, "{},{},", segment.flags, segment.seq.0)?;
    cell(ack, out)?;
    write!(out, "{},{},", segment.window, segment.payload_len)?;
    write_bytes(standing.bytes, out)?;
    write_dss(segment, out)?;
    write!(out, "{}", quoted(&options(row)))?;
    if is_relative {
        write_relative(standing.relative, out)?;
    }
    writeln!(out)
}

fn write_bytes(bytes: Option<ByteCounts>, out: &mut dyn Write) -> io::Result<()> {
    cell(bytes.map(|bytes| bytes.new_data), out)?;
    cell(bytes.map(|bytes| bytes.retransmitted), out)?;
    cell(bytes.map(|bytes| bytes.remapped), out)?;
    cell(bytes.map(|bytes| bytes.reinjected), out)?;
    cell(bytes.map(|bytes| bytes.unmapped), out)
}

/// The last cells of a line, each behind its comma.
fn write_relative(numbers: Option<RelativeNumbers>, out: &mut dyn Write) -> io::Result<()> {
    let cells = numbers.map(|numbers| [numbers.seq, numbers.ack, numbers.dsn, numbers.data_ack]);
    for number in cells.unwrap_or_default() {
        out.write_all(b",")?;
        if let Some(number) = number {
            write!(out, "{number}")?;
        }
    }
    Ok(())
}

fn write_dss(segment: &Segment<'_>, out: &mut dyn Write) -> io::Result<()> {
    let dss = dss(segment);
    let mapping = dss.and_then(|dss| dss.mapping);
    cell(mapping.map(|mapping| number(mapping.dsn)), out)?;
    cell(mapping.map(|mapping| mapping.ssn), out)?;
    // An infinite mapping has the length 0 on the wire as well.
    let len = mapping.map(|mapping| match mapping.length {
        DataLevelLength::Bytes(bytes) => bytes,
        DataLevelLength::Infinite => 0,
    });
    cell(len, out)?;
    cell(dss.and_then(|dss| dss.data_ack).map(number), out)?;
    cell(dss.map(|dss| u8::from(dss.data_fin)), out)
}

/// The first DSS of a segment: there should be no other one.
fn dss(segment: &Segment<'_>) -> Option<Dss> {
    segment.options.iter().find_map(|option| match option {
        TcpOption::Mptcp(MptcpOption::Dss(dss)) => Some(dss),
        _ => None,
    })
}

fn number(dsn: WireDsn) -> String {
    HexDsn(dsn).to_string()
}

/// The MPTCP options, with what their proofs are worth.
fn options(row: &PacketRow<'_>) -> String {
    let mut text = String::new();
    for option in row.segment.options.iter() {
        let TcpOption::Mptcp(option) = option else { continue };
        if !text.is_empty() {
            text.push_str(", ");
        }
        text.push_str(&describe(&option).line());
        if let Some(verdict) = (row.proof)(&option) {
            text.push(' ');
            text.push_str(verdict.name());
        }
    }
    text
}

const fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::ClientToServer => "c2s",
        Direction::ServerToClient => "s2c",
    }
}

/// Writes a value that needs no quotes, and the comma behind it.
fn cell(value: Option<impl Display>, out: &mut dyn Write) -> io::Result<()> {
    match value {
        Some(value) => write!(out, "{value},"),
        None => out.write_all(b","),
    }
}

/// `text` in quotes, if it needs them.
fn quoted(text: &str) -> Cow<'_, str> {
    if text.contains([',', '"', '\n', '\r']) {
        Cow::Owned(format!("\"{}\"", text.replace('"', "\"\"")))
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_end_a_cell_is_quoted() {
        assert_eq!(quoted("a b"), "a b");
        assert_eq!(quoted("a,b"), "\"a,b\"");
        assert_eq!(quoted("a\"b\n"), "\"a\"\"b\n\"");
    }
}
