//! The rows of a ladder: the packets of one connection in the order of time, plain ones folded into
//! runs, silence squeezed.
//!
//! Nothing is kept per row: a ladder of millions of rows is a list of blocks, and any row of it is
//! found from its number.

mod silence;

use std::collections::BTreeSet;

use crate::track::index::{Entry, Members, PacketIndex};
use crate::track::packet_class::PacketClass;
use crate::track::role::Direction;
use crate::wire::frame::{PacketNo, Timestamp};
use silence::Gaps;

/// Lanes whose packets can be folded.
const MOST_LANES: usize = 16_000;

/// Plain packets between two others are folded from this number on, and shown one by one below it.
const FOLDED: u32 = 4;

/// One row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Row {
    /// A packet: its position in the index.
    Packet(u64),
    /// Plain packets of one kind, between two rows that are something else.
    Run(Run),
    /// No packet for so many nanoseconds.
    Silence {
        /// From the packet before to the packet after.
        ns: i64,
    },
}

/// Plain packets of one subflow and direction. Those of others, folded beside it, may lie between
/// its first and its last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// Position of its first packet in the index.
    pub first: u64,
    /// Position of its last.
    pub last: u64,
    /// How many there are.
    pub count: u64,
    /// Bytes of payload in them.
    pub payload: u64,
    /// Of which subflow, by its place among the members of the ladder.
    pub lane: usize,
    /// Who sent them.
    pub direction: Direction,
    /// [`PacketClass::Data`] or [`PacketClass::Ack`].
    pub kind: PacketClass,
}

/// The rows of one connection.
#[derive(Debug, Clone, Default)]
pub struct Ladder {
    members: Members,
    /// Packets that are never folded.
    pinned: BTreeSet<PacketNo>,
    /// First packets of the stretches that are not folded now.
    unfolded: BTreeSet<PacketNo>,
    /// The packets of the connection: their positions in the index, seen from `base`.
    packets: Vec<u32>,
    base: u64,
    /// Position in the index up to which it was looked at, and how often the index had been changed
    /// before then.
    seen: u64,
    revision: u64,
    gaps: Gaps,
    blocks: Vec<Block>,
    /// Number of the first row of each block.
    rows: Vec<u64>,
    runs: Vec<KeptRun>,
    /// Of a lane, a direction and a kind: the latest of its runs, good if it is one of the last block.
    latest_runs: Vec<u32>,
}

/// Rows that belong together. `first` is an index into the packets.
#[derive(Debug, Clone, Copy)]
enum Block {
    /// Packets shown one by one.
    Packets { first: u32, count: u32 },
    /// Plain packets: as so many runs from the run `runs` on, unless it is `open`. Only the last
    /// block may have too few packets for that.
    Stretch { first: u32, count: u32, runs: u32, run_count: u16, open: bool },
    /// Silence before the packet `first`.
    Silence { first: u32, ns: i64 },
}

impl Block {
    const fn first(&self) -> u32 {
        match self {
            Self::Packets { first, .. }
            | Self::Stretch { first, .. }
            | Self::Silence { first, .. } => *first,
        }
    }

    /// One past its last packet.
    const fn end(&self) -> u32 {
        match self {
            Self::Packets { first, count } | Self::Stretch { first, count, .. } => *first + *count,
            Self::Silence { first, .. } => *first,
        }
    }

    const fn rows(&self) -> u64 {
        match self {
            Self::Silence { .. } => 1,
            Self::Stretch { run_count, .. } if self.is_folded() => *run_count as u64,
            Self::Packets { count, .. } | Self::Stretch { count, .. } => *count as u64,
        }
    }

    const fn is_folded(&self) -> bool {
        matches!(self, Self::Stretch { count, open: false, .. } if *count >= FOLDED)
    }
}

/// A run as it is kept: positions are indexes into the packets.
#[derive(Debug, Clone, Copy)]
struct KeptRun {
    first: u32,
    last: u32,
    count: u32,
    /// The lane, then one bit of direction and one of kind.
    key: u32,
    payload: u64,
}

