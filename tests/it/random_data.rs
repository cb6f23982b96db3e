//! Data sent at random over two subflows, again and again, in overlapping mappings: the report
//! agrees with a model that keeps every byte in a set.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use mptcpscope::internals::report::model::SubflowDirection;
use proptest::prelude::*;

use crate::support::scenario::{self, Scenario};

/// A segment with data.
#[derive(Debug, Clone, Copy)]
struct Sent {
    subflow: usize,
    /// Offset in the data sequence space, and bytes.
    at: u64,
    len: u64,
    corrupt: bool,
    /// As so many segments, each with the one mapping; else the first of them alone has it.
    segments: u64,
    repeated: bool,
    /// Instead, the same as an earlier one of its subflow, if there is one.
    again: Option<prop::sample::Index>,
}

fn sent() -> impl Strategy<Value = Sent> {
    let again = prop::option::weighted(0.2, any::<prop::sample::Index>());
    let data = (0..2usize, 0..300u64, 1..80u64, prop::bool::weighted(0.2));
    let shape = (1..4u64, any::<bool>(), again);
    (data, shape).prop_map(|((subflow, at, len, corrupt), (segments, repeated, again))| Sent {
        subflow,
        at,
        len,
        corrupt,
        segments,
        repeated,
        again,
    })
}

/// Bytes by what became of them.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Counts {
    retransmitted: u64,
    remapped: u64,
    reinjected: u64,
    new_data: u64,
}

impl From<&SubflowDirection> for Counts {
    fn from(direction: &SubflowDirection) -> Self {
        assert_eq!(direction.unmapped_bytes, 0);
        Self {
            retransmitted: direction.retransmitted_bytes,
            remapped: direction.remapped_bytes,
            reinjected: direction.reinjected_bytes,
            new_data: direction.new_data_bytes,
        }
    }
}

/// Every byte in a set.
#[derive(Default)]
struct Model {
    /// Next position on each subflow.
    next: [u64; 2],
    carriers: BTreeMap<u64, BTreeSet<usize>>,
    counts: [Counts; 2],
    /// Offsets of which a copy came that was not corrupted.
    clean: BTreeSet<u64>,
    sent: [Vec<(u64, u64, u64)>; 2],
}

impl Model {
    /// Takes a segment; gives its position, offset and length.
    fn send(&mut self, sent: Sent) -> (u64, u64, u64, bool) {
        let earlier = &self.sent[sent.subflow];
        if let Some(index) = sent.again.filter(|_| !earlier.is_empty()) {
            let (position, at, len) = *index.get(earlier);
            self.counts[sent.subflow].retransmitted += len;
            return (position, at, len, false);
        }
        let position = self.next[sent.subflow];
        self.next[sent.subflow] += sent.len;
        self.sent[sent.subflow].push((position, sent.at, sent.len));
        for offset in sent.at..sent.at + sent.len {
            let carriers = self.carriers.entry(offset).or_default();
            let counts = &mut self.counts[sent.subflow];
            if carriers.is_empty() {
                counts.new_data += 1;
            } else if carriers.contains(&sent.subflow) {
                counts.remapped += 1;
            } else {
                counts.reinjected += 1;
            }
            carriers.insert(sent.subflow);
            if !sent.corrupt {
                self.clean.insert(offset);
            }
        }
        (position, sent.at, sent.len, sent.corrupt)
    }

    /// The length of the stream, if every byte of it came once as it was sent.
    fn whole(&self) -> Option<u64> {
        let end = self.carriers.last_key_value().map_or(0, |(last, _)| last + 1);
        (self.clean.len() as u64 == end).then_some(end)
    }
}

fn play(sent: &[Sent], checksum: bool) -> (String, Model) {
    let mut model = Model { next: [1, 1], ..Model::default() };
    let mut lines = String::from("0 A0 c>s open\n");
    // One byte and its DATA_ACK: from here on there may be a join.
    writeln!(lines, "+10 A0 c>s . data=1 dss()\n+10 A0 s>c . dss()\n+10 A1 c>s open").unwrap();
    let first = Sent {
        subflow: 0,
        at: 0,
        len: 1,
        corrupt: false,
        segments: 1,
        repeated: false,
        again: None,
    };
    model.send(first);
    for one in sent {
        let (position, at, len, corrupt) = model.send(*one);
        write_segments(&mut lines, *one, (position, at, len, corrupt));
    }
    let text = format!(
        "name = 'random'\nsegments = '''\n{lines}'''\n[connection.A]\nchecksum = {checksum}\n\
         [expect.report]\nversion = 1\n[expect.stream]\n{}",
        model.whole().map_or(String::new(), |bytes| format!("'connections[0].c2s' = {bytes}\n"))
    );
    (text, model)
}

/// One mapping, in as many segments as it is sent in.
fn write_segments(
    lines: &mut String,
    sent: Sent,
    (position, at, len, corrupt): (u64, u64, u64, bool),
) {
    let corrupt = if corrupt { "corrupt" } else { "" };
    let step = len.div_ceil(sent.segments);
    for start in (0..len).step_by(usize::try_from(step).unwrap()) {
        let part = step.min(len - start);
        let (seq, offset, subflow) = (position + start, at + start, sent.subflow);
        let dss = if start == 0 || sent.repeated {
            format!("dss(from={at},len={len},ssn={position})")
        } else {
            String::new()
        };
        let line = format!("+1 A{subflow} c>s . data={part} at={offset} seq={seq} {dss} {corrupt}");
        writeln!(lines, "{line}").unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_octet_is_counted_where_it_belongs(
        sent in prop::collection::vec(sent(), 0..60),
        checksum: bool,
    ) {
        let clean: Vec<_> =
            sent.iter().map(|one| Sent { corrupt: one.corrupt && checksum, ..*one }).collect();
        let (text, model) = play(&clean, checksum);
        let scenario = Scenario::parse(&text).unwrap();
        prop_assert_eq!(scenario.check().unwrap(), [""; 0], "{}", text);
        let report = scenario::report(&scenario.play(0).unwrap().frames);
        let subflows = &report.connections[0].subflows;
        for (subflow, counts) in subflows.iter().zip(model.counts) {
            prop_assert_eq!(Counts::from(&subflow.c2s), counts, "{}", text);
        }
        let stream = &report.connections[0].c2s;
        prop_assert_eq!(stream.stream_bytes, model.carriers.len() as u64);
        let end = model.carriers.last_key_value().map_or(0, |(last, _)| last + 1);
        prop_assert_eq!(stream.missing_bytes, end - stream.stream_bytes);
    }
}
