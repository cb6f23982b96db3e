//! The counter table: how each `MPTcpExt` counter of a Linux host follows from the report on a
//! capture taken there, or why packets can't tell. `docs/kernel-counters.md` is written from it.

mod table;

use std::fmt;
use std::ops::RangeInclusive;

use mptcpscope::internals::report::Report;

use super::host::Counters;
use super::view::{Side, View};
use Rule::{Exact, Silent, Within};
use table::TABLE;

/// One counter.
pub(crate) struct Counter {
    pub(crate) name: &'static str,
    pub(crate) rule: Rule,
}

/// How it follows from packets.
pub(crate) enum Rule {
    /// Exactly so.
    Exact(&'static str, fn(View<'_>) -> u64),
    /// It is one of these values.
    Within(&'static str, fn(View<'_>) -> RangeInclusive<u64>),
    /// Not at all, and why.
    Silent(&'static str),
}

/// A counter that is not what the packets say.
pub(crate) struct Difference {
    pub(crate) host: &'static str,
    pub(crate) counter: &'static str,
    kernel: u64,
    packets: RangeInclusive<u64>,
}

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, counter, kernel, packets } = self;
        write!(formatter, "{host}: {counter} is {kernel}, by the packets ")?;
        if packets.start() == packets.end() {
            write!(formatter, "{}", packets.start())
        } else {
            write!(formatter, "{} to {}", packets.start(), packets.end())
        }
    }
}

/// Compares the counters that the kernel has with what the report says.
pub(crate) fn differences(
    host: &'static str,
    side: Side,
    report: &Report,
    kernel: &Counters,
) -> Vec<Difference> {
    let view = View { side, report };
    let compare = |row: &'static Counter| {
        let kernel = *kernel.get(row.name)?;
        let packets = row.rule.apply(view)?;
        (!packets.contains(&kernel)).then_some(Difference {
            host,
            counter: row.name,
            kernel,
            packets,
        })
    };
    TABLE.iter().filter_map(compare).collect()
}

impl Rule {
    fn apply(&self, view: View<'_>) -> Option<RangeInclusive<u64>> {
        match self {
            Exact(_, derive) => {
                let value = derive(view);
                Some(value..=value)
            }
            Within(_, derive) => Some(derive(view)),
            Silent(_) => None,
        }
    }
}

#[test]
fn every_counter_of_this_kernel_has_its_row() {
    let netstat = std::fs::read_to_string("/proc/net/netstat").unwrap_or_default();
    let names = netstat.lines().find_map(|line| line.strip_prefix("MPTcpExt: "));
    for name in names.into_iter().flat_map(|names| names.split(' ')) {
        let rows = TABLE.iter().filter(|row| row.name == name).count();
        assert_eq!(rows, 1, "{name}");
    }
}

/// With `UPDATE=1` the table is written.
#[test]
fn the_documentation_has_this_table() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/kernel-counters.md");
    let found = std::fs::read_to_string(path).unwrap();
    let (before, rest) = found.split_once(TABLE_BEGIN).expect("the beginning is marked");
    let (_, after) = rest.split_once(TABLE_END).expect("the end is marked");
    let expected = format!("{before}{TABLE_BEGIN}{}{TABLE_END}{after}", markdown());
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, expected).unwrap();
    } else {
        assert!(found == expected, "docs/kernel-counters.md is old: run with UPDATE=1");
    }
}

const TABLE_BEGIN: &str = "<!-- table: written from tests/lab/counters/table.rs -->\n";
const TABLE_END: &str = "<!-- end of table -->";

fn markdown() -> String {
    let head = "| counter | from packets | how, or why not |\n|---|---|---|\n";
    let rows = TABLE.iter().map(|row| {
        let (exactness, text) = match &row.rule {
            Exact(text, _) => ("yes", text),
            Within(text, _) => ("bounds", text),
            Silent(text) => ("no", text),
        };
        format!("| `{}` | {exactness} | {text} |\n", row.name)
    });
    std::iter::once(head.to_owned()).chain(rows).collect()
}
