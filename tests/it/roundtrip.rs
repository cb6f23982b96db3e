//! Bytes → value → bytes and back, for options of every kind and for any bytes at all.

use std::net::IpAddr;

use mptcpscope::internals::wire::mptcp::{
    AddAddr, AddressFlavour, AddressId, CapableFlags, CapableForm, DataLevelLength, Dss, KIND, Key,
    MAX_LEN, Mapping, MpCapable, MpFail, MpFastClose, MpJoin, MpPrio, MpTcpRst, MptcpOption, Nonce,
    OptionBody, RemoveAddr, ResetReason, Token, Version,
};
use mptcpscope::internals::wire::seq::{Dsn, SeqNum, WireDsn};
use mptcpscope::internals::wire::tcp_option::{SackBlocks, TcpOption, TcpOptions};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn an_mptcp_option_comes_back(option in mptcp_option()) {
        let bytes = emitted(&option);
        prop_assert_eq!(bytes[0], KIND);
        prop_assert_eq!(usize::from(bytes[1]), bytes.len());
        prop_assert_eq!(option.wire_len(), bytes[1]);
        prop_assert_eq!(MptcpOption::parse(&bytes[2..]), option);
    }

    /// Of any body that a TCP header can hold, no byte is lost, malformed or not.
    #[test]
    fn the_octets_of_an_mptcp_option_come_back(body in body()) {
        let option = MptcpOption::parse(&body);
        prop_assert_eq!(&emitted(&option)[2..], &body);
        prop_assert_eq!(option.subtype().map(|subtype| subtype.0), body.first().map(|o| o >> 4));
    }

    #[test]
    fn a_body_of_any_length_is_an_option(body in vec(any::<u8>(), 0..300)) {
        let option = MptcpOption::parse(&body);
        prop_assert_eq!(usize::from(option.wire_len()), 2 + body.len().min(MAX_LEN - 2));
    }

    /// No byte of a walk is lost either, but for padding, and the experimental kind of Fast Open.
    #[test]
    fn the_octets_of_a_walk_come_back(bytes in option_bytes()) {
        let mut again = Vec::new();
        for option in whole(&bytes).iter() {
            option.emit(&mut again);
        }
        prop_assert_eq!(again.len(), bytes.len());
        let end = whole(&bytes).iter().find_map(|option| match option {
            TcpOption::EndOfList { padding } => Some(bytes.len() - usize::from(padding)),
            _ => None,
        });
        let compared = end.unwrap_or(bytes.len());
        prop_assert_eq!(&again[..compared], &bytes[..compared]);
    }

    #[test]
    fn a_walk_ends(bytes in vec(any::<u8>(), 0..60), declared_len: u8) {
        let options = TcpOptions { octets: &bytes, declared_len };
        let mut walk = options.iter();
        let steps = walk.by_ref().count();
        prop_assert!(steps <= usize::from(declared_len) + 1);
        prop_assert_eq!(walk.next(), None, "and has ended for good");
        prop_assert!(options.nop_run() <= declared_len);
    }

    /// A snap length takes away options from the end, and says so; what it leaves stays the same.
    #[test]
    fn a_cut_walk_is_a_beginning(bytes in option_bytes(), captured in 0..40_usize) {
        let captured = captured.min(bytes.len());
        let cut = TcpOptions { octets: &bytes[..captured], ..whole(&bytes) };
        prop_assert_eq!(cut.is_cut(), captured < bytes.len());
        let before: Vec<_> = cut.iter().take_while(|option| !ends_early(option)).collect();
        let all: Vec<_> = whole(&bytes).iter().take(before.len()).collect();
        prop_assert_eq!(&before, &all);
        if cut.is_cut() && before.len() < whole(&bytes).iter().count() {
            prop_assert!(cut.iter().last().is_some_and(|option| ends_early(&option)));
        }
    }

    #[test]
    fn a_tcp_option_comes_back(
        option in tcp_option_kinds(),
        data in vec(any::<u8>(), 0..=38),
    ) {
        let Some(option) = option(&data) else { return Ok(()) };
        let mut bytes = Vec::new();
        option.emit(&mut bytes);
        prop_assert_eq!(whole(&bytes).iter().collect::<Vec<_>>(), [option]);
    }

    /// Against plain arithmetic in 128 bits, where nothing wraps.
    #[test]
    fn a_short_number_expands_to_the_nearest(low: u32, reference in near_edges()) {
        let (turn, whole_range) = (1_i128 << 32, 1_i128 << 64);
        let nearest = (-1..=1)
            .map(|step| (i128::from(reference >> 32) + step) * turn + i128::from(low))
            .min_by_key(|candidate| (candidate - i128::from(reference)).abs())
            .map(|nearest| u64::try_from(nearest.rem_euclid(whole_range)).unwrap());
        let expanded = WireDsn::Short(low).expand(Dsn(reference));
        prop_assert_eq!(Some(expanded.0), nearest);
        prop_assert_eq!(SeqNum(low).expand(reference), expanded.0);
    }

    #[test]
    fn a_long_number_expands_to_itself(whole: u64, reference: u64) {
        prop_assert_eq!(WireDsn::Long(whole).expand(Dsn(reference)), Dsn(whole));
    }

    #[test]
    fn distance_undoes_addition(from: u64, by: i64) {
        let to = Dsn(from).add(by.cast_unsigned());
        prop_assert_eq!(to.distance_from(Dsn(from)), by);
    }
}

