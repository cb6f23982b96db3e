//! Bytes that were seen before: who carried them first, and what this copy counts as.

use std::collections::VecDeque;

use super::{DataSpace, PayloadClass, PayloadClasses};
use crate::track::range_set::{Pieces, SeqRange};
use crate::track::state::contested::CopyPlace;
use crate::track::state::delivery::Repeat;
use crate::track::state::transmissions::Transmission;

/// Most resent copies that are remembered, to tell what a subflow carried before.
const MAX_RESENT: usize = 256;

impl DataSpace {
    pub(super) fn classify(
        &mut self,
        pieces: &Pieces,
        carried: Transmission,
        classes: &mut PayloadClasses,
    ) {
        for piece in pieces {
            let offset = piece.range.start - carried.range.start;
            let part = Transmission {
                range: piece.range,
                subflow_position: carried.subflow_position + offset,
                sample: if piece.range == carried.range { carried.sample } else { 0 },
                ..carried
            };
            if piece.seen {
                self.split_by_first_copy(part, classes);
                remember(&mut self.resent, part, MAX_RESENT);
            } else {
                classes.push((part.range, PayloadClass::New));
                self.first_copies.remember(part);
            }
        }
    }

    /// Splits bytes seen before by the subflow that carried them first.
    fn split_by_first_copy(&mut self, part: Transmission, classes: &mut PayloadClasses) {
        let mut at = part.range.start;
        while at < part.range.end {
            let first = self.first_copies.at(at);
            let end = first.map_or_else(|next| next, |copy| copy.range.end).min(part.range.end);
            let (resent_here, same_to) = self.resent_on(part.subflow, at);
            let range = SeqRange { start: at, end: end.min(same_to) };
            let class = self.class_of_repeat(range, part, first.ok(), resent_here);
            classes.push((range, class));
            at = range.end;
        }
    }

    /// Whether a later copy of the byte at `at` came on a subflow, and up to where the same is true
    /// of the bytes after it.
    fn resent_on(&self, subflow: u32, at: i64) -> (bool, i64) {
        let here = self.resent.iter().filter(|copy| copy.subflow == subflow && copy.range.end > at);
        let covering = here.clone().filter(|copy| copy.range.start <= at);
        match covering.map(|copy| copy.range.end).max() {
            Some(end) => (true, end),
            None => (false, here.map(|copy| copy.range.start).min().unwrap_or(i64::MAX)),
        }
    }

    fn class_of_repeat(
        &mut self,
        range: SeqRange,
        part: Transmission,
        first: Option<Transmission>,
        resent_here: bool,
    ) -> PayloadClass {
        self.contest(range, part, first);
        // A first copy is forgotten after a DATA_ACK, so its subflow had acknowledged it as well.
        let is_acked = self.acked.is_some_and(|acked| acked >= range.end);
        let forgotten = if is_acked { range.len() } else { 0 };
        let wasted = first.map_or(forgotten, |first| self.acked_below(&first, range));
        let from = first.map(|first| first.subflow);
        let is_here = resent_here || from == Some(part.subflow);
        let from = from.or_else(|| self.first_copies.only_other(part.subflow));
        if is_acked {
            let carrier = from.filter(|_| !is_here).unwrap_or(part.subflow);
            self.level_stats.resent_acked(part.at, range.len(), carrier);
        }
        if is_here {
            self.level_stats.wasted += wasted;
            return PayloadClass::Remapped;
        }
        self.level_stats.differing |= first.is_some_and(|first| differs(&first, &part, range));
        let delay = first.map(|first| part.at.since(first.at));
        self.level_stats.reinjected((from, part.subflow), range.len(), wasted, delay);
        PayloadClass::Reinjected(from)
    }

    /// Notes that there is one more copy of the bytes in `range`, which arrives before the others or not.
    fn contest(&mut self, range: SeqRange, part: Transmission, first: Option<Transmission>) {
        let place = |of: Transmission| CopyPlace {
            subflow: of.subflow,
            position: of.subflow_position + (range.start - of.range.start),
        };
        let acked = self.subflow_acked_end(part.subflow);
        let first_acked = first.map_or(0, |first| self.subflow_acked_end(first.subflow));
        let repeat = Repeat {
            range,
            copy: place(part),
            first: first.map(place),
            acked,
            first_acked,
            data_acked: self.acked.unwrap_or(i64::MIN),
        };
        self.delivery.get_or_insert_default().repeat(&repeat);
    }

    /// How many bytes of `range` the subflow of their first copy had acknowledged already.
    fn acked_below(&self, first: &Transmission, range: SeqRange) -> u64 {
        let start = first.subflow_position + (range.start - first.range.start);
        let acked = self.subflow_acked_end(first.subflow);
        SeqRange { start, end: acked }.len().min(range.len())
    }
}

/// Whether `part` has the same place as a first copy, and other bytes.
fn differs(first: &Transmission, part: &Transmission, range: SeqRange) -> bool {
    let is_whole = first.range == range && part.range == range;
    is_whole && first.sample != 0 && part.sample != 0 && first.sample != part.sample
}

/// Appends, and forgets the oldest beyond `most`.
fn remember(copies: &mut VecDeque<Transmission>, copy: Transmission, most: usize) {
    if copies.len() >= most {
        copies.pop_front();
    }
    copies.push_back(copy);
}
