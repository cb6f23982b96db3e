//! From frames to segments: real frames at every snap length, packets that another library built,
//! and octets of any kind.

use std::net::IpAddr;

use etherparse::{
    IpAuthHeader, IpFragOffset, IpHeaders, IpNumber, Ipv4Extensions, Ipv4Header, Ipv6Extensions,
    Ipv6FragmentHeader, Ipv6Header, Ipv6RawExtHeader, Ipv6RoutingExtensions, PacketBuilder,
    TcpHeader, TcpOptionElement, VlanId,
};
use mptcpscope::internals::wire::frame::{CapturePoint, Frame, LinkType, PacketNo, Timestamp};
use mptcpscope::internals::wire::segment::{Decoded, Segment, TcpFlags, decode};
use mptcpscope::internals::wire::skipped::Skipped;
use proptest::prelude::*;

/// A SYN with MP_CAPABLE over Ethernet and IPv4, from a Linux host.
const SYN: &str = "d646024ca9baaaa04520d08e0800450000406bef40004006b8c40a0001020a010102b2fc1389\
    b4f828ed00000000b002faf092540000020405b40402080a2a0da73400000000010303071e040101";
/// The first data of that connection, its payload cut to six octets and the lengths set for that.
const DATA: &str = "d646024ca9baaaa04520d08e0800450000526bf140004006b8b00a0001020a010102b2fc1389\
    b4f828ee65159c43e01001f68a7e00000101080a2a0da74e6d401fe81e160101d1e2bb5703e050c8\
    5b62294b230f06e840000101b688292bf262";

#[test]
fn a_real_syn_is_read() {
    let octets = octets(SYN);
    let segment = tcp(&frame(LinkType::ETHERNET, &octets));
    assert_eq!(segment.source.to_string(), "10.0.1.2:45820");
    assert_eq!(segment.destination.to_string(), "10.1.1.2:5001");
    assert_eq!((segment.seq.0, segment.ack.0), (0xb4f8_28ed, 0));
    assert!(segment.flags.is_syn());
    assert_eq!((segment.window, segment.hop_limit, segment.ip_id), (64240, 64, 0x6bef));
    assert_eq!(segment.options.declared_len, 24);
    assert_eq!(segment.options.octets, &octets[54..]);
    assert_eq!((segment.payload_len, segment.payload), (0, &[][..]));
    assert_eq!(segment.number, PacketNo(7));
    assert_eq!(segment.timestamp, Timestamp(1_000_000_007));
    assert_eq!(segment.point, CapturePoint { input: 1, interface: 2 });
}

#[test]
fn real_data_is_read() {
    let octets = octets(DATA);
    let segment = tcp(&frame(LinkType::ETHERNET, &octets));
    assert_eq!(segment.options.declared_len, 36);
    assert_eq!(segment.options.octets.last(), Some(&0x01));
    assert_eq!((segment.payload_len, segment.payload), (6, &octets[octets.len() - 6..]));
    assert_eq!(segment.sequence_len(), 6);
}

/// Untagged Ethernet has a short way of its own; raw IP always goes the general one.
#[test]
fn the_short_way_reads_what_the_general_one_reads() {
    for sample in samples().iter().filter(|sample| sample.link_type == LinkType::ETHERNET) {
        for at in 14..sample.octets.len().min(80) {
            for bit in 0..8 {
                let mut octets = sample.octets.clone();
                octets[at] ^= 1 << bit;
                let whole = Frame { data: &octets, ..sample.frame() };
                let wire_len = whole.wire_len - 14;
                let (link_type, data) = (LinkType::RAW, &octets[14..]);
                let bare = Frame { link_type, data, wire_len, ..whole };
                if [[0x08, 0x00], [0x86, 0xdd]].contains(&[octets[12], octets[13]]) {
                    let (one, other) = (decode(&whole), decode(&bare));
                    assert_eq!(format!("{one:?}"), format!("{other:?}"), "octet {at}, bit {bit}");
                }
            }
        }
    }
}

