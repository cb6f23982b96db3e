//! Lines become frames: each line is a segment, and says what differs from the next one due.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};
use mptcpscope::internals::track::role::Role;
use mptcpscope::internals::wire::frame::{CapturePoint, Frame, LinkType, PacketNo, Timestamp};
use mptcpscope::internals::wire::segment::TcpFlags;
use mptcpscope::internals::wire::tcp_option::{SackBlocks, TcpOption};

use super::frame::{Header, icmp_error, packet};
use super::option::{Carrier, tokens};
use super::state::{Connection, ConnectionSettings, Name, Subflow, SubflowSettings};
use super::words::{Phrase, Words, number};

/// The time of the first millisecond of every scenario.
const EPOCH_NS: i64 = 1_800_000_000_000_000_000;

/// A recorded frame.
#[derive(Debug, Clone)]
pub(crate) struct Recorded {
    pub(crate) at: Timestamp,
    pub(crate) point: CapturePoint,
    pub(crate) wire_len: u32,
    pub(crate) bytes: Vec<u8>,
}

impl Recorded {
    pub(crate) fn frame(&self, number: u64) -> Frame<'_> {
        Frame {
            number: PacketNo(number),
            timestamp: self.at,
            point: self.point,
            link_type: LinkType::RAW,
            wire_len: self.wire_len,
            offset: None,
            data: &self.bytes,
        }
    }
}

/// Runs the lines of a scenario.
pub(crate) struct Script {
    pub(crate) connections: BTreeMap<char, Connection>,
    pub(crate) frames: Vec<Recorded>,
    connection_settings: BTreeMap<String, ConnectionSettings>,
    subflow_settings: BTreeMap<String, SubflowSettings>,
    subflows: BTreeMap<Name, Subflow>,
    seed: u64,
    ip_id: u16,
    at_us: u64,
}

/// Who sends what on which subflow: the head of a line.
struct Head {
    name: Name,
    sender: Role,
}

impl Script {
    pub(crate) fn new(
        connection_settings: BTreeMap<String, ConnectionSettings>,
        subflow_settings: BTreeMap<String, SubflowSettings>,
        seed: u64,
    ) -> Self {
        Self {
            connections: BTreeMap::new(),
            frames: Vec::new(),
            connection_settings,
            subflow_settings,
            subflows: BTreeMap::new(),
            seed,
            ip_id: 0,
            at_us: 0,
        }
    }

    /// Runs all lines; a line after `#` is a remark.
    pub(crate) fn run(&mut self, lines: &str) -> Result<()> {
        for (line, number) in lines.lines().zip(1..) {
            let said = line.split('#').next().unwrap_or_default().trim();
            if !said.is_empty() {
                self.line(said).with_context(|| format!("segment line {number}: {said}"))?;
            }
        }
        let unused = self.connection_settings.keys().chain(self.subflow_settings.keys());
        for name in unused {
            let used = |known: &Name| format!("{}{}", known.connection, known.subflow) == *name;
            let letter = |known: &Name| known.connection.to_string() == *name;
            let known = self.subflows.keys().any(|known| used(known) || letter(known));
            anyhow::ensure!(known, "settings for {name}, of which there is no segment");
        }
        Ok(())
    }

    fn line(&mut self, line: &str) -> Result<()> {
        let parts: Vec<_> = line.split_whitespace().collect();
        let [time, name, direction, flags, ..] = parts[..] else {
            bail!("a line is: time subflow direction flags …");
        };
        self.at_us = self.time(time)?;
        let name = Name::parse(name)?;
        let sender = match direction {
            "c>s" => Role::Client,
            "s>c" => Role::Server,
            _ => bail!("'{direction}' is no direction: c>s or s>c"),
        };
        let head = Head { name, sender };
        let (words, phrases) = Words::parse(&parts[4..].join(" "))?;
        self.know(&head)?;
        match flags {
            "open" => self.open(&head, words),
            "close" => self.close(&head, words),
            "copy" => self.copy(words),
            "icmp" => self.icmp(words),
            flags => self.segment(&head, flags_from(flags)?, words, &phrases),
        }
    }

