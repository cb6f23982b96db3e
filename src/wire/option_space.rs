//! The 40 octets that all options of a TCP header share: what each option costs, what fits together,
//! and (in `ledger`) what a segment spent them on.
//!
//! Headers grow by words of four octets, and Linux pads each option by itself: `padded` is what an
//! option costs there, `octets` what it is without NOPs. The IP version of a packet has no part in
//! this; only that of an *announced* address has.

mod ledger;

pub use ledger::{Content, Ledger, LedgerEntry};

use super::mptcp::{AddressFlavour, CapableForm, MpJoin, MptcpOption};
use super::tcp_option::TcpOption;

/// Octets that all options have together (RFC 9293 §3.1: a data offset of 15 words, less the fixed
/// header).
pub const MAX_OPTIONS: u8 = 40;

/// An option, as far as its length goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Block {
    /// Maximum segment size.
    MaximumSegmentSize,
    /// Window scale.
    WindowScale,
    /// SACK permitted; in a SYN it stands where the padding of the timestamps would.
    SackPermitted,
    /// Timestamps.
    Timestamps,
    /// SACK.
    Sack {
        /// Blocks in it: 1 to 4.
        blocks: u8,
    },
    /// TCP Fast Open.
    FastOpen {
        /// Octets of the cookie; 0 asks for one.
        cookie: u8,
    },
    /// TCP-MD5.
    Md5,
    /// TCP-AO.
    Authentication {
        /// Octets of the whole option.
        octets: u8,
    },
    /// MP_CAPABLE.
    MpCapable {
        /// Keys in it: 0 to 2.
        keys: u8,
        /// With a data-level length.
        data: bool,
        /// With a checksum.
        checksum: bool,
    },
    /// MP_JOIN.
    MpJoin(JoinStep),
    /// DSS.
    Dss(DssForm),
    /// ADD_ADDR.
    AddAddr(AddAddrForm),
    /// REMOVE_ADDR.
    RemoveAddr {
        /// Address IDs in it.
        ids: u8,
    },
    /// MP_PRIO.
    MpPrio {
        /// With an address ID (version 0 only).
        address_id: bool,
    },
    /// MP_FAIL.
    MpFail,
    /// MP_FASTCLOSE.
    MpFastClose,
    /// MP_TCPRST.
    MpTcpRst,
    /// Anything else.
    Other {
        /// Octets of the whole option.
        octets: u8,
    },
}

/// Which segment of its handshake a MP_JOIN is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JoinStep {
    /// SYN.
    Syn,
    /// SYN/ACK.
    SynAck,
    /// Third ACK.
    Ack,
}

/// Octets of a DATA_ACK or DSN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Width {
    /// 4 octets.
    Short,
    /// 8 octets.
    Long,
}

/// What a DSS says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DssForm {
    /// DATA_ACK.
    pub data_ack: Option<Width>,
    /// A mapping, by the width of its DSN.
    pub mapping: Option<Width>,
    /// The mapping has a checksum.
    pub checksum: bool,
}

/// What an ADD_ADDR says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AddAddrForm {
    /// An IPv6 address, else IPv4.
    pub ipv6: bool,
    /// With a port.
    pub port: bool,
    /// With an HMAC: an announcement of version 1. Echoes have none, and nothing of version 0 has.
    pub hmac: bool,
}

impl AddAddrForm {
    /// All eight: IPv4 first, announcements before echoes.
    pub const ALL: [Self; 8] = [
        Self::new(false, false, true),
        Self::new(false, true, true),
        Self::new(false, false, false),
        Self::new(false, true, false),
        Self::new(true, false, true),
        Self::new(true, true, true),
        Self::new(true, false, false),
        Self::new(true, true, false),
    ];

    const fn new(ipv6: bool, port: bool, hmac: bool) -> Self {
        Self { ipv6, port, hmac }
    }
}

impl Block {
    /// Octets of the option alone.
    pub const fn octets(self) -> u8 {
        match self {
            Self::MaximumSegmentSize | Self::MpTcpRst => 4,
            Self::WindowScale => 3,
            Self::SackPermitted => 2,
            Self::Timestamps => 10,
            Self::Sack { blocks } => blocks.saturating_mul(8).saturating_add(2),
            Self::FastOpen { cookie } => cookie.saturating_add(2),
            Self::Md5 => 18,
            Self::Authentication { octets } | Self::Other { octets } => octets,
            // RFC 8684 §3.1.
            Self::MpCapable { keys, data, checksum } => {
                4 + 8 * if keys > 2 { 2 } else { keys } + 2 * data as u8 + 2 * checksum as u8
            }
            // RFC 8684 §3.2.
            Self::MpJoin(JoinStep::Syn) | Self::MpFail | Self::MpFastClose => 12,
            Self::MpJoin(JoinStep::SynAck) => 16,
            Self::MpJoin(JoinStep::Ack) => 24,
            Self::Dss(form) => form.octets(),
            Self::AddAddr(form) => form.octets(),
            Self::RemoveAddr { ids } => ids.saturating_add(3),
            Self::MpPrio { address_id } => 3 + address_id as u8,
        }
    }

