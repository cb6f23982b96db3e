//! What a packet is, in as few cells as an arrow has: `SYN MP_CAPABLE v1`, `DSS 1+7100`.

use super::is_backup;
use crate::analyze::ladder::Run;
use crate::report::model::Subflow;
use crate::report::option::describe;
use crate::track::index::Entry;
use crate::track::packet_class::PacketClass;
use crate::track::proof::Verdict;
use crate::track::role::Direction;
use crate::tui::direction::arrow;
use crate::tui::letter::Letter;
use crate::tui::packet_context::PacketContext;
use crate::tui::shared::Shared;
use crate::tui::theme::Theme;
use crate::units;
use crate::wire::mptcp::{DataLevelLength, Dss, MptcpOption};
use crate::wire::segment::{Segment, TcpFlags};
use crate::wire::seq::WireDsn;
use crate::wire::tcp_option::TcpOption;

/// What it takes to make labels of a packet.
#[derive(Debug, Clone, Copy)]
pub struct LabelContext<'a> {
    /// How it looks.
    pub theme: Theme,
    /// Whether DSNs are shown as on the wire.
    pub raw_dsn: bool,
    /// Where the packet belongs.
    pub packet: Option<PacketContext<'a>>,
}

impl<'a> LabelContext<'a> {
    /// Of a packet, as all screens want to see it.
    pub fn of(shared: &'a Shared, entry: &Entry) -> Self {
        let packet = PacketContext::of(shared, entry);
        Self { theme: shared.theme, raw_dsn: shared.raw_dsn, packet }
    }
}

/// A packet whose bytes are at hand.
pub fn of_segment(segment: &Segment<'_>, kind: PacketClass, context: &LabelContext<'_>) -> String {
    let options: Vec<_> = segment
        .options
        .iter()
        .filter_map(|option| match option {
            TcpOption::Mptcp(option) => Some(option),
            _ => None,
        })
        .collect();
    let mut parts = Vec::new();
    parts.extend(flags(segment, kind));
    let others = options.iter().filter(|option| !matches!(option, MptcpOption::Dss(_)));
    parts.extend(others.map(|option| context.option(option)));
    let dss = options.iter().find_map(|option| match option {
        MptcpOption::Dss(dss) => Some(dss),
        _ => None,
    });
    match dss {
        Some(dss) => parts.extend(context.dss(dss, segment, kind, options.len() == 1)),
        None if segment.payload_len > 0 && options.is_empty() => {
            parts.push(context.payload(segment.payload_len, kind));
        }
        None => {}
    }
    if parts.is_empty() {
        parts.push("ACK".to_owned());
    }
    let is_window_of_use = segment.flags.has(TcpFlags::ACK) && !segment.flags.has(TcpFlags::RST);
    if segment.window == 0 && is_window_of_use {
        parts.push("win 0".to_owned());
    }
    parts.join(" ")
}

/// A packet of which only the index is left.
pub fn of_kind(kind: PacketClass, payload_len: u32, context: &LabelContext<'_>) -> String {
    if payload_len > 0 && matches!(kind, PacketClass::Data | PacketClass::Other) {
        return context.payload(payload_len, kind);
    }
    let name = kind_name(kind);
    if payload_len > 0 { format!("{name} {payload_len} B") } else { name.to_owned() }
}

/// `#4  0.025108 s  sf0  c→s`: its number, when it came, and where it belongs.
pub fn title(shared: &Shared, entry: &Entry) -> String {
    let t_ns = shared.t_ns(entry);
    let sign = if t_ns < 0 { "-" } else { "" };
    let ns = t_ns.unsigned_abs();
    let subflow = PacketContext::of(shared, entry).map(|packet| packet.subflow.id);
    let subflow = subflow.map_or(String::new(), |id| format!("  sf{id}"));
    let digits = format!("{:09}", ns % 1_000_000_000);
    // Most captures have microseconds only.
    let digits = digits.strip_suffix("000").unwrap_or(&digits);
    let seconds = format!("{sign}{}.{digits}", ns / 1_000_000_000);
    let arrow = arrow(shared.theme, entry.direction());
    format!("#{}  {seconds} s{subflow}  {arrow}", entry.number())
}

/// Packets that were folded.
pub fn of_run(run: &Run, context: &LabelContext<'_>) -> String {
    let times = context.theme.glyphs.times;
    let count = units::count(run.count);
    if run.kind == PacketClass::Ack {
        return format!("ACK {times}{count}");
    }
    let fallback = context.packet.and_then(|packet| packet.connection.fallback.as_ref());
    let name = if fallback.is_some() { "data" } else { "DSS" };
    format!("{name} {times}{count}  {}", units::bytes(run.payload))
}

/// What kind of packet it is, in words.
pub const fn kind_name(kind: PacketClass) -> &'static str {
    match kind {
        PacketClass::Handshake => "handshake",
        PacketClass::Data => "data",
        PacketClass::Ack => "ACK",
        PacketClass::Address => "address",
        PacketClass::Priority => "MP_PRIO",
        PacketClass::Failure => "failure",
        PacketClass::Close => "close",
        PacketClass::Reset => "RST",
        PacketClass::Reinjected => "reinjection",
        PacketClass::Retransmitted => "retransmission",
        PacketClass::Remapped => "remapping",
        PacketClass::Unmapped => "unmapped data",
        PacketClass::Copy => "copy",
        PacketClass::Other => "segment",
    }
}