#[test]
fn a_snap_length_changes_nothing_but_options_and_payload() {
    for sample in samples() {
        let whole = tcp(&sample.frame());
        let fixed_end = sample.octets.len() - whole.payload.len() - whole.options.octets.len();
        for cut in 0..=sample.octets.len() {
            let cut_frame = Frame { data: &sample.octets[..cut], ..sample.frame() };
            let decoded = decode(&cut_frame);
            if cut < fixed_end {
                assert!(matches!(decoded, Decoded::Undecoded), "{} at {cut}", sample.name);
                continue;
            }
            let Decoded::Tcp(segment) = decoded else { panic!("{} at {cut}", sample.name) };
            assert!(whole.options.octets.starts_with(segment.options.octets));
            assert!(whole.payload.starts_with(segment.payload));
            assert_eq!(fixed_end + segment.options.octets.len() + segment.payload.len(), cut);
            assert_same_header(&whole, &segment);
        }
    }
}

#[test]
fn padding_is_not_payload() {
    for sample in samples() {
        let padded = [&sample.octets[..], &[0; 9]].concat();
        let segment = tcp(&frame(sample.link_type, &padded));
        assert_same_header(&tcp(&sample.frame()), &segment);
        assert_eq!(segment.payload, tcp(&sample.frame()).payload, "{}", sample.name);
    }
}

#[test]
fn no_flipped_bit_makes_it_panic() {
    for sample in samples() {
        for bit in 0..sample.octets.len() * 8 {
            let mut flipped = sample.octets.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_payload_is_bounded(&frame(sample.link_type, &flipped));
        }
    }
}

#[test]
fn a_wrong_data_offset_is_not_decoded() {
    for offset in [0x00, 0x40] {
        let mut octets = octets(SYN);
        octets[46] = offset;
        assert!(matches!(decode(&frame(LinkType::ETHERNET, &octets)), Decoded::Undecoded));
    }
    let mut octets = octets(SYN);
    octets[46] = 0xc0; // one word past the IP length
    octets.extend([0; 4]);
    assert!(matches!(decode(&frame(LinkType::ETHERNET, &octets)), Decoded::Undecoded));
}

#[test]
fn big_segments_take_their_length_from_the_frame() {
    let mut octets = octets(DATA);
    octets[16..18].fill(0);
    let big = Frame { wire_len: 14 + 20 + 56 + 150_000, ..frame(LinkType::ETHERNET, &octets) };
    let segment = tcp(&big);
    assert_eq!((segment.payload_len, segment.payload.len()), (150_000, 6));
}

#[test]
fn fragments_and_other_protocols_are_no_segments() {
    let mut fragment = octets(DATA);
    fragment[20] = 0x20;
    assert!(matches!(decode(&frame(LinkType::ETHERNET, &fragment)), Decoded::Fragment));
    let mut udp = octets(DATA);
    udp[23] = 17;
    assert!(matches!(decode(&frame(LinkType::ETHERNET, &udp)), Decoded::Other(_)));
    assert!(matches!(decode(&frame(LinkType(147), &udp)), Decoded::Other(Skipped::LinkType(_))));
}

