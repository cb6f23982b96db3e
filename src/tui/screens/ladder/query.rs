//! What can be typed to search for: packet numbers, DSNs, addresses, words for what happened, codes of
//! findings, and a few fields of Wireshark's.

use std::net::IpAddr;

use crate::track::packet_class::PacketClass;
use crate::wire::mptcp::Subtype;

/// What is searched for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// As it was typed.
    pub text: String,
    pub(super) query: Query,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Query {
    /// A packet of this number, or else the byte of the stream that has it.
    Number(u64),
    /// The byte of the stream that has this number, counted from 1.
    Dsn(u64),
    Packet(u64),
    Address(IpAddr),
    Port(u16),
    Stream(u32),
    Kinds(&'static [PacketClass]),
    /// Events with exactly this name.
    Event(&'static str),
    /// What has a name that begins with this, and findings with this in their code.
    Word(String),
}

impl Search {
    /// Of what was typed; `None` if that is nothing.
    pub(super) fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        (!text.is_empty()).then(|| Self { text: text.to_owned(), query: parse(text) })
    }
}

fn parse(text: &str) -> Query {
    let text = text.to_lowercase();
    let (name, value) = match text.split_once("==").or_else(|| text.split_once('=')) {
        Some((name, value)) => (name.trim(), value.trim()),
        None => (text.as_str(), ""),
    };
    field(name, value).unwrap_or_else(|| free(&text))
}

/// What a field of Wireshark's asks for; `None` for one that is not known here.
fn field(name: &str, value: &str) -> Option<Query> {
    let number = || value.parse::<u64>().ok();
    Some(match name {
        "frame.number" | "frame" | "packet" => Query::Packet(number()?),
        "mptcp.dsn" | "dsn" | "mptcp.ack" => Query::Dsn(number()?),
        "ip.addr" | "ipv6.addr" | "ip.src" | "ip.dst" | "ipv6.src" | "ipv6.dst" => {
            Query::Address(value.parse().ok()?)
        }
        "tcp.port" | "tcp.srcport" | "tcp.dstport" | "port" => Query::Port(value.parse().ok()?),
        "tcp.stream" => Query::Stream(value.parse().ok()?),
        "tcp.flags.reset" => Query::Kinds(&[PacketClass::Reset]),
        "tcp.flags.syn" => Query::Word("syn".to_owned()),
        "tcp.flags.fin" => Query::Event("fin"),
        "tcp.analysis.retransmission" => Query::Kinds(&[PacketClass::Retransmitted]),
        "mptcp.reinjection_of" | "mptcp.reinjected_in" => Query::Kinds(&[PacketClass::Reinjected]),
        "mptcp.subtype" | "tcp.options.mptcp.subtype" => match number()? {
            2 => Query::Kinds(&[
                PacketClass::Data,
                PacketClass::Ack,
                PacketClass::Reinjected,
                PacketClass::Remapped,
            ]),
            subtype => Query::Word(subtype_word(subtype)?),
        },
        "mptcp.rm_addr.count" => Query::Word("remove_addr".to_owned()),
        _ => return None,
    })
}

/// The option's name as a word of the ladder.
fn subtype_word(subtype: u64) -> Option<String> {
    let subtype = Subtype(u8::try_from(subtype).ok()?);
    subtype.name().map(str::to_lowercase)
}

/// A number, an address or a word.
fn free(text: &str) -> Query {
    if let Some(number) = text.strip_prefix('#').and_then(|number| number.parse().ok()) {
        return Query::Packet(number);
    }
    if let Ok(number) = text.replace(',', "").parse() {
        return Query::Number(number);
    }
    if let Some(Ok(number)) = text.strip_prefix("dsn ").map(str::parse) {
        return Query::Dsn(number);
    }
    match text.trim_matches(['[', ']']).parse() {
        Ok(address) => Query::Address(address),
        Err(_) => Query::Word(text.replace(['-', ' ', '/'], "_")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed() {
        assert_eq!(parse("#123"), Query::Packet(123));
        assert_eq!(parse("1,234"), Query::Number(1234));
        assert_eq!(parse("frame.number == 7"), Query::Packet(7));
        assert_eq!(parse("dsn 7101"), Query::Dsn(7101));
        assert_eq!(parse("mptcp.dsn==7101"), Query::Dsn(7101));
        assert_eq!(parse("10.0.3.1"), Query::Address("10.0.3.1".parse().unwrap()));
        assert_eq!(parse("[2001:db8::1]"), Query::Address("2001:db8::1".parse().unwrap()));
        assert_eq!(parse("tcp.flags.reset==1"), Query::Kinds(&[PacketClass::Reset]));
        assert_eq!(parse("tcp.flags.reset"), Query::Kinds(&[PacketClass::Reset]));
        assert_eq!(parse("mptcp.subtype==3"), Query::Word("add_addr".into()));
        assert_eq!(parse("SYN/ACK"), Query::Word("syn_ack".into()));
        assert_eq!(parse("subflow-reset"), Query::Word("subflow_reset".into()));
    }
}
