//! Every column that tshark wrote for every packet of testdata, against what is decoded here.
//!
//! `testdata/oracle/README.md` explains the columns. What differs for a known reason stands in
//! [`KNOWN`]; what cannot be compared, in [`NO_COUNTERPART`].

mod columns;

use std::collections::BTreeSet;
use std::fs;

use mptcpscope::internals::wire::mptcp::MptcpOption;

use columns::Packet;

use crate::support::testdata;

/// Columns that nothing here corresponds to.
const NO_COUNTERPART: [(&str, &str); 2] = [
    ("ieee8021ad.id", "VLAN tags are skipped, not kept"),
    ("vlan.id", "VLAN tags are skipped, not kept"),
];

/// A difference that is not a fault of ours.
struct Known {
    column: &'static str,
    applies: fn(&Difference<'_>) -> bool,
    reason: &'static str,
}

const KNOWN: [Known; 5] = [
    Known {
        column: "src",
        applies: |difference| !difference.packet.is_tcp && difference.ours.is_empty(),
        reason: "of a packet that is not TCP (ICMPv6 here) only the frame is kept",
    },
    Known {
        column: "dst",
        applies: |difference| !difference.packet.is_tcp && difference.ours.is_empty(),
        reason: "of a packet that is not TCP (ICMPv6 here) only the frame is kept",
    },
    Known {
        column: "tcp.stream",
        applies: |difference| !difference.packet.is_tracked && difference.ours.is_empty(),
        reason: "plain TCP flows are numbered, but cannot be looked at",
    },
    Known {
        column: "tcp.options.mptcp.checksum",
        applies: |difference| {
            let is_dss = |option: &MptcpOption| matches!(option, MptcpOption::Dss(_));
            difference.theirs.is_empty() && difference.packet.mptcp.iter().any(is_dss)
        },
        reason: "tshark 4.0.17 asks for two octets too many and never shows the checksum of a DSS",
    },
    Known {
        column: "mptcp.stream",
        applies: |difference| difference.theirs.is_empty(),
        reason: "tshark gives no stream to a packet without a key it knows (the SYN of version 1), \
                 without MPTCP options, or after a fallback at the SYN/ACK",
    },
];

/// A value of ours that is not tshark's.
#[derive(Debug)]
struct Difference<'a> {
    capture: &'a str,
    packet: &'a Packet,
    column: &'a str,
    ours: &'a str,
    theirs: &'a str,
}

impl Difference<'_> {
    fn known(&self) -> Option<&'static str> {
        KNOWN
            .iter()
            .find(|known| known.column == self.column && (known.applies)(self))
            .map(|known| known.reason)
    }
}

/// What tshark wrote for one capture.
struct Table {
    capture: String,
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
}

#[test]
fn every_column_of_every_packet_is_tsharks() {
    let mut unexplained = Vec::new();
    let mut used = BTreeSet::new();
    for (table, packets) in tables() {
        assert_eq!(table.rows.len(), packets.len(), "packets of {}", table.capture);
        for (row, packet) in table.rows.iter().zip(&packets) {
            for difference in differences(&table, row, packet) {
                match difference.known() {
                    Some(reason) => drop(used.insert((difference.column.to_owned(), reason))),
                    None => unexplained.push(describe(&difference)),
                }
            }
        }
    }
    assert!(unexplained.is_empty(), "{}", unexplained.join("\n"));
    for known in &KNOWN {
        let is_used = used.contains(&(known.column.to_owned(), known.reason));
        assert!(is_used, "not seen any more, take it out: {}, {}", known.column, known.reason);
    }
}

/// The comparison above can fail: in every column a changed value is noticed, and not explained
/// away.
#[test]
fn a_changed_value_is_noticed() {
    let mut noticed = BTreeSet::new();
    let mut all = BTreeSet::new();
    for (table, packets) in tables() {
        all.extend(table.columns.iter().cloned());
        for (row, packet) in table.rows.iter().zip(&packets) {
            for (index, column) in table.columns.iter().enumerate() {
                if noticed.contains(column) || row[index].is_empty() {
                    continue;
                }
                let mut changed = row.clone();
                changed[index] = format!("{}7", row[index]);
                let found = differences(&table, &changed, packet);
                let unexplained = |difference: &&Difference<'_>| difference.known().is_none();
                if found.iter().filter(unexplained).any(|found| found.column == column) {
                    noticed.insert(column.clone());
                }
            }
        }
    }
    let blind: Vec<_> = all.difference(&noticed).map(String::as_str).collect();
    assert_eq!(blind, NO_COUNTERPART.map(|(column, _)| column), "where no change is noticed");
}

fn differences<'a>(table: &'a Table, row: &'a [String], packet: &'a Packet) -> Vec<Difference<'a>> {
    let mut differences = Vec::new();
    for (column, theirs) in table.columns.iter().zip(row) {
        let ours = packet.values.get(column.as_str()).map_or("", String::as_str);
        let has_counterpart = NO_COUNTERPART.iter().all(|(name, _)| name != column);
        if has_counterpart && ours != theirs {
            let capture = table.capture.as_str();
            differences.push(Difference { capture, packet, column, ours, theirs });
        }
    }
    differences
}

fn describe(difference: &Difference<'_>) -> String {
    let Difference { capture, packet, column, ours, theirs } = difference;
    format!("{capture}, packet {}, {column}: {ours:?}, tshark {theirs:?}", packet.number)
}

/// Every capture: tshark's table, and our packets.
fn tables() -> Vec<(Table, Vec<Packet>)> {
    let captures = testdata::captures();
    let names: BTreeSet<_> = captures.iter().map(|(name, _)| stem(name)).collect();
    let tables: BTreeSet<_> = testdata::files("oracle")
        .iter()
        .filter_map(|(name, _)| Some(name.strip_suffix(".tsv")?.to_owned()))
        .collect();
    assert_eq!(names, tables, "every capture has its table: run oracle/make-tsv.sh");
    captures
        .into_iter()
        .map(|(name, frames)| {
            let table = Table::read(&name);
            let has_interfaces = name.ends_with(".pcapng");
            (table, columns::packets(&frames, has_interfaces))
        })
        .collect()
}

impl Table {
    fn read(capture: &str) -> Self {
        let path = testdata::path(&format!("oracle/{}.tsv", stem(capture)));
        let text = fs::read_to_string(path).unwrap();
        let mut lines = text.lines().skip_while(|line| line.starts_with('#'));
        let mut split = || Some(lines.next()?.split('\t').map(str::to_owned).collect::<Vec<_>>());
        let columns = split().unwrap();
        let rows: Vec<_> = std::iter::from_fn(split).collect();
        assert!(rows.iter().all(|row| row.len() == columns.len()), "{capture}: columns");
        Self { capture: capture.to_owned(), columns, rows }
    }
}

fn stem(capture: &str) -> String {
    capture.split('.').next().unwrap().to_owned()
}
