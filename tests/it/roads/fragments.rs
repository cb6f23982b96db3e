//! IP fragments: put together, in any order, inside and outside of tunnels, and given up.

use mptcpscope::internals::wire::decoder::Decoder;
use mptcpscope::internals::wire::frame::{LinkType, Timestamp};
use mptcpscope::internals::wire::segment::{Decoded, decode};

use super::{cargo, facts, wrap};
use crate::support::roads::Cargo;
use crate::support::testdata::OwnedFrame;

/// An Ethernet frame as fragments of its IP packet with `size` bytes of payload each.
fn fragments(cargo: &Cargo, size: usize) -> Vec<Cargo> {
    let is_ipv6 = cargo.data[12] == 0x86;
    let header_len = if is_ipv6 { 54 } else { 34 };
    let (header, payload) = cargo.data.split_at(header_len);
    let pieces = payload.chunks(size).zip((0..).step_by(size));
    let whole = payload.len();
    let fragment = |(piece, offset): (&[u8], usize)| {
        let has_more = offset + piece.len() < whole;
        let mut data = header.to_vec();
        let word = u16::try_from(offset).unwrap();
        if is_ipv6 {
            let next = std::mem::replace(&mut data[20], 44);
            let len = u16::try_from(piece.len() + 8).unwrap();
            data[18..20].copy_from_slice(&len.to_be_bytes());
            let word = word | u16::from(has_more);
            data.extend([next, 0]);
            data.extend(word.to_be_bytes());
            data.extend([0, 0, 0, 7]);
        } else {
            let len = u16::try_from(piece.len() + 20).unwrap();
            data[16..18].copy_from_slice(&len.to_be_bytes());
            let word = (word / 8) | (u16::from(has_more) << 13);
            data[20..22].copy_from_slice(&word.to_be_bytes());
        }
        data.extend(piece);
        Cargo { wire_len: data.len(), data }
    };
    pieces.map(fragment).collect()
}

fn frames(cargo: &[Cargo], like: &OwnedFrame) -> Vec<OwnedFrame> {
    cargo.iter().map(|cargo| cargo.frame(like, LinkType::ETHERNET)).collect()
}

/// Whole frames with enough payload for several fragments, of both IP versions.
fn large() -> Vec<(OwnedFrame, Cargo)> {
    let all = cargo().into_iter();
    let large = all.filter(|(frame, cargo)| {
        let is_whole = cargo.data.len() == cargo.wire_len;
        is_whole && cargo.data.len() > 200 && matches!(decode(&frame.whole()), Decoded::Tcp(_))
    });
    let large: Vec<_> = large.step_by(7).collect();
    assert!(large.iter().any(|(_, cargo)| cargo.data[12] == 0x86));
    assert!(large.iter().any(|(_, cargo)| cargo.data[12] == 0x08));
    large
}

/// Asserts that only the last of these frames has a segment, and that it is that of `original`.
fn assert_completes(decoder: &mut Decoder, original: &OwnedFrame, frames: &[OwnedFrame]) {
    let original = original.whole();
    let Decoded::Tcp(expected) = decode(&original) else { panic!() };
    let (last, others) = frames.split_last().unwrap();
    for frame in others {
        assert!(matches!(decoder.decode(&frame.whole()), Decoded::Fragment));
    }
    let last = last.whole();
    let Decoded::Tcp(segment) = decoder.decode(&last) else { panic!("{last:02x?}") };
    assert_eq!(facts(&segment), facts(&expected));
}

#[test]
fn fragments_become_a_segment_in_any_order() {
    for (frame, cargo) in large() {
        let pieces = fragments(&cargo, 48);
        let forwards = frames(&pieces, &frame);
        let backwards: Vec<_> = forwards.iter().rev().cloned().collect();
        for frames in [forwards, backwards] {
            let mut decoder = Decoder::default();
            assert_completes(&mut decoder, &frame, &frames);
            let counts = decoder.counts(frame.point.input);
            assert_eq!(counts.fragments, frames.len() as u64);
            assert_eq!((counts.reassembled, counts.incomplete), (1, 0));
            assert_eq!(decoder.frames_of_last().len(), frames.len());
        }
    }
}

