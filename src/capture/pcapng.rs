//! The pcapng format (draft-ietf-opsawg-pcapng): sections of blocks.
//!
//! Blocks are framed here, so that a block is parsed only when it is complete: a block that claims
//! more inside than it has then shows as broken, and nothing waits for octets that never come.
//! The blocks that carry packets are read by hand, because their options, which nobody asks for,
//! would otherwise be collected for every packet. The others are left to pcap-parser.

use pcap_parser::{
    Block, InterfaceDescriptionBlock, InterfaceStatisticsBlock, OptionCode, PcapNGOption,
    SimplePacketBlock, parse_block_be, parse_block_le,
};

use super::buffer::{Buffer, LONGEST_RECORD};
use super::clock::Clock;
use super::record::{Fault, Record};
use super::status::{InputStatus, Interface};
use crate::wire::frame::{LinkType, Timestamp};

/// The first four octets of a section header, in either byte order.
pub(super) const SECTION_HEADER: [u8; 4] = [0x0a, 0x0d, 0x0d, 0x0a];
/// Octets that tell a section and its byte order: block type, length, byte-order magic.
pub(super) const SECTION_START: usize = 12;

const BYTE_ORDER_LITTLE: [u8; 4] = [0x4d, 0x3c, 0x2b, 0x1a];
const BYTE_ORDER_BIG: [u8; 4] = [0x1a, 0x2b, 0x3c, 0x4d];

/// §4.3: type and length before the body, the length again after it.
const BLOCK_FRAME: usize = 12;
/// The fixed fields of a packet block, behind type and length.
const PACKET_FIELDS: usize = 20;
pub(super) const PACKET_DATA: usize = 8 + PACKET_FIELDS;
/// Where the data of a simple packet block starts.
const SIMPLE_PACKET_DATA: usize = 12;

/// Block type of the obsolete packet block (appendix A) and of the enhanced one (§4.3).
pub(super) const OBSOLETE_PACKET: u32 = 2;
pub(super) const ENHANCED_PACKET: u32 = 6;
/// Block type of the simple packet block (§4.4).
pub(super) const SIMPLE_PACKET: u32 = 3;

/// Characters of an interface name that are kept.
const LONGEST_NAME: usize = 256;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ByteOrder {
    Little,
    Big,
}

impl ByteOrder {
    #[inline]
    pub(super) fn u16(self, octets: [u8; 2]) -> u16 {
        match self {
            Self::Little => u16::from_le_bytes(octets),
            Self::Big => u16::from_be_bytes(octets),
        }
    }

    #[inline]
    pub(super) fn u32(self, octets: [u8; 4]) -> u32 {
        match self {
            Self::Little => u32::from_le_bytes(octets),
            Self::Big => u32::from_be_bytes(octets),
        }
    }

    fn u64(self, octets: [u8; 8]) -> u64 {
        match self {
            Self::Little => u64::from_le_bytes(octets),
            Self::Big => u64::from_be_bytes(octets),
        }
    }
}

/// The byte order that a section header states in its magic, if these octets start one.
fn section_start(octets: [u8; SECTION_START]) -> Option<ByteOrder> {
    let (kind, rest) = octets.split_first_chunk()?;
    let (_, magic) = rest.split_first_chunk::<4>()?;
    match (*kind, <[u8; 4]>::try_from(magic).ok()?) {
        (SECTION_HEADER, BYTE_ORDER_LITTLE) => Some(ByteOrder::Little),
        (SECTION_HEADER, BYTE_ORDER_BIG) => Some(ByteOrder::Big),
        _ => None,
    }
}

/// Whether these octets start a pcapng section.
pub(super) fn is_section_start(octets: [u8; SECTION_START]) -> bool {
    section_start(octets).is_some()
}

/// An interface that a section has described, as far as its packets need it.
#[derive(Debug, Clone, Copy)]
struct DescribedInterface {
    number: u16,
    link_type: LinkType,
    snaplen: Option<u32>,
    clock: Clock,
}

/// Reads the packets of a pcapng file.
pub(super) struct Pcapng {
    byte_order: ByteOrder,
    /// The interfaces of the current section.
    interfaces: Vec<DescribedInterface>,
    /// All sections with interfaces, and the current one.
    sections: Vec<Section>,
}

/// What it takes to read a packet of a section again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Section {
    /// Where it starts.
    pub(super) start: u64,
    pub(super) byte_order: ByteOrder,
    /// Link type and snap length of each interface.
    pub(super) interfaces: Vec<(LinkType, Option<u32>)>,
}

impl Pcapng {
    pub(super) fn new() -> Self {
        // The first block is a section header, which sets the byte order.
        Self { byte_order: ByteOrder::Little, interfaces: Vec::new(), sections: Vec::new() }
    }

    #[cfg(feature = "tui")]
    pub(super) fn sections(&self) -> &[Section] {
        &self.sections
    }