fn emitted(option: &MptcpOption) -> Vec<u8> {
    let mut bytes = Vec::new();
    option.emit(&mut bytes);
    bytes
}

fn whole(bytes: &[u8]) -> TcpOptions<'_> {
    TcpOptions { octets: bytes, declared_len: u8::try_from(bytes.len()).unwrap() }
}

fn ends_early(option: &TcpOption<'_>) -> bool {
    matches!(option, TcpOption::Cut(_) | TcpOption::BadLength(_))
}

/// Any body, with the lengths and flag octets of real options more often than chance has it.
fn body() -> impl Strategy<Value = Vec<u8>> {
    let near_miss = (mptcp_option(), any::<proptest::sample::Index>(), any::<u8>(), 0..3_usize);
    prop_oneof![
        vec(any::<u8>(), 0..=MAX_LEN - 2),
        near_miss.prop_map(|(option, index, byte, cut)| {
            let mut body = emitted(&option).split_off(2);
            if let Some(changed) = (!body.is_empty()).then(|| index.get_mut(&mut body)) {
                *changed = byte;
            }
            body.truncate(body.len().saturating_sub(cut));
            body
        }),
    ]
}

/// Up to 40 bytes that look like options at least in part; no Fast Open experiments.
fn option_bytes() -> impl Strategy<Value = Vec<u8>> {
    let padding =
        || prop_oneof![Just(vec![1]), Just(vec![1, 1]), Just(vec![8, 10, 0, 1, 2, 3, 4, 5, 6, 7])];
    let piece = prop_oneof![
        3 => padding(),
        3 => mptcp_option().prop_map(|option| emitted(&option)),
        1 => vec(any::<u8>(), 0..6),
    ];
    vec(piece, 0..6)
        .prop_map(|pieces| pieces.concat().into_iter().take(MAX_LEN).collect::<Vec<u8>>())
        .prop_filter("Fast Open is written as kind 34", |bytes| {
            !bytes.windows(2).any(|pair| pair == [0xf9, 0x89])
        })
}

/// Makes an option out of data, if that has a fitting length.
type Make = for<'a> fn(&'a [u8]) -> Option<TcpOption<'a>>;

