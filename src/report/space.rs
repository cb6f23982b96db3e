//! The option-space calculator: what options take together, as JSON and (in [`text`]) drawn.
//!
//! ```json
//! {"limit": 40, "headers": [
//!   {"timestamps": true, "sack_blocks": 0, "add_addr": {"family": "ipv6", "port": true, "echo": false},
//!    "options": [{"name": "timestamps", "octets": 10, "padded": 12},
//!                {"name": "ADD_ADDR", "octets": 30, "padded": 32}],
//!    "octets": 40, "padded": 44, "left": 0, "sack_blocks_left": 0, "fit": "only_unpadded",
//!    "practice": [{"stack": "Linux", "versions": "7.2 and later",
//!                  "outcome": "sent_without_timestamps", "octets": 32, "sack_blocks": 0}]}]}
//! ```

pub mod text;

use std::io::{self, Write};

use serde::Serialize;

use crate::analyze::add_addr_what_if::{Header, Outcome, Practice, practices};
use crate::wire::option_space::{AddAddrForm, Block, Fit, JoinStep, MAX_OPTIONS};

/// Writes headers as JSON.
pub fn write_json(headers: &[Header], out: &mut dyn Write) -> io::Result<()> {
    let answers = Answers { limit: MAX_OPTIONS, headers: headers.iter().map(Answer::of).collect() };
    serde_json::to_writer_pretty(&mut *out, &answers)?;
    writeln!(out)
}

#[derive(Serialize)]
struct Answers {
    /// Octets that a header has for options.
    limit: u8,
    headers: Vec<Answer>,
}

#[derive(Serialize)]
struct Answer {
    timestamps: bool,
    sack_blocks: u8,
    add_addr: Option<AddAddrRow>,
    options: Vec<OptionRow>,
    /// Of all options, without padding.
    octets: u8,
    /// Of all options, as Linux pads them.
    padded: u8,
    left: u8,
    sack_blocks_left: u8,
    fit: &'static str,
    practice: Vec<PracticeRow>,
}

#[derive(Serialize)]
struct AddAddrRow {
    family: &'static str,
    port: bool,
    echo: bool,
}

#[derive(Serialize)]
struct OptionRow {
    name: &'static str,
    octets: u8,
    padded: u8,
}

#[derive(Serialize)]
struct PracticeRow {
    stack: &'static str,
    versions: Option<&'static str>,
    outcome: &'static str,
    octets: Option<u8>,
    sack_blocks: Option<u8>,
}

impl Answer {
    fn of(header: &Header) -> Self {
        let demand = header.demand();
        let options = header.blocks().into_iter().map(|block| OptionRow {
            name: name(block),
            octets: block.octets(),
            padded: block.padded(),
        });
        Self {
            timestamps: header.timestamps,
            sack_blocks: header.sack_blocks,
            add_addr: header.add_addr.map(AddAddrRow::of),
            options: options.collect(),
            octets: demand.octets,
            padded: demand.padded,
            left: demand.left(),
            sack_blocks_left: demand.sack_blocks_left(),
            fit: match demand.fit() {
                Fit::Fits => "fits",
                Fit::OnlyUnpadded => "only_unpadded",
                Fit::TooLong => "too_long",
            },
            practice: practices(header).iter().map(PracticeRow::of).collect(),
        }
    }
}

impl AddAddrRow {
    const fn of(form: AddAddrForm) -> Self {
        let family = if form.ipv6 { "ipv6" } else { "ipv4" };
        Self { family, port: form.port, echo: !form.hmac }
    }
}

impl PracticeRow {
    fn of(practice: &Practice) -> Self {
        let (outcome, octets, sack_blocks) = match practice.outcome {
            Outcome::Shared { octets, sack_blocks } => {
                ("sent_beside_dss", Some(octets), Some(sack_blocks))
            }
            Outcome::Alone { octets, sack_blocks } => ("sent", Some(octets), Some(sack_blocks)),
            Outcome::WithoutTimestamps { octets } => {
                ("sent_without_timestamps", Some(octets), Some(0))
            }
            Outcome::WithoutPort { octets } => ("sent_without_port", Some(octets), Some(0)),
            Outcome::Stuck => ("stuck", None, None),
            Outcome::Dropped => ("dropped", None, None),
            Outcome::Never => ("never_sent", None, None),
            Outcome::NoMptcp => ("no_mptcp", None, None),
        };
        let versions = (!practice.versions.is_empty()).then_some(practice.versions);
        Self { stack: practice.stack, versions, outcome, octets, sack_blocks }
    }
}

/// The name of an option.
pub(crate) const fn name(block: Block) -> &'static str {
    match block {
        Block::MaximumSegmentSize => "MSS",
        Block::WindowScale => "window scale",
        Block::SackPermitted => "SACK permitted",
        Block::Timestamps => "timestamps",
        Block::Sack { .. } => "SACK",
        Block::FastOpen { .. } => "fast open",
        Block::Md5 => "TCP-MD5",
        Block::Authentication { .. } => "TCP-AO",
        Block::MpCapable { .. } => "MP_CAPABLE",
        Block::MpJoin(JoinStep::Syn | JoinStep::SynAck | JoinStep::Ack) => "MP_JOIN",
        Block::Dss(_) => "DSS",
        Block::AddAddr(_) => "ADD_ADDR",
        Block::RemoveAddr { .. } => "REMOVE_ADDR",
        Block::MpPrio { .. } => "MP_PRIO",
        Block::MpFail => "MP_FAIL",
        Block::MpFastClose => "MP_FASTCLOSE",
        Block::MpTcpRst => "MP_TCPRST",
        Block::Other { .. } => "other",
    }
}