    /// Octets with the NOPs that Linux writes before or after it.
    pub const fn padded(self) -> u8 {
        match self.octets().checked_next_multiple_of(4) {
            Some(padded) => padded,
            None => u8::MAX,
        }
    }

    /// The form of an option that is `octets` long; `None` for padding and what can't be read.
    fn of(option: &TcpOption<'_>, octets: u8) -> Option<Self> {
        Some(match option {
            TcpOption::NoOperation
            | TcpOption::EndOfList { .. }
            | TcpOption::BadLength(_)
            | TcpOption::Cut(_) => return None,
            TcpOption::MaximumSegmentSize(_) => Self::MaximumSegmentSize,
            TcpOption::WindowScale(_) => Self::WindowScale,
            TcpOption::SackPermitted => Self::SackPermitted,
            TcpOption::Timestamps { .. } => Self::Timestamps,
            TcpOption::Sack(_) => Self::Sack { blocks: octets / 8 },
            // Its experimental form has two octets more (RFC 7413 §7).
            TcpOption::FastOpen(_) => Self::FastOpen { cookie: octets.saturating_sub(2) },
            TcpOption::Md5(_) => Self::Md5,
            TcpOption::Authentication(_) => Self::Authentication { octets },
            TcpOption::Mptcp(option) => Self::of_mptcp(option, octets),
            TcpOption::Unknown { .. } => Self::Other { octets },
        })
    }

    fn of_mptcp(option: &MptcpOption, octets: u8) -> Self {
        match option {
            MptcpOption::MpCapable(capable) => {
                let (keys, data, checksum) = match capable.form {
                    CapableForm::Bare => (0, false, false),
                    CapableForm::SenderKey { .. } => (1, false, false),
                    CapableForm::BothKeys { .. } => (2, false, false),
                    CapableForm::BothKeysAndData { checksum, .. } => (2, true, checksum.is_some()),
                };
                Self::MpCapable { keys, data, checksum }
            }
            MptcpOption::MpJoin(MpJoin::Syn { .. }) => Self::MpJoin(JoinStep::Syn),
            MptcpOption::MpJoin(MpJoin::SynAck { .. }) => Self::MpJoin(JoinStep::SynAck),
            MptcpOption::MpJoin(MpJoin::Ack { .. }) => Self::MpJoin(JoinStep::Ack),
            MptcpOption::Dss(dss) => {
                let width = |long| if long { Width::Long } else { Width::Short };
                Self::Dss(DssForm {
                    data_ack: dss.data_ack.map(|ack| width(ack.is_long())),
                    mapping: dss.mapping.map(|mapping| width(mapping.dsn.is_long())),
                    checksum: dss.mapping.is_some_and(|mapping| mapping.checksum.is_some()),
                })
            }
            MptcpOption::AddAddr(add) => Self::AddAddr(AddAddrForm {
                ipv6: add.address.is_ipv6(),
                port: add.port.is_some(),
                hmac: !matches!(add.flavour, AddressFlavour::Echo | AddressFlavour::V0),
            }),
            MptcpOption::RemoveAddr(_) => Self::RemoveAddr { ids: octets.saturating_sub(3) },
            MptcpOption::MpPrio(prio) => Self::MpPrio { address_id: prio.address_id.is_some() },
            MptcpOption::MpFail(_) => Self::MpFail,
            MptcpOption::MpFastClose(_) => Self::MpFastClose,
            MptcpOption::MpTcpRst(_) => Self::MpTcpRst,
            MptcpOption::Experimental(_) | MptcpOption::Unknown(_) | MptcpOption::Malformed(_) => {
                Self::Other { octets }
            }
        }
    }
}

impl DssForm {
    /// RFC 8684 §3.3.
    const fn octets(self) -> u8 {
        let mapping = match self.mapping {
            None => 0,
            mapping => 6 + width(mapping) + 2 * self.checksum as u8,
        };
        4 + width(self.data_ack) + mapping
    }
}