    /// The next packet, whose block then stands at the front of the buffer; `None` at the end.
    ///
    /// Blocks on the way there are taken note of or skipped. `latest` is the time of the packet
    /// before; a simple packet block, which has none of its own, inherits it.
    #[inline]
    pub(super) fn next(
        &mut self,
        buffer: &mut Buffer,
        status: &mut InputStatus,
        latest: Timestamp,
    ) -> Result<Option<Record>, Fault> {
        loop {
            let Some((kind, len)) = self.frame_block(buffer)? else {
                return Ok(None);
            };
            let block = buffer.data().get(..len).unwrap_or_default();
            match kind {
                ENHANCED_PACKET | OBSOLETE_PACKET => return self.packet(kind, block).map(Some),
                _ => {
                    if let Some(record) = self.other(block, buffer.position(), status, latest)? {
                        return Ok(Some(record));
                    }
                }
            }
            buffer.consume(len);
        }
    }

    /// The fast path of nearly every block: an enhanced packet, little-endian, and whole in the buffer,
    /// of which `data` is what stands there.
    ///
    /// `None` if it is anything else. Then [`Pcapng::next`] knows what it is.
    #[inline]
    pub(super) fn try_fast_next(&self, data: &[u8]) -> Option<Record> {
        let (kind, rest) = data.split_first_chunk()?;
        let len = rest.first_chunk()?;
        let block = data.get(..u32::from_le_bytes(*len) as usize)?;
        let is_fast = self.byte_order == ByteOrder::Little
            && u32::from_le_bytes(*kind) == ENHANCED_PACKET
            && block.last_chunk() == Some(len);
        if is_fast { self.packet(ENHANCED_PACKET, block).ok() } else { None }
    }

    /// Reads a block to its end. Returns its type and length.
    #[inline]
    fn frame_block(&mut self, buffer: &mut Buffer) -> Result<Option<(u32, usize)>, Fault> {
        // Every block has at least 12 octets, just what a section header takes to tell its order.
        if !buffer.fill(SECTION_START)? {
            return if buffer.data().is_empty() { Ok(None) } else { Err(Fault::Cut) };
        }
        let (kind, len) = self.block_start(buffer.data())?;
        if len > LONGEST_RECORD {
            return Err(Fault::TooLong { claimed: len as u64, limit: LONGEST_RECORD });
        }
        if len < BLOCK_FRAME {
            return Err(Fault::Broken("the next block claims to be shorter than its own frame"));
        }
        if !buffer.fill(len)? {
            return Err(Fault::Cut);
        }
        let block = buffer.data().get(..len).unwrap_or_default();
        let end = block.last_chunk().map(|octets| self.byte_order.u32(*octets) as usize);
        if end == Some(len) {
            Ok(Some((kind, len)))
        } else {
            Err(Fault::Broken("the next block states two different lengths"))
        }
    }

    #[inline]
    fn block_start(&mut self, data: &[u8]) -> Result<(u32, usize), Fault> {
        let cut = || Fault::Broken("the next block has no start");
        let (kind, rest) = data.split_first_chunk().ok_or_else(cut)?;
        if *kind == SECTION_HEADER {
            self.byte_order = data
                .first_chunk()
                .and_then(|octets| section_start(*octets))
                .ok_or(Fault::Broken("the next section has an unknown byte order"))?;
        }
        let len = rest.first_chunk().ok_or_else(cut)?;
        Ok((self.byte_order.u32(*kind), self.byte_order.u32(*len) as usize))
    }

    /// §4.3: interface, time (high, low), captured and original length, then the data. The
    /// obsolete block (appendix A) has 16 bits of interface and 16 of drops in the first place.
    #[inline]
    fn packet(&self, kind: u32, block: &[u8]) -> Result<Record, Fault> {
        let too_short = Fault::Broken("the next packet does not fit into its block");
        let Some(fields) = block.get(8..).and_then(|body| body.first_chunk::<PACKET_FIELDS>())
        else {
            return Err(too_short);
        };
        let field = |at: usize| {
            let octets = fields.get(at..).and_then(|rest| rest.first_chunk());
            self.byte_order.u32(octets.copied().unwrap_or_default())
        };
        let id = if kind == ENHANCED_PACKET {
            field(0)
        } else {
            let octets = fields.first_chunk().copied().unwrap_or_default();
            u32::from(self.byte_order.u16(octets))
        };
        let known = self.interface(id)?;
        let units = u64::from(field(4)) << 32 | u64::from(field(8));
        let (captured, wire_len) = (field(12), field(16));
        let data_len = captured as usize;
        if data_len > block.len().saturating_sub(PACKET_DATA + 4) {
            return Err(too_short);
        }
        Ok(Record {
            timestamp: known.clock.timestamp(units),
            interface: known.number,
            link_type: known.link_type,
            wire_len: wire_len.max(captured),
            data_start: PACKET_DATA,
            data_len,
            len: block.len(),
        })
    }

    #[inline]
    fn interface(&self, id: u32) -> Result<&DescribedInterface, Fault> {
        self.interfaces.get(id as usize).ok_or(Fault::UnknownInterface(id))
    }

