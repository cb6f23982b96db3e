//! The letters that stand for events where there is no room for words: on the swimlanes, and on lanes
//! of the ladder that are not wide.

use super::theme::Theme;
use crate::analyze::finding::Severity;
use crate::report::event::EventKind;
use crate::track::packet_class::PacketClass;
use crate::wire::mptcp::{DataLevelLength, Dss, MpJoin, MptcpOption};

/// What a letter stands for, the least important first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Letter {
    /// Bytes sent again on the same subflow.
    Retransmitted,
    /// A finding points here.
    Finding(Severity),
    /// Bytes that another subflow carried before.
    Reinjected,
    /// ADD_ADDR, or its echo.
    AddAddr,
    /// REMOVE_ADDR.
    RemoveAddr,
    /// MP_PRIO.
    Priority,
    /// FIN.
    Fin,
    /// DATA_FIN.
    DataFin,
    /// MP_JOIN with the backup flag.
    BackupJoin,
    /// MP_JOIN.
    Join,
    /// MP_CAPABLE.
    Capable,
    /// MP_FAIL, an infinite mapping, plain TCP from here.
    Failure,
    /// RST.
    Reset,
    /// MP_FASTCLOSE, which Linux sends with a RST.
    FastClose,
}

impl Letter {
    /// How it is drawn.
    pub fn glyph(self, theme: Theme) -> char {
        match self {
            Self::Retransmitted => theme.glyphs.retransmitted,
            Self::Finding(severity) => theme.severity_glyph(severity),
            Self::Reinjected => theme.glyphs.reinjected,
            Self::AddAddr => 'A',
            Self::RemoveAddr => 'a',
            Self::Priority => 'P',
            Self::Fin => 'F',
            Self::DataFin => 'D',
            Self::BackupJoin => 'j',
            Self::Join => 'J',
            Self::Capable => 'C',
            Self::Failure => 'X',
            Self::FastClose => 'K',
            Self::Reset => 'R',
        }
    }

    /// What it stands for, in a word for the legend.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Retransmitted => "sent again",
            Self::Finding(_) => "finding",
            Self::Reinjected => "reinjected",
            Self::AddAddr => "ADD_ADDR",
            Self::RemoveAddr => "REMOVE_ADDR",
            Self::Priority => "MP_PRIO",
            Self::Fin => "FIN",
            Self::DataFin => "DATA_FIN",
            Self::BackupJoin => "join (backup)",
            Self::Join => "join",
            Self::Capable => "capable",
            Self::Failure => "fallback, fail",
            Self::FastClose => "fastclose",
            Self::Reset => "RST",
        }
    }

    /// Of an event; `None` for one that is not worth a letter.
    pub fn of_event(kind: &EventKind) -> Option<Self> {
        Some(match kind {
            EventKind::Option(option) => return Self::of_option(option),
            EventKind::Fallback(_) => Self::Failure,
            EventKind::Rst(_) => Self::Reset,
            EventKind::DataFin(_) => Self::DataFin,
            EventKind::Fin => Self::Fin,
            EventKind::Reinjection(_) => Self::Reinjected,
            EventKind::Syn(syn) if syn.retransmission > 0 => Self::Retransmitted,
            _ => return None,
        })
    }

    fn of_option(option: &MptcpOption) -> Option<Self> {
        Some(match option {
            MptcpOption::MpCapable(_) => Self::Capable,
            MptcpOption::MpJoin(
                MpJoin::Syn { backup: true, .. } | MpJoin::SynAck { backup: true, .. },
            ) => Self::BackupJoin,
            MptcpOption::MpJoin(_) => Self::Join,
            MptcpOption::AddAddr(_) => Self::AddAddr,
            MptcpOption::RemoveAddr(_) => Self::RemoveAddr,
            MptcpOption::MpPrio(_) => Self::Priority,
            MptcpOption::MpFail(_) | MptcpOption::Malformed(_) => Self::Failure,
            MptcpOption::Dss(dss) if is_infinite(dss) => Self::Failure,
            MptcpOption::MpFastClose(_) => Self::FastClose,
            MptcpOption::MpTcpRst(_) => Self::Reset,
            _ => return None,
        })
    }

    /// Of a packet whose events were not kept, as far as the index tells.
    pub const fn of_kind(kind: PacketClass) -> Option<Self> {
        Some(match kind {
            PacketClass::Handshake => Self::Join,
            PacketClass::Address => Self::AddAddr,
            PacketClass::Priority => Self::Priority,
            PacketClass::Failure => Self::Failure,
            PacketClass::Close => Self::Fin,
            PacketClass::Reset => Self::Reset,
            _ => return None,
        })
    }
}

fn is_infinite(dss: &Dss) -> bool {
    dss.mapping.is_some_and(|mapping| mapping.length == DataLevelLength::Infinite)
}
