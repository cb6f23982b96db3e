//! What a part of a capture tells that the whole one does not bear out.

use std::collections::BTreeSet;
use std::fmt::Debug;

use mptcpscope::internals::analyze::ConnectionContext;
use mptcpscope::internals::report::Report;
use mptcpscope::internals::track::Trace;
use mptcpscope::internals::track::connection::Connection;
use mptcpscope::internals::track::data::DataSpace;
use mptcpscope::internals::track::proof::{Verdict, join_verdicts};
use mptcpscope::internals::track::range_set::SeqRange;
use mptcpscope::internals::track::role::Role;
use mptcpscope::internals::track::subflow::Subflow;
use mptcpscope::internals::wire::seq::Dsn;

use super::octets::Octets;
use super::whole::{Carrier, Whole, track};
use crate::support::testdata::OwnedFrame;

/// All that is wrong.
pub(crate) fn wrong(whole: &Whole, frames: &[OwnedFrame], is_path: bool) -> Vec<String> {
    let tracker = track(frames);
    let trace = tracker.trace();
    let mut wrong = Vec::new();
    for connection in trace.connections() {
        Told { whole, frames, trace, connection, wrong: &mut wrong }.check();
    }
    let report = Report::build(&trace, &[], None);
    let all = whole.tracker.trace().connections();
    let fell_back = all.iter().any(|connection| connection.fallback.is_some());
    let refused = REFUSALS.iter().any(|code| whole.alarms.contains(*code));
    let is_known = |code: &&String| {
        whole.alarms.contains(*code)
            || fell_back && FALLBACKS.contains(&code.as_str())
            || is_path && OF_ONE_PATH.contains(&code.as_str())
            || refused && REFUSALS.contains(&code.as_str())
    };
    let alarms = alarms(&report);
    wrong
        .extend(alarms.iter().filter(|code| !is_known(code)).map(|code| format!("finding {code}")));
    wrong
}

/// What is so as far as one path can tell.
const OF_ONE_PATH: [&str; 3] =
    ["warning add-addr-not-used", "warning single-path", "warning connection-aborted"];

/// How a fallback may show: that depends on what of it is there.
const FALLBACKS: [&str; 2] = ["warning dss-missing-fallback", "warning mp-capable-unanswered"];

/// Why a join was refused: that depends on what else is there.
const REFUSALS: [&str; 4] = [
    "warning join-misrouted",
    "warning join-port-closed",
    "warning join-blocked",
    "warning join-unknown-token",
];

/// The codes of warnings and errors that are not about the capture.
pub(crate) fn alarms(report: &Report) -> BTreeSet<String> {
    let report = serde_json::to_value(report).unwrap();
    let findings = report["findings"].as_array().unwrap().iter();
    let alarms = findings.filter(|finding| finding["severity"] != "note");
    let codes = alarms.map(|finding| {
        let text = |key: &str| finding[key].as_str().unwrap_or_default().to_owned();
        format!("{} {}", text("severity"), text("code"))
    });
    codes.filter(|code| !code.contains(" capture-")).collect::<BTreeSet<_>>()
}

/// One connection of the part.
struct Told<'a> {
    whole: &'a Whole,
    frames: &'a [OwnedFrame],
    trace: Trace<'a>,
    connection: &'a Connection,
    wrong: &'a mut Vec<String>,
}