fn tcp_option_kinds() -> impl Strategy<Value = Make> {
    let kinds: [Make; 12] = [
        |_| Some(TcpOption::NoOperation),
        |_| Some(TcpOption::SackPermitted),
        |data| Some(TcpOption::EndOfList { padding: data.first()? % 40 }),
        |data| Some(TcpOption::WindowScale(*data.first()?)),
        |data| Some(TcpOption::MaximumSegmentSize(u16::from_be_bytes(*data.first_chunk()?))),
        |data| {
            Some(TcpOption::Sack(SackBlocks(
                data.get(..8 * (data.len() / 8)).filter(|b| !b.is_empty())?,
            )))
        },
        |data| {
            let value = u32::from_be_bytes(*data.first_chunk()?);
            Some(TcpOption::Timestamps { value, echo_reply: value.swap_bytes() })
        },
        |data| {
            Some(TcpOption::FastOpen(
                data.get(..2 * (data.len() / 2)).filter(|c| (4..=16).contains(&c.len()))?,
            ))
        },
        |data| Some(TcpOption::Md5(data.get(..16)?)),
        |data| Some(TcpOption::Authentication(Some(data).filter(|data| data.len() >= 2)?)),
        |data| Some(TcpOption::Mptcp(MptcpOption::parse(data))),
        |data| Some(TcpOption::Unknown { kind: 200, data }),
    ];
    proptest::sample::select(kinds.to_vec())
}

fn mptcp_option() -> impl Strategy<Value = MptcpOption> {
    prop_oneof![
        capable().prop_map(MptcpOption::MpCapable),
        join().prop_map(MptcpOption::MpJoin),
        dss().prop_map(MptcpOption::Dss),
        add_addr().prop_map(MptcpOption::AddAddr),
        remove_addr().prop_map(MptcpOption::RemoveAddr),
        prio().prop_map(MptcpOption::MpPrio),
        (any::<u64>(), twelve_bits()).prop_map(|(dsn, reserved)| {
            MptcpOption::MpFail(MpFail { dsn: Dsn(dsn), reserved })
        }),
        (key(), twelve_bits()).prop_map(|(receiver_key, reserved)| {
            MptcpOption::MpFastClose(MpFastClose { receiver_key, reserved })
        }),
        tcp_reset().prop_map(MptcpOption::MpTcpRst),
        opaque(0xf..=0xf).prop_map(MptcpOption::Experimental),
        opaque(0x9..=0xe).prop_map(MptcpOption::Unknown),
        Just(MptcpOption::Malformed(OptionBody::new(&[]))),
    ]
}

fn capable() -> impl Strategy<Value = MpCapable> {
    let v0 = (Just(Version::V0), prop_oneof![sender_key(), both_keys()]);
    let form =
        prop_oneof![Just(CapableForm::Bare), sender_key(), both_keys(), both_keys_and_data()];
    let later = ((1..=15_u8).prop_map(Version), form);
    (prop_oneof![v0, later], any::<u8>()).prop_map(|((version, form), flags)| MpCapable {
        version,
        flags: CapableFlags(flags),
        form,
    })
}

fn sender_key() -> impl Strategy<Value = CapableForm> {
    key().prop_map(|sender| CapableForm::SenderKey { sender })
}

fn both_keys() -> impl Strategy<Value = CapableForm> {
    (key(), key()).prop_map(|(sender, receiver)| CapableForm::BothKeys { sender, receiver })
}

fn both_keys_and_data() -> impl Strategy<Value = CapableForm> {
    (key(), key(), any::<u16>(), any::<Option<u16>>()).prop_map(
        |(sender, receiver, data_len, checksum)| CapableForm::BothKeysAndData {
            sender,
            receiver,
            data_len,
            checksum,
        },
    )
}

fn join() -> impl Strategy<Value = MpJoin> {
    let common = || (any::<bool>(), address_id(), any::<u32>().prop_map(Nonce), three_bits());
    prop_oneof![
        (common(), any::<u32>()).prop_map(|((backup, address_id, nonce, reserved), token)| {
            MpJoin::Syn { backup, address_id, token: Token(token), nonce, reserved }
        }),
        (common(), any::<u64>()).prop_map(|((backup, address_id, nonce, reserved), hmac)| {
            MpJoin::SynAck { backup, address_id, hmac, nonce, reserved }
        }),
        (any::<[u8; 20]>(), twelve_bits())
            .prop_map(|(hmac, reserved)| MpJoin::Ack { hmac, reserved }),
    ]
}