impl Ladder {
    /// The ladder of the connection whose subflows are `members`, from all that `index` has.
    ///
    /// Packets that are `pinned`, since a finding points at them, are never folded; stretches of
    /// plain packets that begin with one of `unfolded` are not.
    pub fn build(
        index: &PacketIndex,
        members: Members,
        pinned: BTreeSet<PacketNo>,
        unfolded: BTreeSet<PacketNo>,
    ) -> Self {
        let mut ladder = Self { unfolded, ..Self::default() };
        ladder.update(index, members, pinned);
        ladder
    }

    /// Brings it up to date after `index` has grown. What was built before is used again as far as
    /// it holds.
    pub fn update(&mut self, index: &PacketIndex, members: Members, pinned: BTreeSet<PacketNo>) {
        let is_same = self.base >= index.dropped()
            && self.seen <= index.end()
            && self.revision == index.revision();
        if !is_same || !is_extended(&self.members, &members, index, self.seen) {
            let unfolded = std::mem::take(&mut self.unfolded);
            let (base, revision) = (index.dropped(), index.revision());
            *self = Self { unfolded, base, seen: base, revision, ..Self::default() };
        }
        self.members = members;
        let threshold = self.gaps.threshold();
        let known = self.packets.len();
        self.gather(index);
        let changed = self.pinned.symmetric_difference(&pinned).next().copied();
        self.pinned = pinned;
        let from = if threshold == self.gaps.threshold() {
            changed.map_or(known, |number| self.packet_from(index, number)).min(known)
        } else {
            0
        };
        self.cut_back(from);
        self.extend_blocks(index);
        self.count_rows();
    }

    /// Shows a stretch of plain packets one by one, or folds it again: the one that the row `row` is
    /// of. False if it is of none.
    pub fn toggle(&mut self, index: &PacketIndex, row: u64) -> bool {
        let Some((block, _)) = self.block_of_row(row) else { return false };
        let Some(Block::Stretch { first, count: FOLDED.., open, .. }) = self.blocks.get_mut(block)
        else {
            return false;
        };
        *open = !*open;
        let (first, open) = (*first, *open);
        let Some(first) = self.entry(index, first) else { return false };
        if open {
            self.unfolded.insert(first.number());
        } else {
            self.unfolded.remove(&first.number());
        }
        self.count_rows();
        true
    }

    /// First packets of the stretches that are not folded.
    pub const fn unfolded(&self) -> &BTreeSet<PacketNo> {
        &self.unfolded
    }

    /// The subflows.
    pub const fn members(&self) -> &Members {
        &self.members
    }

