//! The report as JSON, and the schema of it.

use std::io::{self, BufWriter, Write};

use super::model::Report;

/// Octets that are put together before they are written.
const BUFFER: usize = 1 << 16;

/// Writes the report, indented, with a newline at its end.
pub fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    // serde writes word by word: straight into a buffer, not through `dyn`.
    let mut out = BufWriter::with_capacity(BUFFER, out);
    serde_json::to_writer_pretty(&mut out, report)?;
    writeln!(out)?;
    out.flush()
}

/// The JSON Schema that every report fits.
pub fn schema() -> schemars::Schema {
    let settings = schemars::generate::SchemaSettings::draft2020_12().for_serialize();
    settings.into_generator().into_root_schema_for::<Report>()
}