    /// Milliseconds since the beginning, or after `+` since the line before.
    fn time(&self, text: &str) -> Result<u64> {
        let (start, digits) = match text.strip_prefix('+') {
            Some(digits) => (self.at_us, digits),
            None => (0, text),
        };
        let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
        let part = number(&format!("{part:0<3}"))?;
        Ok(start + number(whole)? * 1000 + part)
    }

    fn know(&mut self, head: &Head) -> Result<()> {
        let letter = head.name.connection;
        if !self.connections.contains_key(&letter) {
            let settings = self.connection_settings.get(&letter.to_string());
            let settings = settings.cloned().unwrap_or_default();
            self.connections.insert(letter, Connection::new(letter, settings, self.seed)?);
        }
        if !self.subflows.contains_key(&head.name) {
            let name = format!("{letter}{}", head.name.subflow);
            let settings = self.subflow_settings.get(&name).cloned().unwrap_or_default();
            self.subflows.insert(head.name, Subflow::new(head.name, head.sender, &settings)?);
        }
        Ok(())
    }

    /// The handshake of a subflow, 10 ms from segment to segment: three of them, on a joined
    /// subflow four.
    fn open(&mut self, head: &Head, words: Words) -> Result<()> {
        words.finish()?;
        let Name { connection, subflow } = head.name;
        let option = if subflow == 0 { "mp_capable()" } else { "mp_join()" };
        let answer = if head.sender == Role::Client { "s>c" } else { "c>s" };
        let forward = if head.sender == Role::Client { "c>s" } else { "s>c" };
        let name = format!("{connection}{subflow}");
        self.line(&format!("+0 {name} {forward} S {option}"))?;
        self.line(&format!("+10 {name} {answer} S. {option}"))?;
        self.line(&format!("+10 {name} {forward} . {option}"))?;
        if subflow > 0 {
            self.line(&format!("+10 {name} {answer} . dss()"))?;
        }
        Ok(())
    }

    /// The end of a connection: DATA_FINs on this subflow, then FINs on all that are open.
    fn close(&mut self, head: &Head, words: Words) -> Result<()> {
        words.finish()?;
        let Name { connection, subflow } = head.name;
        let (forward, answer) =
            if head.sender == Role::Client { ("c>s", "s>c") } else { ("s>c", "c>s") };
        let name = format!("{connection}{subflow}");
        self.line(&format!("+0 {name} {forward} . dss(fin)"))?;
        self.line(&format!("+10 {name} {answer} . dss(fin)"))?;
        self.line(&format!("+10 {name} {forward} . dss()"))?;
        let all = self.subflows.keys().filter(|known| known.connection == connection);
        for Name { subflow, .. } in all.copied().collect::<Vec<_>>() {
            let name = format!("{connection}{subflow}");
            self.line(&format!("+0 {name} {forward} F. dss()"))?;
            self.line(&format!("+10 {name} {answer} F. dss()"))?;
            self.line(&format!("+10 {name} {forward} ."))?;
        }
        Ok(())
    }

    /// The last frame once more, as another capture point sees it.
    fn copy(&mut self, mut words: Words) -> Result<()> {
        let mut copy = self.frames.last().context("nothing to copy")?.clone();
        copy.at = self.now();
        copy.point = point(&mut words)?;
        words.finish()?;
        self.frames.push(copy);
        Ok(())
    }

    /// A router says by ICMP that the last frame did not get there.
    fn icmp(&mut self, mut words: Words) -> Result<()> {
        let last = self.frames.last().context("nothing to report")?.clone();
        let kind = u8::try_from(words.number("type")?.unwrap_or(3))?;
        let code = u8::try_from(words.number("code")?.unwrap_or(1))?;
        let bytes = icmp_error(&last.bytes, [kind, code], words.has("stale")?)?;
        words.finish()?;
        let wire_len = u32::try_from(bytes.len())?;
        self.frames.push(Recorded { at: self.now(), wire_len, bytes, ..last });
        Ok(())
    }

