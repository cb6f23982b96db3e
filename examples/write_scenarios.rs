//! Writes the segments of every scenario as captures, each input as one: `write_scenarios FOLDER`.

#[path = "../tests/it/support/mod.rs"]
#[allow(
    dead_code,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "support of tests"
)]
mod support;

use std::path::PathBuf;
use std::{env, fs};

use anyhow::{Context, Result};
use support::capture_bytes::{NANO, Order, pcap_header, pcap_record};
use support::scenario::{self, Recorded, Scenario};

const LINK_TYPE_RAW: u32 = 101;
const SECOND: i64 = 1_000_000_000;

fn main() -> Result<()> {
    let folder = PathBuf::from(env::args_os().nth(1).context("the folder is missing")?);
    fs::create_dir_all(&folder)?;
    for file in scenario::files() {
        let name = file.file_stem().context("a file")?.display();
        let frames = Scenario::parse(&fs::read_to_string(&file)?)?.play(0)?.frames;
        let inputs = frames.iter().map(|frame| frame.point.input).max().unwrap_or(0);
        for input in 0..=inputs {
            let own = frames.iter().filter(|frame| frame.point.input == input);
            fs::write(folder.join(format!("{name}.{input}.pcap")), pcap(own)?)?;
        }
    }
    Ok(())
}

fn pcap<'a>(frames: impl Iterator<Item = &'a Recorded>) -> Result<Vec<u8>> {
    let mut bytes = pcap_header(Order::Little, NANO, 0, LINK_TYPE_RAW);
    for Recorded { at, wire_len, bytes: packet, .. } in frames {
        let seconds = u32::try_from(at.0.div_euclid(SECOND))?;
        let fraction = u32::try_from(at.0.rem_euclid(SECOND))?;
        bytes.extend(pcap_record(Order::Little, seconds, fraction, *wire_len, packet));
    }
    Ok(bytes)
}