#[test]
fn what_etherparse_builds_is_read_back() {
    for sample in samples().into_iter().filter(|sample| sample.built) {
        let segment = tcp(&sample.frame());
        let header = tcp_header();
        let name = sample.name;
        assert_eq!(segment.source.port, header.source_port, "{name}");
        assert_eq!(segment.destination.port, header.destination_port, "{name}");
        assert_eq!(segment.seq.0, header.sequence_number, "{name}");
        assert_eq!(segment.ack.0, header.acknowledgment_number, "{name}");
        assert_eq!(segment.window, header.window_size, "{name}");
        assert_eq!(segment.flags, TcpFlags(0xd9), "{name}: FIN, PSH, ACK, ECE, CWR");
        assert_eq!(segment.options.octets, header.options.as_slice(), "{name}");
        assert_eq!(segment.hop_limit, 47, "{name}");
        assert_eq!(segment.payload, PAYLOAD, "{name}");
        assert_eq!(segment.payload_len, 11, "{name}");
        let (source, destination, ip_id) = match segment.source.address {
            IpAddr::V4(_) => ("192.0.2.1", "198.51.100.2", 0x1234),
            IpAddr::V6(_) => ("2001:db8::1", "2001:db8::2", 0),
        };
        assert_eq!(segment.source.address, source.parse::<IpAddr>().unwrap(), "{name}");
        assert_eq!(segment.destination.address, destination.parse::<IpAddr>().unwrap(), "{name}");
        assert_eq!(segment.ip_id, ip_id, "{name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_octets_are_something(
        link_type in any_link_type(),
        octets in prop::collection::vec(any::<u8>(), 0..200),
        wire_len in any::<u32>(),
    ) {
        assert_payload_is_bounded(&Frame { wire_len, ..frame(link_type, &octets) });
    }

    /// Real frames with a few octets changed get further into the decoder than noise does.
    #[test]
    fn damaged_frames_are_something(
        which in any::<prop::sample::Index>(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        link_type in prop::option::weighted(0.2, any_link_type()),
        cut in any::<prop::sample::Index>(),
        wire_len in any::<u32>(),
    ) {
        let samples = samples();
        let sample = which.get(&samples);
        let mut octets = sample.octets.clone();
        for (at, octet) in damage {
            octets[at.index(sample.octets.len())] = octet;
        }
        octets.truncate(cut.index(octets.len() + 1));
        let link_type = link_type.unwrap_or(sample.link_type);
        assert_payload_is_bounded(&Frame { wire_len, ..frame(link_type, &octets) });
    }
}

/// A frame with a TCP segment in it.
struct Sample {
    name: &'static str,
    link_type: LinkType,
    octets: Vec<u8>,
    built: bool,
}

impl Sample {
    fn frame(&self) -> Frame<'_> {
        frame(self.link_type, &self.octets)
    }
}

const PAYLOAD: &[u8] = b"the payload";

/// The octets of a packet whose builder has come as far as IP.
macro_rules! build {
    ($builder:expr) => {{
        let builder = $builder.tcp_header(tcp_header());
        let mut octets = Vec::with_capacity(builder.size(PAYLOAD.len()));
        builder.write(&mut octets, PAYLOAD).unwrap();
        octets
    }};
}
fn samples() -> Vec<Sample> {
    let recorded = [("SYN", SYN), ("data", DATA)].map(|(name, hex)| Sample {
        name,
        link_type: LinkType::ETHERNET,
        octets: octets(hex),
        built: false,
    });
    let ethernet = || PacketBuilder::ethernet2([2; 6], [4; 6]);
    let built = [
        ("IPv4", LinkType::ETHERNET, build!(ethernet().ip(ipv4(&[], None)))),
        ("IPv4 with options", LinkType::ETHERNET, build!(ethernet().ip(ipv4(&[1; 12], None)))),
        ("IPv4 with AH", LinkType::ETHERNET, build!(ethernet().ip(ipv4(&[], Some(auth()))))),
        ("IPv6", LinkType::ETHERNET, build!(ethernet().ip(ipv6(Ipv6Extensions::default())))),
        ("IPv6 with all extensions", LinkType::ETHERNET, build!(ethernet().ip(ipv6(all())))),
        (
            "one VLAN tag",
            LinkType::ETHERNET,
            build!(ethernet().single_vlan(VlanId::try_new(5).unwrap()).ip(ipv4(&[], None))),
        ),
        (
            "two VLAN tags",
            LinkType::ETHERNET,
            build!(
                ethernet()
                    .double_vlan(VlanId::try_new(5).unwrap(), VlanId::try_new(6).unwrap())
                    .ip(ipv6(all()))
            ),
        ),
        (
            "cooked",
            LinkType::LINUX_SLL,
            build!(
                PacketBuilder::linux_sll(etherparse::LinuxSllPacketType::OUTGOING, 6, [2; 8])
                    .ip(ipv4(&[], None))
            ),
        ),
        ("raw", LinkType::RAW, build!(PacketBuilder::ip(ipv6(Ipv6Extensions::default())))),
    ];
    let built =
        built.map(|(name, link_type, octets)| Sample { name, link_type, octets, built: true });
    recorded.into_iter().chain(built).collect()
}

fn tcp_header() -> TcpHeader {
    let mut header = TcpHeader::new(45_820, 5001, 0xb4f8_28ed, 0x7d72);
    (header.fin, header.psh, header.ack, header.ece, header.cwr) = (true, true, true, true, true);
    header.acknowledgment_number = 0x6515_9c42;
    header.set_options(&[TcpOptionElement::Noop, TcpOptionElement::Timestamp(1, 2)]).unwrap();
    header
}

fn ipv4(options: &[u8], auth: Option<IpAuthHeader>) -> IpHeaders {
    let mut header =
        Ipv4Header::new(0, 47, IpNumber::TCP, [192, 0, 2, 1], [198, 51, 100, 2]).unwrap();
    header.identification = 0x1234;
    header.options = options.try_into().unwrap();
    IpHeaders::Ipv4(header, Ipv4Extensions { auth })
}

fn ipv6(extensions: Ipv6Extensions) -> IpHeaders {
    let address = |host: u8| [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, host];
    let header = Ipv6Header {
        hop_limit: 47,
        source: address(1),
        destination: address(2),
        ..Ipv6Header::default()
    };
    IpHeaders::Ipv6(header, extensions)
}

/// Every extension header that etherparse can write; the fragment header is an atomic one.
fn all() -> Ipv6Extensions {
    let options = |len| Ipv6RawExtHeader::new_raw(IpNumber::TCP, &[0; 30][..len]).unwrap();
    Ipv6Extensions {
        hop_by_hop_options: Some(options(6)),
        destination_options: Some(options(14)),
        routing: Some(Ipv6RoutingExtensions {
            routing: options(22),
            final_destination_options: Some(options(6)),
        }),
        fragment: Some(Ipv6FragmentHeader::new(IpNumber::TCP, IpFragOffset::ZERO, false, 9)),
        auth: Some(auth()),
    }
}

fn auth() -> IpAuthHeader {
    IpAuthHeader::new(IpNumber::TCP, 1, 2, &[9; 12]).unwrap()
}

fn any_link_type() -> impl Strategy<Value = LinkType> {
    prop::sample::select(vec![0, 1, 9, 12, 14, 50, 51, 101, 108, 113, 147, 204, 228, 229, 276])
        .prop_map(LinkType)
}

fn frame(link_type: LinkType, octets: &[u8]) -> Frame<'_> {
    Frame {
        number: PacketNo(7),
        timestamp: Timestamp(1_000_000_007),
        point: CapturePoint { input: 1, interface: 2 },
        link_type,
        wire_len: u32::try_from(octets.len()).unwrap(),
        offset: None,
        data: octets,
    }
}

fn tcp<'a>(frame: &Frame<'a>) -> Segment<'a> {
    match decode(frame) {
        Decoded::Tcp(segment) => segment,
        other => panic!("{other:?}: {frame:02x?}"),
    }
}

fn assert_same_header(one: &Segment<'_>, other: &Segment<'_>) {
    let without_octets = |segment: &Segment<'_>| {
        let mut options = segment.options;
        options.octets = &[];
        format!("{:?}", Segment { options, payload: &[], ..*segment })
    };
    assert_eq!(without_octets(one), without_octets(other));
}

fn assert_payload_is_bounded(frame: &Frame<'_>) {
    if let Decoded::Tcp(segment) = decode(frame) {
        assert!(segment.payload.len() <= usize::try_from(segment.payload_len).unwrap());
        assert!(segment.options.octets.len() <= usize::from(segment.options.declared_len));
        assert!(segment.options.declared_len <= 40);
    }
}

fn octets(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    let value = |digit: u8| u8::try_from(char::from(digit).to_digit(16).unwrap()).unwrap();
    digits.chunks(2).map(|pair| value(pair[0]) << 4 | value(pair[1])).collect()
}