    /// How many rows there are.
    pub fn len(&self) -> u64 {
        self.rows.last().zip(self.blocks.last()).map_or(0, |(start, block)| start + block.rows())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    /// How many packets there are.
    pub fn packets(&self) -> usize {
        self.packets.len()
    }

    /// Row number `row`.
    pub fn row(&self, row: u64) -> Option<Row> {
        let (block, within) = self.block_of_row(row)?;
        match *self.blocks.get(block)? {
            Block::Silence { ns, .. } => Some(Row::Silence { ns }),
            block @ Block::Stretch { runs, .. } if block.is_folded() => self.run(runs + within),
            Block::Packets { first, .. } | Block::Stretch { first, .. } => {
                self.position(first + within).map(Row::Packet)
            }
        }
    }

    /// The row that shows a packet, or has it folded in; `None` if it is of another connection.
    pub fn row_of_packet(&self, index: &PacketIndex, number: PacketNo) -> Option<u64> {
        let at = u32::try_from(self.packet_from(index, number)).ok()?;
        let entry = self.entry(index, at)?;
        if entry.number() == number { self.row_of(index, at) } else { None }
    }

    /// The first row at `at` or after it, or else the last one.
    pub fn row_at(&self, index: &PacketIndex, at: Timestamp) -> Option<u64> {
        let origin = index.origin()?;
        let is_before = |packet: &u32| {
            let entry = index.get(self.base + u64::from(*packet));
            entry.is_some_and(|entry| entry.at(origin) < at)
        };
        let at = self.packets.partition_point(is_before);
        self.row_of(index, u32::try_from(at.min(self.packets.len().checked_sub(1)?)).ok()?)
    }

    /// The run with this number, as a row.
    fn run(&self, number: u32) -> Option<Row> {
        let run = self.runs.get(number as usize)?;
        let first = self.position(run.first)?;
        if run.count == 1 {
            return Some(Row::Packet(first));
        }
        let (from_server, is_ack) = (run.key & 2 != 0, run.key & 1 != 0);
        Some(Row::Run(Run {
            first,
            last: self.position(run.last)?,
            count: run.count.into(),
            payload: run.payload,
            lane: (run.key >> 2) as usize,
            direction: if from_server {
                Direction::ServerToClient
            } else {
                Direction::ClientToServer
            },
            kind: if is_ack { PacketClass::Ack } else { PacketClass::Data },
        }))
    }

    /// What the runs that a packet can be in have in common; `None` if it stands alone.
    fn run_key(&self, entry: &Entry) -> Option<u32> {
        let lane = self.members.lane(entry).filter(|lane| *lane < MOST_LANES)?;
        let from_server = u32::from(entry.direction() == Direction::ServerToClient);
        let is_ack = u32::from(entry.kind() == PacketClass::Ack);
        let key = u32::try_from(lane).ok()? << 2 | from_server << 1 | is_ack;
        (entry.kind().is_plain() && !self.pinned.contains(&entry.number())).then_some(key)
    }

    /// The block of a row, and how many rows of it come before that one.
    fn block_of_row(&self, row: u64) -> Option<(usize, u32)> {
        let block = self.rows.partition_point(|start| *start <= row).checked_sub(1)?;
        let within = row - self.rows.get(block)?;
        let is_there = within < self.blocks.get(block)?.rows();
        is_there.then_some((block, u32::try_from(within).ok()?))
    }

    /// The position in the index of the packet with index `at`.
    fn position(&self, at: u32) -> Option<u64> {
        self.packets.get(at as usize).map(|packet| self.base + u64::from(*packet))
    }

    fn entry(&self, index: &PacketIndex, at: u32) -> Option<Entry> {
        index.get(self.position(at)?)
    }

    /// The index of the first packet whose number is not before `number`.
    fn packet_from(&self, index: &PacketIndex, number: PacketNo) -> usize {
        self.packets.partition_point(|packet| {
            let entry = index.get(self.base + u64::from(*packet));
            entry.is_some_and(|entry| entry.number() < number)
        })
    }

    /// The row of the packet with index `at`.
    fn row_of(&self, index: &PacketIndex, at: u32) -> Option<u64> {
        let block = self.blocks.partition_point(|block| block.first() <= at).checked_sub(1)?;
        let start = *self.rows.get(block)?;
        let within = match *self.blocks.get(block)? {
            Block::Stretch { runs, run_count, open: false, count: FOLDED.., .. } => {
                let key = self.run_key(&self.entry(index, at)?)?;
                let runs = self.runs.iter().skip(runs as usize).take(run_count.into());
                u32::try_from(runs.into_iter().position(|run| run.key == key)?).ok()?
            }
            block => at - block.first(),
        };
        Some(start + u64::from(within))
    }

    /// Takes the packets of the connection that are new in the index.
    fn gather(&mut self, index: &PacketIndex) {
        let Some(origin) = index.origin() else { return };
        let mut before = self.time_before(index, self.packets.len());
        for (position, entry) in index.iter_from(self.seen) {
            self.seen = position + 1;
            // A copy says nothing that the first one did not.
            if entry.kind() == PacketClass::Copy || self.members.lane(&entry).is_none() {
                continue;
            }
            let Ok(packet) = u32::try_from(position - self.base) else { break };
            self.packets.push(packet);
            let at = entry.at(origin);
            if let Some(before) = before.replace(at) {
                self.gaps.add(at.since(before));
            }
        }
    }

    /// When the packet before the one with index `at` was captured.
    fn time_before(&self, index: &PacketIndex, at: usize) -> Option<Timestamp> {
        let before = u32::try_from(at.checked_sub(1)?).ok()?;
        Some(self.entry(index, before)?.at(index.origin()?))
    }

    /// Takes back the blocks from the one on that has the packet with index `from`.
    fn cut_back(&mut self, from: usize) {
        while let Some(block) = self.blocks.last()
            && block.end() as usize > from
        {
            if let Block::Stretch { runs, .. } = block {
                self.runs.truncate(*runs as usize);
            }
            self.blocks.pop();
            // Silence belongs to the packet after it.
            self.blocks.pop_if(|block| matches!(block, Block::Silence { .. }));
        }
        if let Some(Block::Stretch { runs, .. }) = self.blocks.last() {
            for (number, run) in (0..).zip(&self.runs).skip(*runs as usize) {
                if let Some(latest) = self.latest_runs.get_mut(run.key as usize) {
                    *latest = number;
                }
            }
        }
    }

    fn extend_blocks(&mut self, index: &PacketIndex) {
        let Some(origin) = index.origin() else { return };
        self.latest_runs.resize(self.members.all().len() * 4, u32::MAX);
        let threshold = self.gaps.threshold();
        let start = self.blocks.last().map_or(0, Block::end);
        let mut before = self.time_before(index, start as usize);
        for at in start.. {
            let Some(entry) = self.entry(index, at) else { break };
            let now = entry.at(origin);
            let ns = before.replace(now).map_or(0, |before| now.since(before));
            if ns >= threshold {
                self.close_stretch();
                self.blocks.push(Block::Silence { first: at, ns });
            }
            match self.run_key(&entry) {
                Some(key) => self.add_plain(at, key, &entry),
                None => self.add_packets(at, 1),
            }
        }
    }

    /// Adds a packet that may be folded.
    fn add_plain(&mut self, at: u32, key: u32, entry: &Entry) {
        let next_run = u32::try_from(self.runs.len()).unwrap_or(u32::MAX);
        if !matches!(self.blocks.last(), Some(Block::Stretch { .. })) {
            let open = self.unfolded.contains(&entry.number());
            let runs = next_run;
            self.blocks.push(Block::Stretch { first: at, count: 0, runs, run_count: 0, open });
        }
        let (Some(Block::Stretch { count, runs, run_count, .. }), Some(latest)) =
            (self.blocks.last_mut(), self.latest_runs.get_mut(key as usize))
        else {
            return;
        };
        *count += 1;
        let payload = u64::from(entry.payload_len());
        // A number from before the last cut may stand for another run by now.
        let known = if *latest >= *runs { self.runs.get_mut(*latest as usize) } else { None };
        if let Some(run) = known.filter(|run| run.key == key) {
            run.last = at;
            run.count += 1;
            run.payload += payload;
        } else {
            *latest = next_run;
            *run_count += 1;
            self.runs.push(KeptRun { first: at, last: at, count: 1, key, payload });
        }
    }

    /// Adds packets that stand alone.
    fn add_packets(&mut self, at: u32, more: u32) {
        self.close_stretch();
        match self.blocks.last_mut() {
            Some(Block::Packets { count, .. }) => *count += more,
            _ => self.blocks.push(Block::Packets { first: at, count: more }),
        }
    }

    /// Turns a stretch at the end that is too short to be folded into single packets.
    fn close_stretch(&mut self) {
        if let Some(Block::Stretch { first, count, runs, .. }) = self.blocks.last().copied()
            && count < FOLDED
        {
            self.blocks.pop();
            self.runs.truncate(runs as usize);
            self.add_packets(first, count);
        }
    }

    fn count_rows(&mut self) {
        let mut next = 0;
        self.rows.clear();
        self.rows.extend(self.blocks.iter().map(|block| {
            let start = next;
            next += block.rows();
            start
        }));
    }
}

/// Whether `now` has the same subflows as `before`, and perhaps others of which no packet is among
/// those that were looked at.
fn is_extended(before: &Members, now: &Members, index: &PacketIndex, seen: u64) -> bool {
    let last = seen.checked_sub(1).and_then(|last| index.get(last));
    let Some(last) = last.map(|entry| entry.number()) else { return true };
    let (before, now) = (before.all(), now.all());
    now.starts_with(before) && now.iter().skip(before.len()).all(|member| member.first > last)
}

#[cfg(test)]
mod tests;
