//! The limit: what no reader of captures can do without. It reads a pcap with reads of 1 MiB, finds
//! Ethernet, IP and TCP by hand, and walks over the TCP options.
//!
//! ```text
//! limit FILE
//! ```

use std::fs::File;
use std::io::Read;

/// Octets of the file header and of a record header.
const HEADER: usize = 24;
const RECORD_HEADER: usize = 16;

fn main() -> std::io::Result<()> {
    let path = std::env::args_os().nth(1).unwrap_or_default();
    let mut file = File::open(path)?;
    let mut buffer = vec![0; 1 << 20];
    let mut walk = Walk::default();
    let mut start = HEADER;
    let mut end = 0;
    loop {
        let octets = file.read(&mut buffer[end..])?;
        if octets == 0 {
            break;
        }
        end += octets;
        while let Some(record) = next_record(&buffer[start.min(end)..end]) {
            walk.take(record);
            start += RECORD_HEADER + record.len();
        }
        buffer.copy_within(start..end, 0);
        end -= start;
        start = 0;
    }
    println!("packets={} tcp={} sum={:x}", walk.packets, walk.tcp, walk.sum);
    Ok(())
}

/// The frame of the record that `data` starts with, if it is there as a whole.
fn next_record(data: &[u8]) -> Option<&[u8]> {
    let len = data.get(8..12)?;
    let len = u32::from_le_bytes([len[0], len[1], len[2], len[3]]) as usize;
    data.get(RECORD_HEADER..RECORD_HEADER + len)
}

#[derive(Default)]
struct Walk {
    packets: u64,
    tcp: u64,
    /// Of everything that was looked at, so that nothing of it can be left out.
    sum: u64,
}

impl Walk {
    #[inline]
    fn take(&mut self, frame: &[u8]) {
        self.packets += 1;
        self.take_tcp(frame);
    }

    #[inline]
    fn take_tcp(&mut self, frame: &[u8]) -> Option<()> {
        let ethertype = frame.get(12..14)?;
        let (tcp, protocol) = match ethertype {
            [0x08, 0x00] => {
                let header_len = usize::from(frame.get(14)? & 0x0f) * 4;
                (frame.get(14 + header_len..)?, *frame.get(23)?)
            }
            [0x86, 0xdd] => (frame.get(54..)?, *frame.get(20)?),
            _ => return None,
        };
        if protocol != 6 {
            return None;
        }
        self.tcp += 1;
        let header_len = usize::from(tcp.get(12)? >> 4) * 4;
        self.sum = self.sum.wrapping_add(u64::from(tcp[3]));
        let mut options = tcp.get(20..header_len.min(tcp.len()))?;
        while let [kind, rest @ ..] = options {
            self.sum = self.sum.wrapping_add(u64::from(*kind));
            options = match (kind, rest) {
                (0, _) => break,
                (1, rest) => rest,
                (_, [len, ..]) if *len >= 2 => options.get(usize::from(*len)..)?,
                _ => break,
            };
        }
        Some(())
    }
}