    fn segment(
        &mut self,
        head: &Head,
        flags: TcpFlags,
        mut words: Words,
        phrases: &[Phrase],
    ) -> Result<()> {
        let mut draft = self.draft(head, flags, &mut words)?;
        let (options, data_fin) = self.options(head, &draft, &mut words, phrases)?;
        draft.data_fin = data_fin;
        let header = self.header(head, &draft, &mut words)?;
        let bytes = packet(&header, &options, &draft.payload)?;
        let cut = usize::try_from(words.number("cut")?.unwrap_or(0))?;
        anyhow::ensure!(
            cut <= draft.payload.len() + options.len(),
            "only payload and options can be cut"
        );
        let recorded = Recorded {
            at: self.now(),
            point: point(&mut words)?,
            wire_len: u32::try_from(bytes.len())?,
            bytes: bytes[..bytes.len() - cut].to_vec(),
        };
        if !words.has("uncaptured")? {
            self.frames.push(recorded);
        }
        self.send(head, &draft, words.has("lost")?);
        words.finish()
    }

    /// Position and payload of a segment.
    fn draft(&mut self, head: &Head, flags: TcpFlags, words: &mut Words) -> Result<Draft> {
        let subflow = self.subflows.get_mut(&head.name).context("subflow")?;
        let connection = self.connections.get_mut(&head.name.connection).context("connection")?;
        if flags.is_syn_ack() {
            // What of the payload of a SYN was accepted stands before the data sequence space.
            let accepted = words.number("accept")?.unwrap_or(0);
            connection.hosts.of_mut(head.sender.peer()).prefix = accepted;
            let peer = subflow.ends.of_mut(head.sender.peer());
            peer.origin = accepted;
            peer.next = 1 + accepted;
            peer.received.add(0, 1 + accepted);
        }
        let is_syn = flags.has(TcpFlags::SYN);
        let position = match words.number("seq")? {
            Some(position) => position,
            None if is_syn => 0,
            None => subflow.ends.of(head.sender).next,
        };
        let host = connection.hosts.of(head.sender);
        let len = words.number("data")?.unwrap_or(0);
        let offset = words.number("at")?.unwrap_or(host.next);
        let mut payload = if is_syn { host.stream(0, len) } else { host.data(offset, len) };
        if words.has("corrupt")? {
            for byte in &mut payload {
                *byte = !*byte;
            }
        }
        Ok(Draft { flags, position, offset, payload, data_fin: None })
    }

    fn options(
        &self,
        head: &Head,
        draft: &Draft,
        words: &mut Words,
        phrases: &[Phrase],
    ) -> Result<(Vec<u8>, Option<u64>)> {
        let connection = &self.connections[&head.name.connection];
        let token_of = |letter: char, role: Role| {
            let named = self.connections.get(&letter).context("no such connection")?;
            Ok(*tokens(named).of(role))
        };
        let carrier = Carrier {
            connection,
            subflow: &self.subflows[&head.name],
            name: head.name,
            sender: head.sender,
            flags: draft.flags,
            position: draft.position,
            offset: draft.offset,
            payload_len: draft.payload.len() as u64,
            token_of: &token_of,
        };
        let mut bytes = Vec::new();
        if connection.settings.timestamps && !words.has("nots")? {
            let value = u32::try_from(self.at_us / 1000)?;
            if !words.has("unpadded")? {
                bytes.extend([1, 1]);
            }
            TcpOption::Timestamps { value, echo_reply: 0 }.emit(&mut bytes);
        }
        if let Some(size) = words.value("mss")? {
            TcpOption::MaximumSegmentSize(size).emit(&mut bytes);
        }
        bytes.extend(vec![1; words.value("nops")?.unwrap_or(0)]);
        if connection.settings.sack && draft.flags.has(TcpFlags::SYN) {
            bytes.extend([1, 1]);
            TcpOption::SackPermitted.emit(&mut bytes);
        }
        if let Some(blocks) = words.text("sack")? {
            let isn = carrier.subflow.ends.of(head.sender.peer()).isn;
            bytes.extend([1, 1]);
            TcpOption::Sack(SackBlocks(&sack_blocks(&blocks, isn)?)).emit(&mut bytes);
        }
        let mut data_fin = None;
        for phrase in phrases {
            if phrase.name == "raw" {
                bytes.extend(raw(phrase.words.clone())?);
                continue;
            }
            let (option, fin) = carrier.option(phrase)?;
            option.emit(&mut bytes);
            data_fin = data_fin.or(fin);
        }
        Ok((bytes, data_fin))
    }