    /// Any block that is no (enhanced) packet; a record if it is a simple packet after all.
    #[cold]
    fn other(
        &mut self,
        block: &[u8],
        position: u64,
        status: &mut InputStatus,
        latest: Timestamp,
    ) -> Result<Option<Record>, Fault> {
        let parsed = match self.byte_order {
            ByteOrder::Little => parse_block_le(block),
            ByteOrder::Big => parse_block_be(block),
        };
        match parsed {
            Ok((_, Block::SectionHeader(_))) => self.begin_section(position),
            Ok((_, Block::InterfaceDescription(idb))) => self.describe(&idb, status)?,
            Ok((_, Block::InterfaceStatistics(isb))) => self.statistics(&isb, status),
            Ok((_, Block::SimplePacket(spb))) => {
                return self.simple_packet(&spb, block.len(), latest).map(Some);
            }
            Err(_) if self.matters(block) => {
                return Err(Fault::Broken("the next block cannot be read"));
            }
            // Names, secrets, vendors' own blocks: they do not change what a packet means, and
            // neither does one of them that is broken inside, as its frame is sound.
            Ok(_) | Err(_) => {}
        }
        Ok(None)
    }

    /// Whether packets cannot be understood without this block: sections, interfaces, packets.
    fn matters(&self, block: &[u8]) -> bool {
        let kind = block.first_chunk().copied().unwrap_or_default();
        kind == SECTION_HEADER || matches!(self.byte_order.u32(kind), 1 | SIMPLE_PACKET)
    }

    fn begin_section(&mut self, start: u64) {
        self.interfaces.clear();
        // One without interfaces has no packets.
        self.sections.pop_if(|section| section.interfaces.is_empty());
        let byte_order = self.byte_order;
        self.sections.push(Section { start, byte_order, interfaces: Vec::new() });
    }

    fn describe(
        &mut self,
        idb: &InterfaceDescriptionBlock<'_>,
        status: &mut InputStatus,
    ) -> Result<(), Fault> {
        let number = u16::try_from(status.interfaces.len())
            .map_err(|_| Fault::Broken("the next block describes one interface too many"))?;
        let link_type = LinkType(idb.linktype.0.cast_unsigned());
        let snaplen = Some(idb.snaplen).filter(|snaplen| *snaplen != 0);
        let resolution = option(&idb.options, OptionCode::IfTsresol).map(|[octet]| octet);
        let offset = option(&idb.options, OptionCode::IfTsoffset);
        let offset = offset.map_or(0, |octets| self.byte_order.u64(octets).cast_signed());
        let clock = Clock::new(resolution, offset);
        self.interfaces.push(DescribedInterface { number, link_type, snaplen, clock });
        if let Some(section) = self.sections.last_mut() {
            section.interfaces.push((link_type, snaplen));
        }
        let name = name(idb);
        status.interfaces.push(Interface { name, link_type, snaplen, dropped_by_kernel: None });
        Ok(())
    }

    /// §4.6: counters run from the start of the capture, so the latest block holds.
    fn statistics(&self, isb: &InterfaceStatisticsBlock<'_>, status: &mut InputStatus) {
        let counter = |code| option(&isb.options, code).map(|octets| self.byte_order.u64(octets));
        let dropped = [OptionCode::IsbIfDrop, OptionCode::IsbOsDrop]
            .into_iter()
            .filter_map(counter)
            .reduce(u64::saturating_add);
        let interface = self
            .interface(isb.if_id)
            .ok()
            .and_then(|known| status.interfaces.get_mut(usize::from(known.number)));
        if let (Some(interface), Some(_)) = (interface, dropped) {
            interface.dropped_by_kernel = dropped;
        }
    }

    /// §4.4: a simple packet is of the first interface, and as long as its snap length allows.
    fn simple_packet(
        &self,
        spb: &SimplePacketBlock<'_>,
        len: usize,
        latest: Timestamp,
    ) -> Result<Record, Fault> {
        let known = self.interface(0)?;
        let captured = spb.origlen.min(known.snaplen.unwrap_or(u32::MAX)) as usize;
        if captured > spb.data.len() {
            return Err(Fault::Broken("the next packet does not fit into its block"));
        }
        Ok(Record {
            timestamp: latest,
            interface: known.number,
            link_type: known.link_type,
            wire_len: spb.origlen,
            data_start: SIMPLE_PACKET_DATA,
            data_len: captured,
            len,
        })
    }
}

/// The value of an option, if it is there and has the length it must have.
fn option<const N: usize>(options: &[PcapNGOption<'_>], code: OptionCode) -> Option<[u8; N]> {
    let option = options
        .iter()
        .take_while(|option| option.code != OptionCode::EndOfOpt)
        .find(|option| option.code == code)?;
    option.as_bytes().ok()?.try_into().ok()
}

fn name(idb: &InterfaceDescriptionBlock<'_>) -> Option<String> {
    let octets = idb
        .options
        .iter()
        .take_while(|option| option.code != OptionCode::EndOfOpt)
        .find(|option| option.code == OptionCode::IfName)?
        .as_bytes()
        .ok()?;
    let name = String::from_utf8_lossy(octets);
    let name: String = name.trim_end_matches('\0').chars().take(LONGEST_NAME).collect();
    Some(name).filter(|name| !name.is_empty())
}