/// The letter of a packet on a lane that is not wide, as on the timeline; `None` for a plain packet.
pub fn letter(kind: PacketClass, subflow: Option<&Subflow>) -> Option<Letter> {
    match kind {
        PacketClass::Handshake if subflow.is_some_and(|subflow| subflow.initial) => {
            Some(Letter::Capable)
        }
        PacketClass::Handshake if subflow.is_some_and(is_backup) => Some(Letter::BackupJoin),
        PacketClass::Reinjected => Some(Letter::Reinjected),
        PacketClass::Retransmitted | PacketClass::Remapped => Some(Letter::Retransmitted),
        kind => Letter::of_kind(kind),
    }
}

/// What stands for a packet on a lane that is not wide.
pub fn glyph(theme: Theme, letter: Option<Letter>, direction: Direction) -> char {
    match (letter, direction) {
        (Some(letter), _) => letter.glyph(theme),
        (None, Direction::ClientToServer) => theme.glyphs.right,
        (None, Direction::ServerToClient) => theme.glyphs.left,
    }
}

/// The flags that say what a segment is for; `None` for most segments.
fn flags(segment: &Segment<'_>, kind: PacketClass) -> Option<String> {
    let flags = segment.flags;
    let name = if flags.is_syn_ack() {
        "SYN+ACK"
    } else if flags.is_syn() {
        "SYN"
    } else if flags.has(TcpFlags::RST) {
        "RST"
    } else if flags.has(TcpFlags::FIN) {
        "FIN"
    } else if kind == PacketClass::Handshake && segment.payload_len == 0 {
        "ACK"
    } else {
        return None;
    };
    Some(name.to_owned())
}

impl LabelContext<'_> {
    /// An MPTCP option other than DSS.
    fn option(&self, option: &MptcpOption) -> String {
        let label = describe(option).label();
        let dsn = label.dsn.map(|dsn| {
            let relative = self.packet.and_then(|packet| packet.relative_ack(dsn));
            format!(" {}", self.number(dsn, relative))
        });
        format!("{}{}{}", label.words, dsn.unwrap_or_default(), self.proof(option))
    }

    fn dss(
        &self,
        dss: &Dss,
        segment: &Segment<'_>,
        kind: PacketClass,
        is_alone: bool,
    ) -> Option<String> {
        let Some(mapping) = dss.mapping else {
            let ack = dss.data_ack.filter(|_| is_alone)?;
            let relative = self.packet.and_then(|packet| packet.relative_ack(ack));
            return Some(format!("DATA_ACK {}", self.number(ack, relative)));
        };
        // Of a mapping over several segments, the part in this one.
        let part = self.packet.and_then(|packet| packet.part(segment, &mapping));
        let first = part.map_or(mapping.dsn, |part| part.dsn);
        let relative = self.packet.and_then(|packet| packet.relative_dsn(first));
        let dsn = self.number(first, relative);
        let again = self.again(kind);
        Some(match mapping.length {
            DataLevelLength::Infinite => format!("DSS {again}{dsn} infinite"),
            DataLevelLength::Bytes(1) if dss.data_fin => format!("DATA_FIN {dsn}"),
            DataLevelLength::Bytes(bytes) => {
                let fin = if dss.data_fin { " FIN" } else { "" };
                let len = part.map_or(u32::from(bytes), |part| part.len);
                format!("DSS {again}{dsn}+{len}{fin}")
            }
        })
    }

    /// A sign that bytes were sent before.
    fn again(&self, kind: PacketClass) -> String {
        match kind {
            PacketClass::Reinjected => format!("{} ", self.theme.glyphs.reinjected),
            PacketClass::Retransmitted => format!("{} ", self.theme.glyphs.retransmitted),
            PacketClass::Remapped => "remap ".to_owned(),
            _ => String::new(),
        }
    }

    /// Payload without a mapping of its own.
    fn payload(&self, payload_len: u32, kind: PacketClass) -> String {
        match kind {
            PacketClass::Unmapped => format!("{payload_len} B unmapped"),
            _ => format!("{}{payload_len} B", self.again(kind)),
        }
    }

    /// A DSN: as on the wire, or counted from the beginning where that is known.
    pub fn number(&self, dsn: WireDsn, relative: Option<i64>) -> String {
        if let Some(relative) = relative.filter(|_| !self.raw_dsn) {
            return relative.to_string();
        }
        // The lower half tells one from the other.
        let more = if dsn.is_long() { self.theme.glyphs.more.to_string() } else { "0x".to_owned() };
        format!("{more}{:08x}", dsn.raw() & 0xffff_ffff)
    }

    fn proof(&self, option: &MptcpOption) -> String {
        let verdict = self.packet.and_then(|packet| packet.verdict(option));
        let [holds, fails] = self.theme.glyphs.proofs;
        match verdict {
            None | Some(Verdict::Absent) => String::new(),
            Some(Verdict::Verified) => format!(" {holds}"),
            Some(Verdict::Mismatch) => format!(" {fails}"),
            Some(Verdict::Unverifiable) => " ?".to_owned(),
        }
    }
}
