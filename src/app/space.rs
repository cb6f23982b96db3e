//! `space`: whether options fit into a TCP header.

use anyhow::Result;

use super::output;
use crate::analyze::add_addr_what_if::Header;
use crate::cli::{DssWord, HandshakeWord, SpaceArgs, Switch};
use crate::report::space::{self, text};
use crate::wire::option_space::{AddAddrForm, Block, DssForm, JoinStep, Width};

pub(super) fn run(args: &SpaceArgs) -> Result<()> {
    let header = header(args);
    let is_drawn = header.add_addr.is_some() || args.handshake.is_some();
    let timestamps: &[bool] = match args.timestamps {
        Some(Switch::On) => &[true],
        Some(Switch::Off) => &[false],
        None => &[true, false],
    };
    output::to_stdout(|out| {
        if args.json && is_drawn {
            space::write_json(&[header], out)
        } else if args.json {
            space::write_json(&all(&header, timestamps), out)
        } else if is_drawn {
            text::write_header(&header, out)
        } else {
            text::write_table(&header, timestamps, out)
        }
    })
}

/// Every ADD_ADDR beside the rest of a header.
fn all(header: &Header, timestamps: &[bool]) -> Vec<Header> {
    let with = |is_on: &bool| {
        let timestamps = *is_on;
        AddAddrForm::ALL.map(|form| Header { timestamps, add_addr: Some(form), ..header.clone() })
    };
    timestamps.iter().flat_map(with).collect()
}

fn header(args: &SpaceArgs) -> Header {
    let md5 = args.md5.then_some(Block::Md5);
    let authentication = args.ao.map(|octets| Block::Authentication { octets });
    let is_asked = args.ipv4 || args.ipv6 || args.port || args.echo;
    let add_addr = AddAddrForm { ipv6: args.ipv6, port: args.port, hmac: !args.echo };
    let handshake = args.handshake.map(|word| handshake(word, args.checksum));
    let (syn, capable) = handshake.unwrap_or_default();
    let mut syn = syn;
    syn.extend(args.fast_open.map(|cookie| Block::FastOpen { cookie }));
    let dss = args.dss.and_then(|dss| dss_form(dss, args.checksum));
    Header {
        signatures: md5.into_iter().chain(authentication).collect(),
        timestamps: args.timestamps != Some(Switch::Off),
        sack_blocks: args.sack,
        syn,
        mptcp: capable.into_iter().chain(dss.map(Block::Dss)).collect(),
        add_addr: is_asked.then_some(add_addr),
    }
}

/// What a segment of a handshake carries beside timestamps: options of a SYN, and the one of MPTCP.
fn handshake(word: HandshakeWord, checksum: bool) -> (Vec<Block>, Option<Block>) {
    let capable = |keys, data| Block::MpCapable { keys, data, checksum: data && checksum };
    let (is_syn, mptcp) = match word {
        HandshakeWord::CapableSyn => (true, capable(0, false)),
        HandshakeWord::CapableSynV0 | HandshakeWord::CapableSynAck => (true, capable(1, false)),
        HandshakeWord::CapableAck => (false, capable(2, false)),
        HandshakeWord::CapableData => (false, capable(2, true)),
        HandshakeWord::JoinSyn => (true, Block::MpJoin(JoinStep::Syn)),
        HandshakeWord::JoinSynAck => (true, Block::MpJoin(JoinStep::SynAck)),
        HandshakeWord::JoinAck => (false, Block::MpJoin(JoinStep::Ack)),
    };
    let syn = [Block::MaximumSegmentSize, Block::SackPermitted, Block::WindowScale];
    (if is_syn { syn.to_vec() } else { Vec::new() }, Some(mptcp))
}

const fn dss_form(word: DssWord, checksum: bool) -> Option<DssForm> {
    const SHORT: Option<Width> = Some(Width::Short);
    const LONG: Option<Width> = Some(Width::Long);
    let (data_ack, mapping) = match word {
        DssWord::None => return None,
        DssWord::Ack32 => (SHORT, None),
        DssWord::Ack64 => (LONG, None),
        DssWord::Map32Ack32 => (SHORT, SHORT),
        DssWord::Map32Ack64 => (LONG, SHORT),
        DssWord::Map64Ack32 => (SHORT, LONG),
        DssWord::Map64Ack64 => (LONG, LONG),
    };
    Some(DssForm { data_ack, mapping, checksum: checksum && mapping.is_some() })
}
