//! Frames field by field: the octets of every packet of every capture, none left out, none twice, and
//! what the fields say is what the parser reads.

use std::path::PathBuf;

use mptcpscope::internals::capture::{Capture, InputPath};
use mptcpscope::internals::report::fields::{self, Field, FieldContext, Part};
use mptcpscope::internals::wire::frame::Frame;
use mptcpscope::internals::wire::mptcp::{MpJoin, MptcpOption};
use mptcpscope::internals::wire::segment::{Decoded, decode};
use mptcpscope::internals::wire::tcp_option::TcpOption;

use crate::support::files;
use crate::support::testdata;

#[test]
fn fields_cover_every_octet_once_and_agree_with_the_parser() {
    let mut options = 0;
    for path in captures() {
        let mut capture = Capture::open(&[InputPath::File(path.clone())]).unwrap();
        while let Some(frame) = capture.next_frame() {
            let fields = fields::fields(&frame, &FieldContext::NOTHING);
            let place = format!("{} #{}", path.display(), frame.number);
            assert_covers(&frame, &fields, &place);
            options += assert_agrees(&frame, &fields, &place);
            // A snap length may cut anywhere.
            for cut in (0..frame.data.len().min(150)).rev().step_by(7) {
                let cut = Frame { data: &frame.data[..cut], ..frame };
                assert_covers(&cut, &fields::fields(&cut, &FieldContext::NOTHING), &place);
            }
        }
    }
    println!("{options} options");
    assert!(options > 1_500, "{options} options");
}

/// The fields of octets stand one behind the other; headers and bits lie around and in them.
fn assert_covers(frame: &Frame<'_>, fields: &[Field], place: &str) {
    let mut next = 0;
    for field in fields {
        let octets = &field.octets;
        match field.part {
            Part::Octets => {
                assert_eq!(octets.start, next, "{place}: {field:?}");
                next = octets.end;
            }
            Part::Header => assert_eq!(octets.start, next, "{place}: {field:?}"),
            Part::Bits => assert_eq!(octets.clone(), next - 1..next, "{place}: {field:?}"),
        }
        assert!(octets.end <= frame.data.len(), "{place}: {field:?}");
        assert!(!field.name.is_empty());
    }
    assert_eq!(next, frame.data.len(), "{place}");
    for (index, header) in fields.iter().enumerate() {
        if header.part == Part::Header {
            let inside = fields[index + 1..].iter().take_while(|field| field.depth > header.depth);
            let end = inside.map(|field| field.octets.end).max().unwrap_or(header.octets.start);
            assert_eq!(header.octets.end, end, "{place}: {header:?}");
        }
    }
}

/// Every number that `wire` reads stands in a field, in the same order. Gives the number of options.
fn assert_agrees(frame: &Frame<'_>, fields: &[Field], place: &str) -> usize {
    let Decoded::Tcp(segment) = decode(frame) else { return 0 };
    let value = |name: &str| {
        let field = fields.iter().find(|field| field.name == name);
        field.unwrap_or_else(|| panic!("{place}: no {name}")).value.clone()
    };
    assert_eq!(value("sequence number"), segment.seq.0.to_string(), "{place}");
    assert_eq!(value("acknowledgment"), segment.ack.0.to_string(), "{place}");
    assert_eq!(value("window, unscaled"), segment.window.to_string(), "{place}");
    assert_eq!(value("source port"), segment.source.port.to_string(), "{place}");
    if segment.payload_len > 0 && !segment.payload.is_empty() {
        assert!(value("payload").starts_with(&segment.payload_len.to_string()), "{place}");
        let payload = fields.iter().find(|field| field.name == "payload").unwrap();
        assert_eq!(&frame.data[payload.octets.clone()], segment.payload, "{place}");
    }
    let tcp = fields.iter().position(|field| field.name == "TCP").unwrap();
    let mut headers = fields[tcp + 1..].iter().filter(|field| {
        field.depth == 1 && (field.part == Part::Header || field.name.contains("option"))
    });
    let mut options = 0;
    for option in segment.options.iter() {
        if matches!(option, TcpOption::NoOperation | TcpOption::EndOfList { .. }) {
            continue;
        }
        if matches!(option, TcpOption::Cut([])) {
            continue;
        }
        let header = headers.next().unwrap_or_else(|| panic!("{place}: no field for {option:?}"));
        let mut octets = Vec::new();
        option.emit(&mut octets);
        // PacketClass 34 is how a fast open option is written that had come as an experiment.
        if !matches!(option, TcpOption::FastOpen(_)) {
            assert_eq!(frame.data[header.octets.clone()], octets, "{place}: {option:?}");
        }
        if let TcpOption::Mptcp(option) = &option {
            let from = fields.iter().position(|field| std::ptr::eq(field, header)).unwrap();
            let inside: Vec<_> =
                fields[from + 1..].iter().take_while(|field| field.depth > header.depth).collect();
            assert_option(option, &inside, place);
            options += 1;
        }
    }
    assert!(headers.next().is_none(), "{place}: more fields than options");
    options
}

