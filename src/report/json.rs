//! The report as JSON, and the schema of it.

mod indent;
mod series;
mod values;

use std::io::{self, BufWriter, Write};

use serde::Serialize;
use serde_json::Serializer;

use super::model::Report;
use indent::Indent;

/// Bytes that are put together before they are written: more than the buffer of an output takes, which
/// therefore hands them on and does not copy them.
const BUFFER: usize = 1 << 17;

/// Writes the report, indented, with a newline at its end.
pub fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    // A buffer of a known type: of what is written, most pieces are a few bytes long.
    let out = BufWriter::with_capacity(BUFFER, out);
    let mut serializer = Serializer::with_formatter(out, Indent::default());
    report.serialize(&mut serializer)?;
    let mut out = serializer.into_inner();
    writeln!(out)?;
    out.flush()
}

/// The JSON Schema that every report fits.
pub fn schema() -> schemars::Schema {
    let settings = schemars::generate::SchemaSettings::draft2020_12().for_serialize();
    settings.into_generator().into_root_schema_for::<Report>()
}