const fn width(width: Option<Width>) -> u8 {
    match width {
        None => 0,
        Some(Width::Short) => 4,
        Some(Width::Long) => 8,
    }
}

impl AddAddrForm {
    /// RFC 8684 §3.4.1.
    const fn octets(self) -> u8 {
        4 + if self.ipv6 { 16 } else { 4 } + 2 * self.port as u8 + 8 * self.hmac as u8
    }
}

/// What several options take together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Demand {
    /// Without any padding.
    pub octets: u8,
    /// As Linux writes them.
    pub padded: u8,
}

/// Whether options fit into a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fit {
    /// They fit as Linux writes them.
    Fits,
    /// They would fit without padding between them, which Linux doesn't do.
    OnlyUnpadded,
    /// They don't fit.
    TooLong,
}

impl Demand {
    /// Of all `blocks` in one header.
    pub fn of(blocks: &[Block]) -> Self {
        let octets = blocks.iter().map(|block| block.octets());
        let is_timed = blocks.contains(&Block::Timestamps);
        let padded = blocks.iter().map(|block| match block {
            Block::SackPermitted if is_timed => 0,
            block => block.padded(),
        });
        Self {
            octets: octets.fold(0, u8::saturating_add),
            padded: padded.fold(0, u8::saturating_add),
        }
    }

    /// Whether that fits.
    pub const fn fit(self) -> Fit {
        if self.padded <= MAX_OPTIONS {
            Fit::Fits
        } else if self.octets <= MAX_OPTIONS {
            Fit::OnlyUnpadded
        } else {
            Fit::TooLong
        }
    }

    /// Octets left over; 0 where it does not fit.
    pub const fn left(self) -> u8 {
        MAX_OPTIONS.saturating_sub(self.padded)
    }

    /// SACK blocks that there is still room for (RFC 2018 §3: four at the most).
    pub const fn sack_blocks_left(self) -> u8 {
        self.left().saturating_sub(4) / 8
    }
}

/// An option with the NOPs around it, as Linux writes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed {
    /// The option.
    pub block: Block,
    /// NOPs before it.
    pub before: u8,
    /// NOPs after it.
    pub after: u8,
}