    fn header(&mut self, head: &Head, draft: &Draft, words: &mut Words) -> Result<Header> {
        let subflow = &self.subflows[&head.name];
        let (own, peer) = (subflow.ends.of(head.sender), subflow.ends.of(head.sender.peer()));
        let acked = words.number("ack")?.unwrap_or(peer.received.end());
        let number = |isn: u32, position: u64| {
            #[expect(clippy::cast_possible_truncation, reason = "sequence numbers wrap")]
            isn.wrapping_add(position as u32)
        };
        let has_ack = draft.flags.has(TcpFlags::ACK);
        self.ip_id += 1;
        Ok(Header {
            source: own.endpoint,
            destination: peer.endpoint,
            ip_id: words.value("ip_id")?.unwrap_or(self.ip_id),
            hop_limit: words.value("ttl")?.unwrap_or(64),
            seq: number(own.isn, draft.position),
            ack: if has_ack { number(peer.isn, acked) } else { 0 },
            flags: draft.flags,
            window: words.value("win")?.unwrap_or(0xffff),
        })
    }

    /// Sender and, unless the segment is lost, receiver take note.
    fn send(&mut self, head: &Head, draft: &Draft, lost: bool) {
        let has = |bits: TcpFlags| u64::from(draft.flags.has(bits));
        let payload = draft.payload.len() as u64;
        let len = payload + has(TcpFlags::SYN) + has(TcpFlags::FIN);
        if let Some(subflow) = self.subflows.get_mut(&head.name) {
            let end = subflow.ends.of_mut(head.sender);
            end.next = end.next.max(draft.position + len);
            if !lost && !draft.flags.is_syn() {
                end.received.add(draft.position, len);
            } else if !lost {
                end.received.add(0, 1);
            }
        }
        let Some(connection) = self.connections.get_mut(&head.name.connection) else { return };
        let host = connection.hosts.of_mut(head.sender);
        if payload > 0 && !draft.flags.has(TcpFlags::SYN) {
            host.next = host.next.max(draft.offset + payload);
            if !lost {
                host.received.add(draft.offset, payload);
            }
        }
        if let Some(offset) = draft.data_fin.filter(|_| !lost) {
            host.received.add(offset, 1);
        }
    }

    fn now(&self) -> Timestamp {
        Timestamp(EPOCH_NS + i64::try_from(self.at_us).unwrap() * 1000)
    }
}

/// A segment before it has its options.
struct Draft {
    flags: TcpFlags,
    /// Position on the subflow.
    position: u64,
    /// Offset of the payload in the data sequence space.
    offset: u64,
    payload: Vec<u8>,
    /// Offset of the DATA_FIN.
    data_fin: Option<u64>,
}

fn point(words: &mut Words) -> Result<CapturePoint> {
    Ok(CapturePoint { input: words.value("point")?.unwrap_or(0), interface: 0 })
}

/// Bytes of an option as they are.
fn raw(mut words: Words) -> Result<Vec<u8>> {
    let digits = words.text("hex")?.context("raw wants hex=")?;
    words.finish()?;
    let byte = |at: usize| {
        let pair = digits.get(at..at + 2).context("two digits an octet")?;
        u8::from_str_radix(pair, 16).context("no hexadecimal digits")
    };
    (0..digits.len()).step_by(2).map(byte).collect()
}

/// tcpdump's letters.
fn flags_from(letters: &str) -> Result<TcpFlags> {
    let mut flags = 0;
    for letter in letters.chars() {
        flags |= match letter {
            'S' => TcpFlags::SYN.0,
            'F' => TcpFlags::FIN.0,
            'R' => TcpFlags::RST.0,
            'P' => TcpFlags::PSH.0,
            'U' => TcpFlags::URG.0,
            '.' => TcpFlags::ACK.0,
            _ => bail!("'{letters}' are no flags: letters of S, F, R, P, U and a point for ACK"),
        };
    }
    Ok(TcpFlags(flags))
}

/// The blocks of `10-20+30-40`: positions of the peer whose initial sequence number is `isn`.
fn sack_blocks(text: &str, isn: u32) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    for edge in text.split(['-', '+']) {
        bytes.extend(isn.wrapping_add(edge.parse()?).to_be_bytes());
    }
    ensure!(bytes.len().is_multiple_of(8), "a SACK block has two edges");
    Ok(bytes)
}
