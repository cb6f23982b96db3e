//! Frames read a second time, one by one: from the files that they came from, or from the spool that
//! keeps what cannot be read twice.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, PoisonError, RwLock};

use super::Capture;
use super::buffer::LONGEST_RECORD;
use super::input_path::InputPath;
use super::pcap::PcapLayout;
use super::pcapng::{ByteOrder, ENHANCED_PACKET, OBSOLETE_PACKET, PACKET_DATA};
use super::pcapng::{SIMPLE_PACKET, Section};
use super::source::{Layout, Source};
use super::spool::SpoolReader;
use crate::wire::frame::{LinkType, PacketNo, Place, RawPacket};

/// Reads frames again by their [`Place`]. Its copies are all the same reader, for any thread.
///
/// A file that was cut or written over since yields nothing, or other octets, never an error.
#[derive(Debug, Clone, Default)]
pub struct PacketReader {
    files: Arc<[Option<File>]>,
    layouts: Arc<RwLock<Vec<Option<Layout>>>>,
    spool: Option<SpoolReader>,
}

impl PacketReader {
    /// A reader of the inputs of `capture`, which was opened from `paths`, as far as they are files
    /// that can be read twice; and of what `spool` keeps.
    pub fn new(paths: &[InputPath], capture: &Capture, spool: Option<SpoolReader>) -> Self {
        let layouts = capture.layouts();
        let files = paths.iter().zip(&layouts).map(|(path, layout)| match path {
            InputPath::File(path) if layout.is_some() => File::open(path).ok(),
            _ => None,
        });
        Self { files: files.collect(), layouts: Arc::new(RwLock::new(layouts)), spool }
    }

    /// A reader of what `spool` keeps, and of nothing else.
    pub fn of_spool(spool: SpoolReader) -> Self {
        Self { spool: Some(spool), ..Self::default() }
    }

    /// Takes over what `capture` has learnt of its inputs since. Only then can packets be read that
    /// it has handed out since.
    pub fn catch_up(&self, capture: &Capture) {
        let layouts = capture.layouts();
        let mut known = self.layouts.write().unwrap_or_else(PoisonError::into_inner);
        if *known != layouts {
            *known = layouts;
        }
    }

    /// The frame with this number at `place`; `None` if it is not there any more.
    pub fn read(&self, number: PacketNo, place: Place) -> Option<RawPacket> {
        if place.source == Place::SPOOL {
            return self.spool.as_ref()?.read(number, place.offset);
        }
        let source = usize::from(place.source);
        let file = self.files.get(source)?.as_ref()?;
        let layouts = self.layouts.read().unwrap_or_else(PoisonError::into_inner);
        match layouts.get(source)?.as_ref()? {
            Layout::Pcap(layout) => pcap_record(file, layout, place.offset),
            Layout::Pcapng(sections) => {
                let after = sections.partition_point(|section| section.start < place.offset);
                pcapng_block(file, sections.get(after.checked_sub(1)?)?, place.offset)
            }
        }
    }
}

impl Capture {
    /// What it takes to read each input again; `None` for those of which that is not possible.
    fn layouts(&self) -> Vec<Option<Layout>> {
        self.sources.iter().map(Source::layout).collect()
    }
}

fn pcap_record(file: &File, layout: &PcapLayout, offset: u64) -> Option<RawPacket> {
    let order = if layout.is_big_endian { ByteOrder::Big } else { ByteOrder::Little };
    let lengths: [u8; 8] = octets(file, offset.checked_sub(layout.lengths_before)?)?;
    let (captured, original) = (word(order, &lengths, 0)?, word(order, &lengths, 4)?);
    if captured as usize > layout.limit {
        return None;
    }
    packet(file, layout.link_type, (captured, original), offset)
}

/// The data of a packet block starts at `offset`. Whether it is an enhanced one (or an obsolete one,
/// which is laid out alike) or a simple one shows by its type and by the length at its end.
fn pcapng_block(file: &File, section: &Section, offset: u64) -> Option<RawPacket> {
    let order = section.byte_order;
    let start = offset.checked_sub(PACKET_DATA as u64)?;
    let before: [u8; PACKET_DATA] = octets(file, start)?;
    let field = |at| word(order, &before, at);
    let kind = field(0)?;
    if matches!(kind, ENHANCED_PACKET | OBSOLETE_PACKET) && ends_at(file, order, start, field(4)?) {
        let interface = match kind {
            OBSOLETE_PACKET => u32::from(order.u16(*before.get(8..)?.first_chunk()?)),
            _ => field(8)?,
        };
        let (link_type, _) = *section.interfaces.get(interface as usize)?;
        let lengths = (field(20)?, field(24)?);
        let room = (field(4)? as usize).checked_sub(PACKET_DATA + 4)?;
        return if lengths.0 as usize <= room {
            packet(file, link_type, lengths, offset)
        } else {
            None
        };
    }
    let (kind, len, original) = (field(16)?, field(20)?, field(24)?);
    if kind != SIMPLE_PACKET || !ends_at(file, order, start + 16, len) {
        return None;
    }
    let (link_type, snaplen) = *section.interfaces.first()?;
    let captured = original.min(snaplen.unwrap_or(u32::MAX));
    let room = len.checked_sub(16)?;
    if captured <= room { packet(file, link_type, (captured, original), offset) } else { None }
}

/// Whether a block of `len` octets at `start` has that length at its end, too.
fn ends_at(file: &File, order: ByteOrder, start: u64, len: u32) -> bool {
    let end = u64::from(len).checked_sub(4).and_then(|len| octets::<4>(file, start + len));
    len as usize <= LONGEST_RECORD && end.is_some_and(|end| order.u32(end) == len)
}

fn packet(
    file: &File,
    link_type: LinkType,
    (captured, original): (u32, u32),
    offset: u64,
) -> Option<RawPacket> {
    let mut data = vec![0; captured as usize];
    file.read_exact_at(&mut data, offset).ok()?;
    Some(RawPacket { link_type, wire_len: original.max(captured), data })
}

fn octets<const N: usize>(file: &File, offset: u64) -> Option<[u8; N]> {
    let mut octets = [0; N];
    file.read_exact_at(&mut octets, offset).ok()?;
    Some(octets)
}

fn word(order: ByteOrder, octets: &[u8], at: usize) -> Option<u32> {
    Some(order.u32(*octets.get(at..)?.first_chunk()?))
}
