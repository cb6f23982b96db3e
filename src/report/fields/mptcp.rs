//! MPTCP options, from their third octet on (RFC 8684 §3, RFC 6824 §3).
//!
//! The form is what `wire` made of the option; here stands where its fields are.

use super::{FieldContext, Walk, hex, number, relative};
use crate::track::proof::Verdict;
use crate::wire::mptcp::{
    AddAddr, AddressFlavour, Capable, CapableForm, DataLevelLength, Dss, Join, MptcpOption, Subtype,
};
use crate::wire::seq::{Dsn, WireDsn};

/// Name of an option, and what matters most in it.
pub(super) fn title(option: &MptcpOption, context: &FieldContext<'_>) -> (String, String) {
    let name = option.subtype().and_then(Subtype::name);
    let name = match (option, name) {
        (MptcpOption::Malformed(_), name) => {
            format!("{}, malformed", name.unwrap_or("MPTCP option"))
        }
        (_, Some(name)) => name.to_owned(),
        (_, None) => "MPTCP option".to_owned(),
    };
    let mut words = match option {
        MptcpOption::Capable(capable) => format!("v{}", capable.version.0),
        MptcpOption::Join(Join::Syn { .. }) => "SYN".to_owned(),
        MptcpOption::Join(Join::SynAck { .. }) => "SYN/ACK".to_owned(),
        MptcpOption::Join(Join::Ack { .. }) => "ACK".to_owned(),
        MptcpOption::Dss(dss) => dss_parts(dss),
        MptcpOption::AddAddr(add) => add_addr_form(add).to_owned(),
        MptcpOption::Prio(prio) => if prio.backup { "backup" } else { "regular" }.to_owned(),
        MptcpOption::TcpReset(reset) => reset.reason.to_string(),
        _ => String::new(),
    };
    if let Some(verdict) = (context.proof)(option) {
        let gap = if words.is_empty() { "" } else { ", " };
        words = format!("{words}{gap}proof {}", verdict.name());
    }
    (name, words)
}

fn dss_parts(dss: &Dss) -> String {
    let parts = [
        dss.mapping.map(|_| "mapping"),
        dss.data_ack.map(|_| "DATA_ACK"),
        dss.data_fin.then_some("DATA_FIN"),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

const fn add_addr_form(add: &AddAddr) -> &'static str {
    match add.flavour {
        AddressFlavour::Announcement { .. } => "announcement",
        AddressFlavour::Echo => "echo",
        AddressFlavour::V0 => "v0",
        AddressFlavour::PreFinalV1 { .. } => "pre-final v1",
    }
}

/// The fields after kind and length.
pub(super) fn option(walk: &mut Walk<'_>, option: &MptcpOption, context: &FieldContext<'_>) {
    let verdict = (context.proof)(option);
    match option {
        MptcpOption::Capable(capable) => self::capable(walk, capable),
        MptcpOption::Join(join) => self::join(walk, join, verdict),
        MptcpOption::Dss(dss) => self::dss(walk, dss, context),
        MptcpOption::AddAddr(add) => add_addr(walk, add, verdict),
        MptcpOption::RemoveAddr(removed) => {
            subtype(walk, &[(0x0f, "reserved")]);
            for _ in removed.ids() {
                walk.number(1, "address ID");
            }
        }
        MptcpOption::Prio(prio) => {
            subtype(walk, &[(0x0e, "reserved"), (0x01, "B backup")]);
            if prio.address_id.is_some() {
                walk.number(1, "address ID");
            }
        }
        MptcpOption::Fail(_) => {
            subtype(walk, &[(0x0f, "reserved")]);
            walk.hex(1, "reserved");
            walk.octets(8, "DSN", |octets| dsn(octets, context.receiver_idsn));
        }
        MptcpOption::FastClose(_) => {
            subtype(walk, &[(0x0f, "reserved")]);
            walk.hex(1, "reserved");
            walk.octets(8, "receiver's key", |octets| proved(hex(octets), verdict));
        }
        MptcpOption::TcpReset(reset) => {
            subtype(walk, &[(0x0e, "U V W reserved"), (0x01, "T transient")]);
            walk.octets(1, "reason", |_| reset.reason.to_string());
        }
        MptcpOption::Experimental(_) | MptcpOption::Unknown(_) | MptcpOption::Malformed(_) => {
            subtype(walk, &[(0x0f, "not known")]);
        }
    }
}

/// The octet of the subtype, and what its lower half is.
fn subtype(walk: &mut Walk<'_>, bits: &[(u8, &'static str)]) {
    if walk.left() == 0 {
        return;
    }
    walk.octets(1, "subtype", |octets| {
        let subtype = Subtype(octets.first().copied().unwrap_or(0) >> 4);
        match subtype.name() {
            Some(name) => format!("{} {name}", subtype.0),
            None => format!("{} not assigned", subtype.0),
        }
    });
    walk.bits(bits);
}

