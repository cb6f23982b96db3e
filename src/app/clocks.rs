//! Clocks of several inputs that disagree: found by the handshakes that two inputs both hold, so that
//! the frames can be merged in the order in which things happened.
//!
//! A SYN is seen at the server's side one way later than at the client's, a SYN/ACK one way earlier:
//! half the sum of both differences is what the clocks differ by, half their difference the way.

use std::collections::HashMap;

use anyhow::Result;

use super::inputs;
use crate::capture::{Capture, InputPath, is_pipe};
use crate::wire::decoder::Decoder;
use crate::wire::segment::{Decoded, Endpoint, Segment, TcpFlags};
use crate::wire::seq::SeqNum;
use crate::wire::tunnel::DecodeAs;

/// Frames of each input that are searched for handshakes.
const MAX_FRAMES: usize = 100_000;

/// Clocks that differ by less are left alone: capturing takes time, too.
const MIN_SHIFT_NS: i64 = 1_000_000;

/// A SYN or SYN/ACK, by what both places see of it.
type Handshake = (Endpoint, Endpoint, SeqNum);

/// When an input saw the SYNs and SYN/ACKs, each the first time.
#[derive(Default)]
struct PacketStamp {
    syn: HashMap<Handshake, i64>,
    syn_ack: HashMap<Handshake, i64>,
}

/// By how many nanoseconds the clock of each input is ahead of the first one's; `None` where that
/// can't be told, or is too little to matter. With standard input or a pipe among them, none is looked
/// at: what is read of those is gone.
pub(super) fn shifts(paths: &[InputPath], decode_as: &DecodeAs) -> Result<Vec<Option<i64>>> {
    if paths.len() < 2 || paths.contains(&InputPath::Stdin) || paths.iter().any(is_pipe) {
        return Ok(vec![None; paths.len()]);
    }
    let mut known: Vec<(PacketStamp, i64)> = Vec::new();
    let mut shifts = Vec::new();
    for path in paths {
        let seen = handshakes(path, decode_as)?;
        let shift = known.iter().find_map(|(other, ahead)| Some(compare(other, &seen)? + ahead));
        let shift = shift.filter(|shift| shift.abs() >= MIN_SHIFT_NS);
        known.push((seen, shift.unwrap_or(0)));
        shifts.push(shift);
    }
    Ok(shifts)
}

/// Corrects the clocks of the inputs of `capture`.
pub(super) fn correct(capture: &mut Capture, shifts: &[Option<i64>]) {
    if shifts.iter().any(Option::is_some) {
        capture.correct_clocks(shifts.iter().map(|shift| shift.unwrap_or(0)).collect());
    }
}

fn handshakes(path: &InputPath, decode_as: &DecodeAs) -> Result<PacketStamp> {
    let mut capture = inputs::open(std::slice::from_ref(path))?;
    let mut decoder = Decoder::new(decode_as.clone());
    let mut seen = PacketStamp::default();
    for _ in 0..MAX_FRAMES {
        let Some(frame) = capture.next_frame() else { break };
        if let Decoded::Tcp(segment) = decoder.decode(&frame)
            && segment.flags.has(TcpFlags::SYN)
        {
            seen.add(&segment);
        }
    }
    Ok(seen)
}

impl PacketStamp {
    fn add(&mut self, segment: &Segment<'_>) {
        // A SYN/ACK goes under the SYN that it answers.
        let at = segment.timestamp.0;
        if segment.flags.is_syn() {
            let key = (segment.source, segment.destination, segment.seq);
            self.syn.entry(key).or_insert(at);
        } else {
            let acked = SeqNum(segment.ack.0.wrapping_sub(1));
            let key = (segment.destination, segment.source, acked);
            self.syn_ack.entry(key).or_insert(at);
        }
    }
}

/// By how much the second clock is ahead of the first: the median over the handshakes in both. Only
/// what no way between the two places could explain counts.
fn compare(one: &PacketStamp, other: &PacketStamp) -> Option<i64> {
    let mut shifts: Vec<_> = one
        .syn
        .iter()
        .filter_map(|(key, syn_at)| {
            let syn = other.syn.get(key)? - syn_at;
            let syn_ack = other.syn_ack.get(key)? - one.syn_ack.get(key)?;
            let (shift, way) = (i64::midpoint(syn, syn_ack), (syn - syn_ack).abs() / 2);
            Some(if shift.abs() > way { shift } else { 0 })
        })
        .collect();
    shifts.sort_unstable();
    shifts.get(shifts.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn seen(syn: i64, syn_ack: i64) -> PacketStamp {
        let end = |port| Endpoint { address: Ipv4Addr::LOCALHOST.into(), port };
        let key = (end(1), end(2), SeqNum(7));
        PacketStamp { syn: HashMap::from([(key, syn)]), syn_ack: HashMap::from([(key, syn_ack)]) }
    }

    #[test]
    fn the_way_between_two_places_is_no_shift() {
        assert_eq!(compare(&seen(0, 20), &seen(10, 11)), Some(0));
    }

    #[test]
    fn a_clock_an_hour_ahead_is() {
        assert_eq!(compare(&seen(0, 20), &seen(3_610, 3_611)), Some(3_600));
        assert_eq!(compare(&seen(3_610, 3_611), &seen(0, 20)), Some(-3_600));
    }

    #[test]
    fn without_a_common_handshake_nothing_is_known() {
        assert_eq!(compare(&seen(0, 20), &PacketStamp::default()), None);
    }
}
