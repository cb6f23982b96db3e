//! Makes a large capture out of a small one: every packet of the base comes once per copy, and each
//! copy is other connections between other addresses.
//!
//! ```text
//! multiply OUT COPIES SNAPLEN SEED BASE…
//! ```
//!
//! A copy has its own keys (made from SEED), and all that follows from keys is right: tokens, HMACs
//! of MP_JOIN and ADD_ADDR, data sequence numbers and DATA_ACKs. Times stay, so the copies run
//! interleaved, packet by packet: the worst case for caches. SNAPLEN 0 keeps whole packets.
//!
//! IP and TCP checksums are left as they were, hence wrong. What is not TCP is left out, and so are
//! MPTCP flows whose connection the base does not show from its start. DSS checksums are refused.

mod base;
mod copy;

use std::ffi::OsString;
use std::fs::File;
use std::io::{BufWriter, Write};

use anyhow::{Context, bail, ensure};
use base::{Base, Packet};
use copy::Copy;

const NS_PER_SECOND: i64 = 1_000_000_000;

/// One octet of an address tells the copies apart.
const MOST_COPIES: u32 = 256;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let [out, copies, snaplen, seed, inputs @ ..] = arguments.as_slice() else {
        bail!("usage: multiply OUT COPIES SNAPLEN SEED BASE…");
    };
    let copies = u32::try_from(number(copies)?)?;
    ensure!((1..=MOST_COPIES).contains(&copies), "1 to {MOST_COPIES} copies");
    let snaplen = match u32::try_from(number(snaplen)?)? {
        0 => 262_144,
        snaplen => snaplen,
    };
    let seed = number(seed)?;

    let base = Base::read(inputs)?;
    let copies: Vec<Copy> = (0..copies).map(|number| Copy::new(number, seed, &base)).collect();
    let file = File::create(out).with_context(|| out.display().to_string())?;
    let mut out = BufWriter::with_capacity(1 << 20, file);
    let packets = write(&base, &copies, snaplen, &mut out)?;
    out.flush()?;
    println!(
        "packets={packets} connections={} subflows={} left_out={}",
        base.connections.len() * copies.len(),
        base.subflows() * copies.len(),
        base.left_out,
    );
    Ok(())
}

fn number(argument: &OsString) -> anyhow::Result<u64> {
    let text = argument.to_str().unwrap_or_default();
    text.parse().with_context(|| format!("not a number: {text:?}"))
}

/// Writes a pcap with nanoseconds; returns how many packets it has.
fn write(base: &Base, copies: &[Copy], snaplen: u32, out: &mut impl Write) -> anyhow::Result<u64> {
    for word in [0xa1b2_3c4d, 2 | 4 << 16, 0, 0, snaplen, base.link_type.0] {
        out.write_all(&word.to_le_bytes())?;
    }
    let mut frame = Vec::new();
    let mut packets = 0;
    for packet in &base.packets {
        for copy in copies {
            frame.clear();
            frame.extend_from_slice(base.octets(packet));
            copy.rewrite(base, packet, &mut frame)?;
            write_record(packet, snaplen, &frame, out)?;
            packets += 1;
        }
    }
    Ok(packets)
}

fn write_record(
    packet: &Packet,
    snaplen: u32,
    frame: &[u8],
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let kept = frame.len().min(snaplen as usize);
    let time = packet.timestamp.0;
    let header = [
        u32::try_from(time / NS_PER_SECOND)?,
        u32::try_from(time % NS_PER_SECOND)?,
        u32::try_from(kept)?,
        packet.wire_len,
    ];
    for word in header {
        out.write_all(&word.to_le_bytes())?;
    }
    out.write_all(&frame[..kept])?;
    Ok(())
}
