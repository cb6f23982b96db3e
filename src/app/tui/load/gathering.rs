//! What becomes of the frames on the way to the screens.

use std::io;

use crate::analyze::finding::Selection;
use crate::app::inputs::{self, InputCounts};
use crate::app::report::{self, ReportContents};
use crate::capture::spool::{Spool, SpoolReader, SpoolSize};
use crate::capture::{InputStatus, KeptLimits};
use crate::host::HostSnapshot;
use crate::track::checkpoint::Checkpoints;
use crate::track::index::PacketIndex;
use crate::track::{Limits, Tracker};
use crate::tui::Snapshot;
use crate::tui::snapshot::{SubflowTable, bases};
use crate::wire::decoder::Decoder;
use crate::wire::frame::{Frame, Place};
use crate::wire::tunnel::DecodeAs;

/// Packets that a live capture can show again (48 MiB), and bytes on the disk for them unless more or
/// fewer are wanted.
const LIVE_PACKETS: usize = 2 << 20;
const LIVE_BYTES: u64 = 256 << 20;

/// In how many spans of time graphs are kept.
const SERIES_SPANS: u32 = 512;

/// Tracks, lists and keeps packets.
pub(super) struct Gathering {
    tracker: Tracker,
    decoder: Decoder,
    counts: InputCounts,
    index: PacketIndex,
    checkpoints: Checkpoints,
    spool: Option<Spool>,
    frames: u64,
    /// Packets whose bytes could not be kept.
    lost: u64,
    /// How many the kernel had dropped, as of the last snapshot.
    pub(super) dropped_told: Option<u64>,
}

impl Gathering {
    pub(super) fn new(
        limits: Limits,
        inputs: usize,
        kept: &KeptLimits,
        decode_as: DecodeAs,
    ) -> Self {
        let mut tracker = Tracker::new(limits, report::seed());
        tracker.keep_series_of(SERIES_SPANS);
        tracker.keep_last_packet();
        let is_live = limits.eviction.is_some();
        let (index, checkpoints) = if is_live {
            (PacketIndex::bounded(LIVE_PACKETS), Checkpoints::bounded(LIVE_PACKETS))
        } else {
            (PacketIndex::new(), Checkpoints::default())
        };
        Self {
            tracker,
            decoder: Decoder::new(decode_as),
            counts: InputCounts::new(inputs),
            index,
            checkpoints,
            spool: spool(kept, is_live).ok(),
            frames: 0,
            lost: 0,
            dropped_told: None,
        }
    }

    /// What reads packets again that came from no file.
    pub(super) fn spool(&self) -> Option<SpoolReader> {
        self.spool.as_ref().map(Spool::reader)
    }

    /// What ports are taken for.
    pub(super) const fn decode_as(&self) -> &DecodeAs {
        self.decoder.decode_as()
    }

    /// Takes the next frame.
    pub(super) fn take(&mut self, frame: &Frame<'_>) {
        self.frames += 1;
        self.counts.count(frame);
        let decoded = self.decoder.decode(frame);
        self.tracker.push(&decoded);
        let Some(pushed) = self.tracker.last_packet() else { return };
        let place = frame.offset.and_then(|offset| Place::in_input(frame.point.input, offset));
        let place = place.or_else(|| self.spool.as_mut()?.keep(frame));
        self.lost += u64::from(place.is_none());
        self.index.push(frame.number, frame.timestamp, &pushed, place);
        for subflow in self.tracker.take_swapped() {
            self.index.swap_roles(subflow);
        }
        self.checkpoints.note(&self.tracker, frame.number, self.index.end().saturating_sub(1));
    }

    /// All of it as of now. Every packet that is in it can be read again.
    pub(super) fn snapshot(
        &mut self,
        statuses: &[InputStatus],
        shifts: &[Option<i64>],
        host: Option<HostSnapshot>,
    ) -> Snapshot {
        if let Some(spool) = &mut self.spool {
            spool.flush();
        }
        let as_told = host.as_ref().and_then(|host| serde_json::to_value(host).ok());
        let findings = Selection { host, ..Selection::default() };
        let wanted = ReportContents { series: true, findings };
        let trace = self.tracker.trace();
        let counted = (&self.decoder, &self.counts);
        let mut snapshot = Snapshot {
            origin: inputs::origin(statuses, shifts),
            report: report::build(&self.tracker, counted, statuses, shifts, &wanted),
            packets: self.index.clone(),
            subflows: SubflowTable::new(&trace),
            checkpoints: self.checkpoints.clone(),
            bases: bases(&trace),
            ..Snapshot::default()
        };
        snapshot.report.host = as_told;
        snapshot.source.frames = self.frames;
        snapshot.source.notes = self.notes(statuses);
        snapshot
    }

    fn notes(&self, inputs: &[InputStatus]) -> Vec<String> {
        let cut = |input: &InputStatus| Some(format!("{}: {}", input.path, input.note.as_ref()?));
        let mut notes: Vec<_> = inputs.iter().filter_map(cut).collect();
        let failure = self.spool.as_ref().and_then(Spool::failure);
        match failure {
            _ if self.lost == 0 => {}
            Some(error) => notes.push(format!("no packets are kept any more: {error}")),
            None => notes.push(format!("{} packets could not be kept", self.lost)),
        }
        if self.index.left_out() > 0 {
            notes.push(format!("{} packets are past what can be shown", self.index.left_out()));
        }
        notes
    }
}

/// What keeps packets that came from no file.
fn spool(kept: &KeptLimits, is_live: bool) -> io::Result<Spool> {
    let size = if is_live {
        SpoolSize::Latest(kept.most.unwrap_or(LIVE_BYTES))
    } else {
        SpoolSize::First(kept.bytes()?)
    };
    Spool::create(&kept.folder, size)
}