/// How Linux writes `blocks`: old options have their NOPs before them, fast open and MPTCP after.
pub fn layout(blocks: &[Block]) -> Vec<Placed> {
    let has = |wanted| blocks.contains(&wanted);
    let placed = blocks.iter().map(|&block| {
        let padding = block.padded().saturating_sub(block.octets());
        let (before, after) = match block {
            // They fill each other's words.
            Block::SackPermitted if has(Block::Timestamps) => (0, 0),
            Block::Timestamps if has(Block::SackPermitted) => (0, 0),
            Block::WindowScale
            | Block::SackPermitted
            | Block::Timestamps
            | Block::Sack { .. }
            | Block::Md5 => (padding, 0),
            _ => (0, padding),
        };
        Placed { block, before, after }
    });
    placed.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Option<Width> = Some(Width::Long);
    const SHORT: Option<Width> = Some(Width::Short);

    const fn dss(data_ack: Option<Width>, mapping: Option<Width>, checksum: bool) -> Block {
        Block::Dss(DssForm { data_ack, mapping, checksum })
    }

    const fn capable(keys: u8, data: bool, checksum: bool) -> Block {
        Block::MpCapable { keys, data, checksum }
    }

    const fn add_addr(ipv6: bool, port: bool, hmac: bool) -> Block {
        Block::AddAddr(AddAddrForm { ipv6, port, hmac })
    }

    const ACK64: Block = dss(LONG, None, false);
    const ACK32: Block = dss(SHORT, None, false);
    const DATA: Block = dss(LONG, LONG, false);
    const SYN: Block = capable(0, false, false);
    const SYN_ACK: Block = capable(1, false, false);
    const DROPPED: u8 = 44;

    /// Every option: without padding, and as Linux writes it.
    #[test]
    fn cost_of_every_option() {
        let table = [
            (Block::MaximumSegmentSize, 4, 4),
            (Block::SackPermitted, 2, 4),
            (Block::WindowScale, 3, 4),
            (Block::Timestamps, 10, 12),
            (Block::Sack { blocks: 1 }, 10, 12),
            (Block::Sack { blocks: 2 }, 18, 20),
            (Block::Sack { blocks: 3 }, 26, 28),
            (Block::Sack { blocks: 4 }, 34, 36),
            (Block::FastOpen { cookie: 0 }, 2, 4),
            (Block::FastOpen { cookie: 8 }, 10, 12),
            (Block::FastOpen { cookie: 16 }, 18, 20),
            (Block::Md5, 18, 20),
            (Block::Authentication { octets: 16 }, 16, 16),
            (SYN, 4, 4),
            (SYN_ACK, 12, 12),
            (capable(2, false, false), 20, 20),
            (capable(2, true, false), 22, 24),
            (capable(2, true, true), 24, 24),
            (Block::MpJoin(JoinStep::Syn), 12, 12),
            (Block::MpJoin(JoinStep::SynAck), 16, 16),
            (Block::MpJoin(JoinStep::Ack), 24, 24),
            (ACK32, 8, 8),
            (ACK64, 12, 12),
            (dss(None, LONG, false), 18, 20),
            (dss(None, LONG, true), 20, 20),
            (dss(SHORT, LONG, false), 22, 24),
            (dss(SHORT, LONG, true), 24, 24),
            (DATA, 26, 28),
            (dss(LONG, LONG, true), 28, 28),
            (dss(SHORT, SHORT, false), 18, 20),
            (dss(SHORT, SHORT, true), 20, 20),
            (dss(LONG, SHORT, false), 22, 24),
            (dss(LONG, SHORT, true), 24, 24),
            (add_addr(false, false, true), 16, 16),
            (add_addr(false, true, true), 18, 20),
            (add_addr(true, false, true), 28, 28),
            (add_addr(true, true, true), 30, 32),
            (add_addr(false, false, false), 8, 8),
            (add_addr(false, true, false), 10, 12),
            (add_addr(true, false, false), 20, 20),
            (add_addr(true, true, false), 22, 24),
            (Block::RemoveAddr { ids: 1 }, 4, 4),
            (Block::RemoveAddr { ids: 2 }, 5, 8),
            (Block::RemoveAddr { ids: 5 }, 8, 8),
            (Block::RemoveAddr { ids: 6 }, 9, 12),
            (Block::RemoveAddr { ids: 8 }, 11, 12),
            (Block::MpPrio { address_id: false }, 3, 4),
            (Block::MpPrio { address_id: true }, 4, 4),
            (Block::MpFail, 12, 12),
            (Block::MpFastClose, 12, 12),
            (Block::MpTcpRst, 4, 4),
        ];
        for (block, octets, padded) in table {
            assert_eq!((block.octets(), block.padded()), (octets, padded), "{block:?}");
        }
    }

    /// What a SYN or SYN/ACK carries beside MPTCP and timestamps.
    const SYN_OPTIONS: [Block; 3] =
        [Block::MaximumSegmentSize, Block::SackPermitted, Block::WindowScale];

    fn demand(blocks: &[Block], timestamps: bool) -> Demand {
        let mut all = blocks.to_vec();
        all.extend(timestamps.then_some(Block::Timestamps));
        Demand::of(&all)
    }

    #[test]
    fn budget_of_a_syn() {
        let with = |blocks: &[Block]| [SYN_OPTIONS.to_vec(), blocks.to_vec()].concat();
        let cookie = |cookie| Block::FastOpen { cookie };
        let table = [
            (with(&[SYN]), 24, 16),
            (with(&[SYN, cookie(0)]), 28, 20),
            (with(&[SYN, cookie(8)]), 36, 28),
            (with(&[SYN, cookie(16)]), 44, 36),
            (with(&[SYN_ACK]), 32, 24),
            (with(&[SYN_ACK, cookie(8)]), 44, 36),
            (with(&[Block::MpJoin(JoinStep::Syn)]), 32, 24),
            (with(&[Block::MpJoin(JoinStep::SynAck)]), 36, 28),
        ];
        for (blocks, on, off) in table {
            let padded = [true, false].map(|timestamps| demand(&blocks, timestamps).padded);
            assert_eq!(padded, [on, off], "{blocks:?}");
        }
    }

    /// With and without timestamps: octets as Linux writes them, and SACK blocks left.
    #[test]
    fn budget_of_other_segments() {
        type OctetsAndSack = (u8, u8);
        let table: [(&[Block], OctetsAndSack, OctetsAndSack); 16] = [
            (&[], (12, 3), (0, 4)),
            (&[capable(2, false, false)], (32, 0), (20, 2)),
            (&[capable(2, true, false)], (36, 0), (24, 1)),
            (&[capable(2, true, true)], (36, 0), (24, 1)),
            (&[Block::MpJoin(JoinStep::Ack)], (36, 0), (24, 1)),
            (&[ACK64], (24, 1), (12, 3)),
            (&[ACK32], (20, 2), (8, 3)),
            (&[DATA], (40, 0), (28, 1)),
            (&[dss(SHORT, LONG, false)], (36, 0), (24, 1)),
            (&[ACK64, Block::MpFail], (36, 0), (24, 1)),
            (&[ACK64, Block::MpPrio { address_id: false }], (28, 1), (16, 2)),
            (&[ACK64, Block::RemoveAddr { ids: 1 }], (28, 1), (16, 2)),
            (&[ACK64, Block::RemoveAddr { ids: 5 }], (32, 0), (20, 2)),
            (&[ACK64, Block::RemoveAddr { ids: 8 }], (36, 0), (24, 1)),
            (&[Block::MpTcpRst], (16, 2), (4, 4)),
            (&[Block::MpFastClose, Block::MpTcpRst], (28, 1), (16, 2)),
        ];
        for (blocks, on, off) in table {
            let found = [true, false].map(|timestamps| {
                let demand = demand(blocks, timestamps);
                (demand.padded, demand.sack_blocks_left())
            });
            assert_eq!(found, [on, off], "{blocks:?}");
        }
    }

    /// Every ADD_ADDR with and without timestamps: octets, and SACK blocks left.
    #[test]
    fn add_addr_alone() {
        let table = [
            ((28, 1), (16, 2)),
            ((32, 0), (20, 2)),
            ((20, 2), (8, 3)),
            ((24, 1), (12, 3)),
            ((40, 0), (28, 1)),
            ((DROPPED, 0), (32, 0)),
            ((32, 0), (20, 2)),
            ((36, 0), (24, 1)),
        ];
        for (form, (on, off)) in AddAddrForm::ALL.into_iter().zip(table) {
            let found = [true, false].map(|timestamps| {
                let demand = demand(&[Block::AddAddr(form)], timestamps);
                (demand.padded, demand.sack_blocks_left())
            });
            assert_eq!(found, [on, off], "{form:?}");
        }
        let port_in_ipv6 = demand(&[Block::AddAddr(AddAddrForm::ALL[5])], true);
        assert_eq!((port_in_ipv6.octets, port_in_ipv6.fit()), (40, Fit::OnlyUnpadded));
    }

    /// ADD_ADDR beside DSS: `.` fits, `u` only unpadded, `x` not at all. The columns are ack32, ack64,
    /// map32ack32, map64ack32, map64ack64; the rows those of [`AddAddrForm::ALL`].
    #[test]
    fn add_addr_beside_dss() {
        let timed = ["..xxx", ".uxxx", "...ux", "..uxx", "xxxxx", "xxxxx", ".xxxx", "uxxxx"];
        let untimed = ["....x", "...ux", ".....", ".....", "..xxx", ".xxxx", "...xx", "..uxx"];
        let dss = [
            ACK32,
            ACK64,
            dss(SHORT, SHORT, false),
            dss(SHORT, LONG, false),
            dss(LONG, LONG, false),
        ];
        let letter = |demand: Demand| match demand.fit() {
            Fit::Fits => '.',
            Fit::OnlyUnpadded => 'u',
            Fit::TooLong => 'x',
        };
        for (timestamps, rows) in [(true, timed), (false, untimed)] {
            for (form, row) in AddAddrForm::ALL.into_iter().zip(rows) {
                let beside = |dss| letter(demand(&[Block::AddAddr(form), dss], timestamps));
                let found: String = dss.into_iter().map(beside).collect();
                assert_eq!(found, row, "{form:?}, timestamps {timestamps}");
            }
        }
    }

    #[test]
    fn a_layout_takes_what_is_demanded() {
        let all = [
            vec![Block::MaximumSegmentSize, Block::SackPermitted, Block::WindowScale, SYN],
            vec![Block::SackPermitted, Block::Timestamps, Block::FastOpen { cookie: 8 }, SYN],
            vec![Block::Md5, Block::Timestamps, Block::Sack { blocks: 2 }, DATA],
            vec![Block::Timestamps, add_addr(true, true, true)],
        ];
        for blocks in all {
            let placed = layout(&blocks);
            let octets = placed.iter().map(|one| one.before + one.block.octets() + one.after);
            assert_eq!(octets.sum::<u8>(), Demand::of(&blocks).padded, "{blocks:?}");
        }
    }

    #[test]
    fn absurd_lengths_stay_too_long() {
        let absurd = [Block::Sack { blocks: 255 }, Block::Other { octets: 255 }];
        assert_eq!(Demand::of(&absurd).fit(), Fit::TooLong);
        assert_eq!(Demand::of(&absurd).sack_blocks_left(), 0);
    }
}