fn assert_option(option: &MptcpOption, fields: &[&Field], place: &str) {
    let find = |name: &str| {
        let field = fields.iter().find(|field| field.name == name);
        field.unwrap_or_else(|| panic!("{place}: no {name} in {option:?}")).value.clone()
    };
    let hex64 = |number: u64| format!("0x{number:016x}");
    match option {
        MptcpOption::MpCapable(capable) => {
            for (name, key) in
                [("sender's key", capable.sender_key()), ("receiver's key", capable.receiver_key())]
            {
                if let Some(key) = key {
                    assert_eq!(find(name), hex64(key.0), "{place}");
                }
            }
            assert_eq!(find("flags"), format!("0x{:02x}", capable.flags.0), "{place}");
        }
        MptcpOption::MpJoin(MpJoin::Syn { address_id, token, nonce, .. }) => {
            assert_eq!(find("address ID"), address_id.0.to_string(), "{place}");
            assert_eq!(find("receiver's token"), format!("0x{:08x}", token.0), "{place}");
            assert_eq!(find("sender's nonce"), format!("0x{:08x}", nonce.0), "{place}");
        }
        MptcpOption::MpJoin(MpJoin::SynAck { hmac, nonce, .. }) => {
            assert_eq!(find("HMAC, left 64 bits"), hex64(*hmac), "{place}");
            assert_eq!(find("sender's nonce"), format!("0x{:08x}", nonce.0), "{place}");
        }
        MptcpOption::MpJoin(MpJoin::Ack { hmac, .. }) => {
            assert_eq!(find("HMAC, left 160 bits").len(), 2 + 2 * hmac.len(), "{place}");
        }
        MptcpOption::Dss(dss) => {
            if let Some(ack) = dss.data_ack {
                assert_eq!(find("DATA_ACK"), ack.to_string(), "{place}");
            }
            if let Some(mapping) = dss.mapping {
                assert_eq!(find("DSN"), mapping.dsn.to_string(), "{place}");
                assert_eq!(find("SSN"), mapping.ssn.to_string(), "{place}");
            }
        }
        MptcpOption::AddAddr(add) => {
            assert_eq!(find("address"), add.address.to_string(), "{place}");
            if let Some(port) = add.port {
                assert_eq!(find("port"), port.to_string(), "{place}");
            }
            if let Some(hmac) = add.hmac() {
                assert_eq!(find("HMAC, right 64 bits"), hex64(hmac), "{place}");
            }
        }
        MptcpOption::RemoveAddr(removed) => {
            let found = fields.iter().filter(|field| field.name == "address ID").count();
            assert_eq!(found, removed.ids().count(), "{place}");
        }
        MptcpOption::MpFail(fail) => assert_eq!(find("DSN"), fail.dsn.to_string(), "{place}"),
        MptcpOption::MpFastClose(close) => {
            assert_eq!(find("receiver's key"), hex64(close.receiver_key.0), "{place}");
        }
        MptcpOption::MpTcpRst(reset) => {
            assert_eq!(find("reason"), reset.reason.to_string(), "{place}");
        }
        MptcpOption::MpPrio(_)
        | MptcpOption::Experimental(_)
        | MptcpOption::Unknown(_)
        | MptcpOption::Malformed(_) => {
            assert!(fields.iter().all(|field| field.part != Part::Header), "{place}");
        }
    }
}

/// All captures of `testdata`.
fn captures() -> Vec<PathBuf> {
    let folder = testdata::path("captures");
    let mut found = files::sorted(&folder);
    found.retain(|path| path.is_file());
    found
}