/// As the fields imply, or with flag bits set that say nothing.
fn dss() -> impl Strategy<Value = Dss> {
    let fields = (option::of(wire_dsn()), option::of(mapping()), any::<bool>());
    (fields, any::<u8>(), 0..16_u8).prop_map(|((data_ack, mapping, fin), bits, low)| {
        let mut dss = Dss::new(data_ack, mapping, fin && mapping.is_some());
        let without_ack = if data_ack.is_none() { 0x02 } else { 0 };
        let without_mapping = if mapping.is_none() { 0x18 } else { 0 };
        dss.flags |= bits & (0xe0 | without_ack | without_mapping);
        dss.reserved = low;
        dss
    })
}

fn mapping() -> impl Strategy<Value = Mapping> {
    let length = prop_oneof![
        1 => Just(DataLevelLength::Infinite),
        4 => (1..=u16::MAX).prop_map(DataLevelLength::Bytes),
    ];
    (wire_dsn(), any::<u32>(), length, any::<Option<u16>>())
        .prop_map(|(dsn, ssn, length, checksum)| Mapping { dsn, ssn, length, checksum })
}

fn wire_dsn() -> impl Strategy<Value = WireDsn> {
    prop_oneof![any::<u32>().prop_map(WireDsn::Short), any::<u64>().prop_map(WireDsn::Long)]
}

fn add_addr() -> impl Strategy<Value = AddAddr> {
    let flavour = prop_oneof![
        any::<u64>().prop_map(|hmac| AddressFlavour::Announcement { hmac }),
        Just(AddressFlavour::Echo),
        Just(AddressFlavour::V0),
        any::<u64>().prop_map(|hmac| AddressFlavour::PreFinalV1 { hmac }),
    ];
    let fields = (address_id(), any::<IpAddr>(), any::<Option<u16>>(), flavour, three_bits());
    fields.prop_map(|(address_id, address, port, flavour, bits)| {
        let reserved = match flavour {
            // With E = 0, 2 and 3 would make the low nibble 4 and 6, which is IPVer.
            AddressFlavour::Announcement { .. } if matches!(bits, 2 | 3) => 0,
            AddressFlavour::Announcement { .. } | AddressFlavour::Echo => bits,
            AddressFlavour::V0 | AddressFlavour::PreFinalV1 { .. } => 0,
        };
        AddAddr { address_id, address, port, flavour, reserved }
    })
}

fn remove_addr() -> impl Strategy<Value = RemoveAddr> {
    (vec(any::<u8>(), 1..=37), 0..16_u8).prop_map(|(ids, reserved)| RemoveAddr::new(&ids, reserved))
}

fn prio() -> impl Strategy<Value = MpPrio> {
    (any::<bool>(), option::of(address_id()), three_bits())
        .prop_map(|(backup, address_id, reserved)| MpPrio { backup, address_id, reserved })
}

fn tcp_reset() -> impl Strategy<Value = MpTcpRst> {
    (any::<bool>(), any::<u8>().prop_map(ResetReason), three_bits())
        .prop_map(|(transient, reason, reserved)| MpTcpRst { transient, reason, reserved })
}

fn opaque(subtypes: std::ops::RangeInclusive<u8>) -> impl Strategy<Value = OptionBody> {
    (subtypes, vec(any::<u8>(), 1..=MAX_LEN - 2)).prop_map(|(subtype, mut body)| {
        body[0] = subtype << 4 | body[0] & 0x0f;
        OptionBody::new(&body)
    })
}

fn key() -> impl Strategy<Value = Key> {
    any::<u64>().prop_map(Key)
}

fn address_id() -> impl Strategy<Value = AddressId> {
    any::<u8>().prop_map(AddressId)
}

fn three_bits() -> impl Strategy<Value = u8> {
    0..8_u8
}

fn twelve_bits() -> impl Strategy<Value = u16> {
    0..0x1000_u16
}

/// Any number, those near a multiple of 2^31 more often.
fn near_edges() -> impl Strategy<Value = u64> {
    let edge = (any::<u32>(), -2..=2_i64)
        .prop_map(|(turns, step)| (u64::from(turns) << 31).wrapping_add_signed(step));
    prop_oneof![any::<u64>(), edge, 0..4_u64, u64::MAX - 3..=u64::MAX]
}
