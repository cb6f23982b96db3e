//! The seeds of the fuzz targets, made from testdata. `fuzz/seed.sh` writes them for the fuzzer.

use std::collections::BTreeMap;
use std::fmt::Write;

use mptcpscope::internals::capture::Compression;
use mptcpscope::internals::wire::frame::LinkType;
use mptcpscope::internals::wire::mptcp;
use mptcpscope::internals::wire::segment::Segment;
use mptcpscope::internals::wire::tcp_option::TcpOptions;

use super::capture_bytes::{MICRO, NANO, Order, compress, small_pcap, small_pcapng};
use super::fuzz_targets::LINK_TYPES;
use super::random::Random;
use super::testdata::{self, OwnedFrame};

/// The seeds of a target, by name.
pub(crate) fn seeds(target: &str) -> BTreeMap<String, Vec<u8>> {
    match target {
        "options" => one_per_shape(|_, segment| {
            let TcpOptions { octets, declared_len } = segment.options;
            (shape(octets), [&[declared_len], octets].concat())
        }),
        "segment" => one_per_shape(|frame, segment| {
            let link_type = link_type_octet(frame.link_type);
            let head = frame.data.len() - segment.payload.len();
            // A little payload will do.
            let data = &frame.data[..frame.data.len().min(head + 8)];
            let cut = u8::from(data.len() < frame.wire_len as usize);
            let octets = shape(segment.options.octets);
            let shape = format!("{link_type} {cut} {} {octets}", segment.flags);
            (shape, [&[link_type, cut], data].concat())
        }),
        "track" => noise(),
        _ => files(),
    }
}

/// One seed for all segments that look alike: the fuzzer is faster with few seeds. `seed` gives the
/// look and the octets.
fn one_per_shape(
    seed: fn(&OwnedFrame, &Segment<'_>) -> (String, Vec<u8>),
) -> BTreeMap<String, Vec<u8>> {
    let mut shapes = BTreeMap::new();
    for (name, frames) in testdata::captures() {
        for frame in &frames {
            let Some(segment) = frame.segment() else { continue };
            let (shape, octets) = seed(frame, &segment);
            shapes.entry(shape).or_insert((format!("{name}-{}", frame.number), octets));
        }
    }
    shapes.into_values().collect()
}

/// Kinds and lengths of the options, and the two octets that most forms are told by.
fn shape(mut rest: &[u8]) -> String {
    let mut shape = String::new();
    while let [kind, following @ ..] = rest {
        let len = if *kind < 2 { 1 } else { usize::from(*following.first().unwrap_or(&0)).max(2) };
        let form = if *kind == mptcp::KIND { rest.get(2..4) } else { None };
        write!(shape, "{kind}:{len}:{form:?} ").unwrap();
        rest = rest.get(len..).unwrap_or_default();
    }
    shape
}

fn link_type_octet(link_type: LinkType) -> u8 {
    let index = LINK_TYPES.iter().position(|known| *known == link_type).unwrap();
    u8::try_from(index).unwrap()
}

/// No capture is in the form that this target reads; but any octets are good there.
fn noise() -> BTreeMap<String, Vec<u8>> {
    let mut random = Random::new(0x7472_6163_6b73_6565);
    let mut seed = || (0..8 * 24).map(|_| random.octet()).collect();
    (0..200).map(|number| (format!("noise-{number}"), seed())).collect()
}

/// All captures, and small ones of every format, byte order and compression.
fn files() -> BTreeMap<String, Vec<u8>> {
    let mut files: BTreeMap<_, _> = testdata::files("captures").into_iter().collect();
    files.insert("small-big.pcap".to_owned(), small_pcap(Order::Big, NANO));
    files.insert("small-little.pcap".to_owned(), small_pcap(Order::Little, MICRO));
    files.insert("small-big.pcapng".to_owned(), small_pcapng(Order::Big));
    let one = files["one-subflow-v4.pcap"].clone();
    for compression in [Compression::Gz, Compression::Zst, Compression::Xz, Compression::Lz4] {
        files.insert(format!("one-subflow-v4.pcap.{compression}"), compress(compression, &one));
    }
    files
}
