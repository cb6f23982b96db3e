//! What has become of all subflows at the end of the input, in as little memory as possible.
//!
//! While segments come, what they belong to is a guess: a key that comes late turns joins into subflows
//! of a connection, two parts of a connection are found to be one, client and server may be the other
//! way round, and connections are numbered in the order of their first packets. So whoever wants final
//! numbers pushes the same segments into a second tracker, and asks here with what that one says: its
//! subflows have the same places as those of the first one.

use super::ids::SubflowId;
use super::proof::{ProofBasis, Verdict};
use super::relative::StreamBases;
use super::role::{Direction, PerRole, Role};
use super::state::pending::Move;
use super::state::subflow::ByteCounts;
use super::trace::Trace;
use crate::wire::frame::PacketNo;
use crate::wire::mptcp::MptcpOption;
use crate::wire::segment::Endpoint;

/// Connection, subflow and direction of a segment, as the report has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SegmentIds {
    /// Number of the connection; `None` for a join whose connection was not captured.
    pub connection: Option<u64>,
    /// Number of the subflow within the connection.
    pub subflow: u32,
    /// Direction of travel.
    pub direction: Direction,
}

/// The subflows of a trace to which nothing will be added.
#[derive(Debug, Clone, Default)]
pub struct FinalSubflows {
    /// By the number of the subflow in the tracker.
    subflows: Vec<Option<FinalSubflow>>,
    /// By `tcp.stream`: the number of the subflow in the tracker.
    streams: Vec<(u32, u32)>,
    /// By packet: what counted as new data when it came, and turned out to be something else.
    moves: Vec<Move>,
}

/// What is left of a subflow.
#[derive(Debug, Clone, Copy)]
struct FinalSubflow {
    connection: Option<u64>,
    number: u32,
    client: Endpoint,
    /// Its first packet. Packets before it are of another subflow that had its place.
    first: PacketNo,
    proofs: ProofBasis,
    bases: StreamBases,
}

impl FinalSubflows {
    /// The subflows of `trace`, with the numbers that a report on it has.
    pub fn new(trace: &Trace<'_>) -> Self {
        let mut all = Self::default();
        for (index, connection) in (0u64..).zip(trace.connections()) {
            let number = index + connection.forgotten_before;
            for id in &connection.subflows {
                all.add(trace, *id, Some(number));
            }
        }
        for orphan in trace.orphan_ids().chain(trace.stray_ids()) {
            all.add(trace, orphan, None);
        }
        all.streams.sort_unstable();
        all.moves.sort_unstable_by_key(|moved| moved.packet);
        all
    }

    fn add(&mut self, trace: &Trace<'_>, id: SubflowId, connection: Option<u64>) {
        let subflow = trace.subflow(id);
        let index = id.index();
        if self.subflows.len() <= index {
            self.subflows.resize(index + 1, None);
        }
        let parent = trace.connection(subflow.connection);
        for side in [&subflow.sides.client, &subflow.sides.server] {
            self.moves.extend(side.pending.moves());
        }
        let base = |role| parent.data.of(role).base();
        let known = FinalSubflow {
            connection,
            number: subflow.number,
            client: subflow.sides.client.endpoint,
            first: subflow.first.packet,
            proofs: ProofBasis::new(parent, subflow),
            bases: PerRole { client: base(Role::Client), server: base(Role::Server) },
        };
        if let Some(slot) = self.subflows.get_mut(index) {
            *slot = Some(known);
        }
        if let (Some(stream), Ok(index)) = (subflow.tcp_stream, u32::try_from(index)) {
            self.streams.push((stream, index));
        }
    }

    /// What a segment of a subflow belongs to: packet `number`, sent by `source`. `None` if the subflow
    /// was forgotten.
    pub fn ids(
        &self,
        subflow: SubflowId,
        number: PacketNo,
        source: Endpoint,
    ) -> Option<SegmentIds> {
        let known = self.subflows.get(subflow.index())?.as_ref()?;
        (number >= known.first).then(|| known.ids(source))
    }

    /// What a segment of a flow without MPTCP belongs to, of which later segments show that it is a
    /// subflow: by its `tcp.stream`.
    pub fn ids_of_plain(&self, stream: u32, source: Endpoint) -> Option<SegmentIds> {
        let at = self.streams.binary_search_by_key(&stream, |(stream, _)| *stream).ok()?;
        let (_, subflow) = *self.streams.get(at)?;
        Some(self.subflows.get(subflow as usize)?.as_ref()?.ids(source))
    }

    /// What became of the payload of a packet, if `bytes` is what seemed to when it came.
    pub fn recount(&self, number: PacketNo, bytes: &mut ByteCounts) {
        let first = self.moves.partition_point(|moved| moved.packet < number);
        let its = self.moves.iter().skip(first).take_while(|moved| moved.packet == number);
        for moved in its {
            bytes.new_data = bytes.new_data.saturating_sub(moved.reinjected + moved.remapped);
            bytes.reinjected += moved.reinjected;
            bytes.remapped += moved.remapped;
        }
    }

    /// Where the streams of the connection begin whose subflow this is.
    pub fn bases(&self, subflow: SubflowId) -> StreamBases {
        let known = self.subflows.get(subflow.index()).copied().flatten();
        known.map(|known| known.bases).unwrap_or_default()
    }

    /// What the proof in an option of a segment is worth that [`FinalSubflows::ids`] knows, now that all
    /// keys were seen; `None` for an option that carries none.
    pub fn verdict(
        &self,
        subflow: SubflowId,
        direction: Direction,
        option: &MptcpOption,
    ) -> Option<Verdict> {
        let known = self.subflows.get(subflow.index())?.as_ref()?;
        known.proofs.verdict(direction.sender(), option)
    }
}

impl FinalSubflow {
    fn ids(&self, source: Endpoint) -> SegmentIds {
        let from_client = self.client == source;
        let direction =
            if from_client { Direction::ClientToServer } else { Direction::ServerToClient };
        SegmentIds { connection: self.connection, subflow: self.number, direction }
    }
}
