//! The state of a connection as of a packet, found out later, is the one that the tracker had then.

use std::path::Path;

use mptcpscope::internals::analyze::state_at::{ReplayBasis, state_at};
use mptcpscope::internals::capture::reread::PacketReader;
use mptcpscope::internals::capture::{Capture, InputPath};
use mptcpscope::internals::track::checkpoint::Checkpoints;
use mptcpscope::internals::track::data_level::DataLevel;
use mptcpscope::internals::track::ids::ConnectionId;
use mptcpscope::internals::track::index::PacketIndex;
use mptcpscope::internals::track::role::{PerRole, Role};
use mptcpscope::internals::track::{Limits, Tracker};
use mptcpscope::internals::tui::snapshot::SubflowTable;
use mptcpscope::internals::wire::frame::Place;
use mptcpscope::internals::wire::segment::decode;

use crate::support::testdata;

/// A capture, and where the connection of each of its packets stood after it.
struct Known {
    tracker: Tracker,
    index: PacketIndex,
    checkpoints: Checkpoints,
    levels: Vec<PerRole<DataLevel>>,
    /// Whose packet each was taken for.
    owners: Vec<ConnectionId>,
    reader: PacketReader,
}

impl Known {
    /// Leaves out the first frames.
    fn read(path: &Path, skipped: usize, interval: u32) -> Self {
        let paths = [InputPath::File(path.to_owned())];
        let mut capture = Capture::open(&paths).unwrap();
        let reader = PacketReader::new(&paths, &capture, None);
        let mut tracker = Tracker::new(Limits::default(), 0);
        tracker.keep_last_packet();
        let mut index = PacketIndex::new();
        let mut checkpoints = Checkpoints::every(interval);
        let (mut levels, mut owners) = (Vec::new(), Vec::new());
        for _ in 0..skipped {
            capture.next_frame();
        }
        while let Some(frame) = capture.next_frame() {
            tracker.push(&decode(&frame));
            let Some(pushed) = tracker.last_packet() else { continue };
            let place = Place::in_input(0, frame.offset.unwrap());
            index.push(frame.number, frame.timestamp, &pushed, place);
            for subflow in tracker.take_swapped() {
                index.swap_roles(subflow);
            }
            checkpoints.note(&tracker, frame.number, index.end() - 1);
            let trace = tracker.trace();
            let owner = trace.subflow(pushed.subflow).connection;
            levels.push(trace.connection(owner).levels());
            owners.push(owner);
        }
        reader.catch_up(&capture);
        Self { tracker, index, checkpoints, levels, owners, reader }
    }

    /// Compares every packet of every connection; says after how many there was data.
    fn compare(&self, name: &str, is_midstream: bool) -> usize {
        let trace = self.tracker.trace();
        let table = SubflowTable::new(&trace);
        let mut compared = 0;
        // Before, what turned out to be one connection was not yet known to be.
        let is_settled = |position: u64| {
            self.index.iter_from(position).all(|(at, entry)| {
                self.owners[usize::try_from(at).unwrap()]
                    == trace.subflow(entry.subflow()).connection
            })
        };
        for (number, connection) in trace.connections().into_iter().enumerate() {
            let (basis, members) = (ReplayBasis::new(&trace, connection), table.members(number));
            for (position, entry) in self.index.iter_from(0) {
                if members.lane(&entry).is_none() || !is_settled(position) {
                    continue;
                }
                let read = |entry: &mptcpscope::internals::track::index::Entry| {
                    self.reader.read(entry.number(), entry.place()?)
                };
                let found =
                    state_at(&self.index, &self.checkpoints, (&basis, &members), position, read);
                let found = found.unwrap();
                assert_eq!(found.missing, 0);
                for role in Role::BOTH {
                    let known = self.levels[usize::try_from(position).unwrap()].of(role);
                    let host = found.hosts.of(role);
                    let shown = |level: &DataLevel| {
                        // Before a key was seen, only the lower halves may have been known.
                        let relative = |dsn| host.relative(dsn).unwrap_or(1) & 0xffff_ffff;
                        let sent = level.sent.map_or(1, relative);
                        (sent, level.acked.map(relative), level.window)
                    };
                    let what = format!("{name}, packet {}, {role:?}", entry.number());
                    let (mut found, known) = (shown(&host.level), shown(known));
                    if is_midstream {
                        // What was learnt later helps to understand what came before.
                        found.0 = if known.0 == 1 { 1 } else { found.0 };
                        found.1 = found.1.filter(|_| known.1.is_some());
                        found.2 = found.2.filter(|_| known.2.is_some());
                    }
                    assert_eq!(found, known, "{what}");
                }
                compared += usize::from(found.hosts.client.level.sent.is_some());
            }
        }
        compared
    }
}

#[test]
fn it_is_what_the_tracker_knew() {
    let mut compared = 0;
    for (name, _) in testdata::files("captures") {
        let path = testdata::path("captures").join(&name);
        if !["pcap", "pcapng"].iter().any(|end| name.ends_with(end)) {
            continue;
        }
        for (skipped, interval) in [(0, 7), (0, 1024), (3, 7)] {
            let what = format!("{name} without {skipped}, by {interval}");
            compared += Known::read(&path, skipped, interval).compare(&what, skipped > 0);
        }
    }
    assert!(compared > 1_000, "only {compared} packets");
}