fn capable(walk: &mut Walk<'_>, capable: &Capable) {
    subtype(walk, &[(0x0f, "version")]);
    walk.hex(1, "flags");
    let is_v0 = capable.version.0 == 0;
    let checksum = (0x80, "A checksums required");
    let extensibility = (0x40, "B extensibility");
    if is_v0 {
        walk.bits(&[checksum, extensibility, (0x3e, "C-G not assigned"), (0x01, "H HMAC-SHA1")]);
    } else {
        walk.bits(&[
            checksum,
            extensibility,
            (0x20, "C no joins to my address"),
            (0x1e, "D-G not assigned"),
            (0x01, "H HMAC-SHA256"),
        ]);
    }
    if capable.sender_key().is_some() {
        walk.hex(8, "sender's key");
    }
    if capable.receiver_key().is_some() {
        walk.hex(8, "receiver's key");
    }
    if let CapableForm::BothKeysAndData { checksum, .. } = capable.form {
        walk.octets(2, "data-level length", |octets| {
            format!("{} (mapping at DSN 1, SSN 1)", number(octets))
        });
        if checksum.is_some() {
            walk.hex(2, "checksum");
        }
    }
}

fn join(walk: &mut Walk<'_>, join: &Join, verdict: Option<Verdict>) {
    match join {
        Join::Syn { .. } => {
            subtype(walk, &[(0x0e, "reserved"), (0x01, "B backup")]);
            walk.number(1, "address ID");
            walk.hex(4, "receiver's token");
            walk.hex(4, "sender's nonce");
        }
        Join::SynAck { .. } => {
            subtype(walk, &[(0x0e, "reserved"), (0x01, "B backup")]);
            walk.number(1, "address ID");
            walk.octets(8, "HMAC, left 64 bits", |octets| proved(hex(octets), verdict));
            walk.hex(4, "sender's nonce");
        }
        Join::Ack { .. } => {
            subtype(walk, &[(0x0f, "reserved")]);
            walk.hex(1, "reserved");
            walk.octets(20, "HMAC, left 160 bits", |octets| proved(hex(octets), verdict));
        }
    }
}

fn dss(walk: &mut Walk<'_>, dss: &Dss, context: &FieldContext<'_>) {
    subtype(walk, &[(0x0f, "reserved")]);
    walk.hex(1, "flags");
    walk.bits(&[
        (0xe0, "reserved"),
        (0x10, "F DATA_FIN"),
        (0x08, "m DSN of 8 octets"),
        (0x04, "M mapping present"),
        (0x02, "a DATA_ACK of 8 octets"),
        (0x01, "A DATA_ACK present"),
    ]);
    if let Some(ack) = dss.data_ack {
        walk.octets(ack.len(), "DATA_ACK", |octets| dsn(octets, context.receiver_idsn));
    }
    if let Some(mapping) = dss.mapping {
        walk.octets(mapping.dsn.len(), "DSN", |octets| dsn(octets, context.sender_idsn));
        walk.number(4, "SSN");
        walk.octets(2, "data-level length", |octets| match mapping.length {
            DataLevelLength::Bytes(_) if dss.data_fin => {
                format!("{}, DATA_FIN included", number(octets))
            }
            DataLevelLength::Bytes(_) => number(octets).to_string(),
            DataLevelLength::Infinite => "0: infinite mapping".to_owned(),
        });
        if mapping.checksum.is_some() {
            walk.hex(2, "checksum");
        }
    }
}

fn add_addr(walk: &mut Walk<'_>, add: &AddAddr, verdict: Option<Verdict>) {
    match add.flavour {
        AddressFlavour::Announcement { .. } | AddressFlavour::Echo => {
            subtype(walk, &[(0x0e, "reserved"), (0x01, "E echo")]);
        }
        AddressFlavour::V0 | AddressFlavour::PreFinalV1 { .. } => {
            subtype(walk, &[(0x0f, "IP version")]);
        }
    }
    walk.number(1, "address ID");
    let len = if add.address.is_ipv4() { 4 } else { 16 };
    walk.octets(len, "address", |_| add.address.to_string());
    if add.port.is_some() {
        walk.number(2, "port");
    }
    if add.hmac().is_some() {
        walk.octets(8, "HMAC, right 64 bits", |octets| proved(hex(octets), verdict));
    }
}

/// A DSN as on the wire, and as counted from the first octet of the stream.
fn dsn(octets: &[u8], idsn: Option<Dsn>) -> String {
    let raw = number(octets);
    let wire = match u32::try_from(raw) {
        Ok(short) if octets.len() == 4 => WireDsn::Short(short),
        _ => WireDsn::Long(raw),
    };
    match relative(wire, idsn) {
        Some(relative) => format!("{} ({relative})", hex(octets)),
        None => hex(octets),
    }
}

fn proved(hex: String, verdict: Option<Verdict>) -> String {
    match verdict {
        Some(verdict) => format!("{} {hex}", verdict.name()),
        None => hex,
    }
}
