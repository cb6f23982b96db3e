//! From which of several inputs each packet came, in as few bits as possible.

use crate::report::PacketRef;
use crate::wire::frame::PacketNo;

/// How many packets lie between two notes of how many came from each input.
const STRIDE: usize = 4096;

/// Octets that may be used; packets past them have no known origin.
const MOST_OCTETS: usize = 8 << 20;

/// The origin of every packet, in order; with one input nothing is kept.
pub(super) struct Origins {
    inputs: usize,
    /// Bits that an input's index takes: a power of two, so that none crosses a word's end.
    width: usize,
    /// As many indexes as fit into each word, lowest bits first.
    words: Vec<u64>,
    packets: usize,
    /// Before every packet whose index is a multiple of [`STRIDE`]: packets of each input.
    notes: Vec<u64>,
    /// Packets of each input so far.
    counts: Vec<u64>,
}

impl Origins {
    pub(super) fn new(inputs: usize) -> Self {
        let needed = usize::BITS - inputs.saturating_sub(1).leading_zeros();
        Self {
            inputs,
            width: needed.next_power_of_two() as usize,
            words: Vec::new(),
            packets: 0,
            notes: Vec::new(),
            counts: vec![0; inputs],
        }
    }

    /// Takes the origin of the next packet.
    #[inline]
    pub(super) fn push(&mut self, input: usize) {
        if self.inputs > 1 {
            self.keep(input);
        }
    }

    #[inline(never)]
    fn keep(&mut self, input: usize) {
        if (self.words.len() + self.notes.len()) * 8 >= MOST_OCTETS {
            return;
        }
        if self.packets.is_multiple_of(STRIDE) {
            self.notes.extend(&self.counts);
        }
        let shift = self.packets % self.per_word() * self.width;
        if shift == 0 {
            self.words.push(0);
        }
        if let Some(word) = self.words.last_mut() {
            *word |= (input as u64) << shift;
        }
        if let Some(count) = self.counts.get_mut(input) {
            *count += 1;
        }
        self.packets += 1;
    }

    /// The input of packet `number`, and its frame number there.
    pub(super) fn packet_ref(&self, number: PacketNo) -> Option<PacketRef> {
        let index = usize::try_from(number.0.checked_sub(1)?).ok()?;
        let input = self.input(index)?;
        let stride = index / STRIDE;
        let before = *self.notes.get(stride * self.inputs + input)?;
        let since = (stride * STRIDE..=index).filter(|at| self.input(*at) == Some(input));
        let frame = before + since.count() as u64;
        Some(PacketRef(u32::try_from(input).ok()?, frame))
    }

    fn input(&self, index: usize) -> Option<usize> {
        if index >= self.packets {
            return None;
        }
        let word = self.words.get(index / self.per_word())?;
        let shifted = word >> (index % self.per_word() * self.width);
        usize::try_from(shifted & ((1 << self.width) - 1)).ok()
    }

    const fn per_word(&self) -> usize {
        64 / self.width
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_packet_is_found_again() {
        for inputs in [2, 3, 5, 300] {
            let mut origins = Origins::new(inputs);
            let mut counts = vec![0; inputs];
            let mut expected = Vec::new();
            for packet in 0..3 * STRIDE {
                let input = packet * packet / 7 % inputs;
                origins.push(input);
                counts[input] += 1;
                expected.push((input, counts[input]));
            }
            for (index, (input, frame)) in expected.into_iter().enumerate() {
                let number = PacketNo(index as u64 + 1);
                let expected = PacketRef(u32::try_from(input).unwrap(), frame);
                assert_eq!(origins.packet_ref(number), Some(expected));
            }
        }
    }

    #[test]
    fn what_was_not_pushed_is_not_known() {
        let mut origins = Origins::new(2);
        origins.push(1);
        assert_eq!(origins.packet_ref(PacketNo(0)), None);
        assert_eq!(origins.packet_ref(PacketNo(1)), Some(PacketRef(1, 1)));
        assert_eq!(origins.packet_ref(PacketNo(2)), None);
    }

    #[test]
    fn memory_is_bounded() {
        let mut origins = Origins::new(1 << 15);
        (0..10 * MOST_OCTETS / 8).for_each(|packet| origins.push(packet % 7));
        assert!((origins.words.len() + origins.notes.len()) * 8 <= MOST_OCTETS + (8 << 15));
    }

    #[test]
    fn one_input_costs_nothing() {
        let mut origins = Origins::new(1);
        origins.push(0);
        assert!(origins.words.is_empty());
    }
}