#[test]
fn outer_packets_are_put_together_before_their_tunnel_is_opened() {
    for (frame, cargo) in large() {
        for name in ["vxlan", "gre", "ipip or 6in4", "4in6 or 6in6", "gtp-u"] {
            let frames = frames(&fragments(&wrap(name, &cargo), 104), &frame);
            assert_completes(&mut Decoder::default(), &frame, &frames);
        }
    }
}

#[test]
fn inner_packets_are_put_together_after() {
    for (frame, cargo) in large() {
        for name in ["vxlan", "gre", "mpls", "pppoe"] {
            let pieces: Vec<_> =
                fragments(&cargo, 96).iter().map(|piece| wrap(name, piece)).collect();
            assert_completes(&mut Decoder::default(), &frame, &frames(&pieces, &frame));
        }
        let inner = fragments(&cargo, 96);
        let outer = |(piece, id): (&Cargo, u8)| {
            let mut wrapped = wrap("vxlan", piece);
            wrapped.data[19] = id;
            fragments(&wrapped, 64)
        };
        let both: Vec<_> = inner.iter().zip(1..).flat_map(outer).collect();
        let both = frames(&both, &frame);
        let mut decoder = Decoder::default();
        let segments = both.iter().filter(|frame| {
            let frame = frame.whole();
            matches!(decoder.decode(&frame), Decoded::Tcp(_))
        });
        assert_eq!(segments.count(), 1);
    }
}

#[test]
fn a_packet_that_is_never_complete_is_counted() {
    let (frame, cargo) = large().swap_remove(0);
    let mut frames = frames(&fragments(&cargo, 48), &frame);
    frames.remove(1);
    let mut decoder = Decoder::default();
    for frame in &frames {
        assert!(matches!(decoder.decode(&frame.whole()), Decoded::Fragment));
    }
    let counts = decoder.counts(frame.point.input);
    assert_eq!((counts.reassembled, counts.incomplete), (0, frames.len() as u64));
}

#[test]
fn fragments_that_contradict_each_other_void_the_packet() {
    let (frame, cargo) = large().swap_remove(0);
    let mut pieces = fragments(&cargo, 48);
    let mut other = pieces[1].clone();
    *other.data.last_mut().unwrap() ^= 1;
    pieces.insert(2, other);
    let mut decoder = Decoder::default();
    for frame in frames(&pieces, &frame) {
        assert!(matches!(decoder.decode(&frame.whole()), Decoded::Fragment));
    }
    assert!(decoder.counts(frame.point.input).incomplete > 0);
}

#[test]
fn fragments_wait_for_half_a_minute_of_packet_time() {
    let (frame, cargo) = large().swap_remove(0);
    for (seconds, is_complete) in [(29, true), (31, false)] {
        let mut frames = frames(&fragments(&cargo, 48), &frame);
        let last = frames.last_mut().unwrap();
        last.timestamp = Timestamp(last.timestamp.0 + seconds * 1_000_000_000);
        let mut decoder = Decoder::default();
        let segments = frames.iter().filter(|frame| {
            let frame = frame.whole();
            matches!(decoder.decode(&frame), Decoded::Tcp(_))
        });
        assert_eq!(segments.count() == 1, is_complete, "{seconds} s");
    }
}

#[test]
fn memory_for_fragments_is_bounded() {
    let (frame, cargo) = large().into_iter().find(|(_, cargo)| cargo.data[12] == 8).unwrap();
    let first = &fragments(&cargo, 48)[0];
    let mut decoder = Decoder::default();
    for id in 0..20_000u16 {
        let mut piece = first.clone();
        piece.data[18..20].copy_from_slice(&id.to_be_bytes());
        let frame = piece.frame(&frame, LinkType::ETHERNET);
        assert!(matches!(decoder.decode(&frame.whole()), Decoded::Fragment));
    }
    assert_eq!(decoder.counts(frame.point.input).incomplete, 20_000);
}
