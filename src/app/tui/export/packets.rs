//! The packets of a connection as a capture file.

use std::io;
use std::path::Path;

use crate::capture::PacketReader;
use crate::capture::write::{Rotation, Writer};
use crate::track::packet_class::PacketClass;
use crate::tui::Snapshot;
use crate::wire::frame::{CapturePoint, LinkType};

/// How many packets were written, and how many were not there to be written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct ExportCounts {
    pub(super) written: u64,
    pub(super) gone: u64,
}

/// Writes the packets of a connection, by its index in the report, as pcapng to `path`.
pub(super) fn write(
    snapshot: &Snapshot,
    connection: usize,
    reader: &PacketReader,
    path: &Path,
) -> io::Result<ExportCounts> {
    let members = snapshot.subflows.members(connection);
    let mut writer = Writer::create(path, &[], Rotation::default())?;
    let mut interfaces = ExportInterfaces::default();
    let mut counts = ExportCounts::default();
    let Some(origin) = snapshot.packets.origin() else { return Ok(counts) };
    for (_, entry) in snapshot.packets.iter_from(0) {
        if members.lane(&entry).is_none() {
            continue;
        }
        let packet = entry.place().and_then(|place| reader.read(entry.number(), place));
        let Some(packet) = packet else {
            counts.gone += 1;
            continue;
        };
        let mut frame = packet.frame(entry.number(), entry.at(origin));
        let interface = interfaces.number(frame.link_type, entry.kind() == PacketClass::Copy);
        frame.point = CapturePoint { input: 0, interface };
        writer.write(&frame)?;
        counts.written += 1;
    }
    writer.finish()?;
    Ok(counts)
}

/// The interfaces of the file: one for each link type, and another one for what was captured twice,
/// so that it still shows as that.
#[derive(Default)]
struct ExportInterfaces {
    known: Vec<(LinkType, bool)>,
}

impl ExportInterfaces {
    fn number(&mut self, link_type: LinkType, is_copy: bool) -> u16 {
        let wanted = (link_type, is_copy);
        let found = self.known.iter().position(|known| *known == wanted);
        let number = found.unwrap_or_else(|| {
            self.known.push(wanted);
            self.known.len() - 1
        });
        u16::try_from(number).unwrap_or(u16::MAX)
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use serde_json::Value;

    use super::*;
    use crate::app::tui::load_all;
    use crate::capture::InputPath;
    use crate::wire::frame::Timestamp;

    /// A connection of a capture, without what depends on the packets around it.
    fn facts(snapshot: &Snapshot, connection: usize) -> String {
        let mut facts = serde_json::to_value(&snapshot.report.connections[connection]).unwrap();
        forget_places(&mut facts);
        serde_json::to_string_pretty(&facts).unwrap()
    }

    fn forget_places(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                let places = ["packet", "syn", "syn_ack", "ack", "fourth_ack", "id", "tcp_stream"];
                fields.retain(|name, _| {
                    !places.contains(&name.as_str())
                        && !["_packet", "t_ns", "start_ns"].iter().any(|end| name.ends_with(end))
                });
                fields.values_mut().for_each(forget_places);
            }
            Value::Array(items) => items.iter_mut().for_each(forget_places),
            _ => {}
        }
    }

    /// When its packets were captured.
    fn times(snapshot: &Snapshot, connection: usize) -> Vec<Timestamp> {
        let members = snapshot.subflows.members(connection);
        let packets = snapshot.packets.iter_from(0);
        let its = packets.filter(|(_, entry)| members.lane(entry).is_some());
        its.map(|(_, entry)| entry.at(snapshot.packets.origin().unwrap())).collect()
    }

    fn compare(path: PathBuf) -> u64 {
        let name = path.display().to_string();
        let (whole, reader) = load_all(vec![InputPath::File(path)]).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let mut written = 0;
        for connection in 0..whole.report.connections.len() {
            let path = folder.path().join("part.pcapng");
            let counts = write(&whole, connection, &reader, &path).unwrap();
            assert_eq!(counts.gone, 0, "{name}");
            written += counts.written;
            let (part, _) = load_all(vec![InputPath::File(path)]).unwrap();
            assert_eq!(part.source.frames, counts.written, "{name}");
            assert_eq!(part.report.connections.len(), 1, "{name}");
            assert_eq!(times(&part, 0), times(&whole, connection), "{name}");
            let (part, whole) = (facts(&part, 0), facts(&whole, connection));
            let other = part.lines().zip(whole.lines()).enumerate().find(|(_, (a, b))| a != b);
            assert_eq!(other, None, "{name}, {connection}:\n{part}");
        }
        written
    }

    #[test]
    fn what_was_written_is_the_same_connection() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/captures");
        let mut written = 0;
        for entry in folder.read_dir().unwrap() {
            let path = entry.unwrap().path();
            if !path.to_string_lossy().ends_with(".md") {
                written += compare(path);
            }
        }
        assert!(written > 1_000, "only {written} packets");
    }
}