impl Told<'_> {
    fn check(&mut self) {
        let subflows: Vec<_> = self.trace.subflows(self.connection).collect();
        let owned: Option<Vec<_>> =
            subflows.iter().map(|subflow| self.carrier_of(subflow)).collect();
        // A join whose connection is not even in the whole capture.
        let Some(owned) = owned else { return };
        let all = self.whole.subflows();
        let owners: BTreeSet<_> = owned.iter().map(|carrier| carrier.owner).collect();
        let numbers: BTreeSet<_> = owners.iter().map(|owner| all[*owner].0.number).collect();
        if numbers.len() != 1 {
            self.wrong.push(format!("{} connections taken for one", numbers.len()));
            return;
        }
        let truth = all[owned[0].owner].0;
        let is_swapped = owned[0].sender != Role::Client;
        for (subflow, carrier) in subflows.iter().zip(&owned) {
            self.subflow(subflow, all[carrier.owner].1, truth, is_swapped);
        }
        self.handshake(truth, is_swapped);
        let is_plain = owners.iter().all(|owner| !self.whole.has_fast_open(*owner));
        if truth.fallback.is_none() && truth.has_keys() && is_plain {
            for role in Role::BOTH {
                let sender = if is_swapped { role.peer() } else { role };
                self.stream(role, truth, sender, &owners);
            }
        }
    }

    /// The subflow of the whole capture, and who the client is there.
    fn carrier_of(&self, subflow: &Subflow) -> Option<Carrier> {
        let first = self.whole.carrier(subflow.first.packet)?;
        let frame = self.frames.iter().find(|frame| frame.number == subflow.first.packet).unwrap();
        let source = frame.segment().unwrap().source;
        let is_client = subflow.sides.client.endpoint == source;
        Some(Carrier {
            sender: if is_client { first.sender } else { first.sender.peer() },
            ..first
        })
    }

    fn handshake(&mut self, truth: &Connection, is_swapped: bool) {
        let told = self.connection;
        self.equal_or_unknown("version", told.version, truth.version);
        self.equal_or_unknown("checksum", told.checksum, truth.checksum);
        self.equal_or_unknown("fallback", told.fallback.map(|_| ()), truth.fallback.map(|_| ()));
        self.equal_or_unknown("roles", told.roles_certain.then_some(is_swapped), Some(false));
        for role in Role::BOTH {
            let other = if is_swapped { role.peer() } else { role };
            let (told, truth) = (told.hosts.of(role), truth.hosts.of(other));
            self.equal_or_unknown("key", told.key, truth.key);
            self.equal_or_unknown("C bit", told.deny_join_initial, truth.deny_join_initial);
        }
    }

    fn subflow(&mut self, told: &Subflow, truth: &Subflow, owner: &Connection, is_swapped: bool) {
        let proofs = join_verdicts(self.connection, told).zip(join_verdicts(owner, truth));
        if let Some((told, truth)) = proofs {
            for (told, truth) in [(told.syn_ack, truth.syn_ack), (told.ack, truth.ack)] {
                let told =
                    Some(told).filter(|told| matches!(told, Verdict::Verified | Verdict::Mismatch));
                self.equal_or_unknown("HMAC", told, Some(truth));
            }
        }
        for role in Role::BOTH {
            let (told, truth) =
                (told.sides.of(role), truth.sides.of(if is_swapped { role.peer() } else { role }));
            let bytes = told.bytes;
            let sum = bytes.new_data + bytes.reinjected + bytes.remapped + bytes.retransmitted;
            self.at_most("sum of classes", sum + bytes.unmapped, bytes.payload);
            self.at_most("payload", bytes.payload, sum + bytes.unmapped);
            self.at_most("payload", bytes.payload, truth.bytes.payload);
            if self.whole.tracker.trace().totals().copies.iter().sum::<u64>() == 0 {
                let most = truth.bytes.retransmitted;
                self.at_most("retransmitted", bytes.retransmitted, most);
            }
            self.at_most(
                "checksum mismatches",
                told.checksums.mismatches(),
                truth.checksums.mismatches(),
            );
            self.at_most("conflicts", told.mappings.conflicts(), truth.mappings.conflicts());
            self.equal_or_unknown("address ID", told.address_id, truth.address_id);
            self.equal_or_unknown("ISN", told.sequence.isn(), truth.sequence.isn());
        }
    }

    /// What is said of the stream of one host.
    fn stream(&mut self, role: Role, truth: &Connection, sender: Role, owners: &BTreeSet<usize>) {
        let carried = |frame: &&OwnedFrame| {
            let carrier = self.whole.carrier(frame.number);
            carrier.is_some_and(|by| by.sender == sender && owners.contains(&by.owner))
        };
        let packets = self.frames.iter().filter(carried).map(|frame| frame.number);
        let seen = self.whole.octets(packets);
        let subflows = self.trace.subflows(self.connection);
        let ends: Vec<_> = subflows.map(|subflow| subflow.sides.of(role)).collect();
        let hidden: u64 = ends.iter().map(|end| end.pending.hidden).sum();
        let new: u64 = ends.iter().map(|end| end.bytes.new_data).sum();
        if new > seen.len() || hidden == 0 && new < seen.len() {
            self.wrong.push(format!(
                "{sender:?}: {new} octets of the stream, and there are {}",
                seen.len()
            ));
        }
        let data = self.connection.data.of(role);
        let Some(origin) = origin(data, truth.hosts.of(sender).idsn.unwrap().add(1)) else {
            return;
        };
        let told = covered(data).map(|range| range.shifted(origin)).collect::<Octets>();
        if told.beyond(&seen) > 0 {
            self.wrong
                .push(format!("{sender:?}: {} octets that are not there", told.beyond(&seen)));
        }
        let case = ConnectionContext::new(self.trace, &[], None, self.connection);
        for hole in case.holes(role) {
            let overlap = seen.overlap(hole.shifted(origin));
            if overlap > hidden {
                self.wrong.push(format!("{sender:?}: a hole over {overlap} octets that are there"));
            }
        }
        let acked = case.acked_end(role).map(|end| end + origin);
        let whole = self.whole.tracker.trace();
        let most = ConnectionContext::new(whole, &[], None, truth).acked_end(sender);
        if acked > most && acked != most.map(|most| most + 1) {
            self.wrong.push(format!("{sender:?}: acknowledged up to {acked:?}, not {most:?}"));
        }
        let fin = data.fin().map(|fin| fin.position + origin);
        self.equal_or_unknown("DATA_FIN", fin, truth.data.of(sender).fin().map(|fin| fin.position));
    }

    fn equal_or_unknown<T: Copy + PartialEq + Debug>(
        &mut self,
        what: &str,
        told: Option<T>,
        truth: Option<T>,
    ) {
        if told.is_some() && told != truth {
            self.wrong.push(format!("{what}: {told:?}, not {truth:?}"));
        }
    }

    fn at_most(&mut self, what: &str, told: u64, most: u64) {
        if told > most {
            self.wrong.push(format!("{what}: {told}, not {most}"));
        }
    }
}

/// The place of position 0 in the stream; `None` where nothing is numbered.
fn origin(data: &DataSpace, first: Dsn) -> Option<i64> {
    let base = data.base()?;
    let whole = base.distance_from(first);
    #[expect(clippy::cast_possible_truncation, reason = "the lower half is what is known")]
    let low = i64::from(whole as i32);
    Some(if data.reference().is_some() { whole } else { low })
}

fn covered(data: &DataSpace) -> impl Iterator<Item = SeqRange> {
    let span = data.range_set().span().unwrap_or(SeqRange { start: 0, end: 0 });
    let gaps: Vec<_> = data.range_set().holes().collect();
    let starts = [span.start].into_iter().chain(gaps.clone().into_iter().map(|gap| gap.end));
    let ends = gaps.into_iter().map(|gap| gap.start).chain([span.end]);
    starts.zip(ends).map(|(start, end)| SeqRange { start, end }).collect::<Vec<_>>().into_iter()
}
