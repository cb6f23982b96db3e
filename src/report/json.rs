//! The report as JSON, and the schema of it.

mod indented;

use std::io::{self, Write};

use super::model::Report;

/// Writes the report, indented, with a newline at its end.
pub fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    indented::write(report, out)?;
    writeln!(out)?;
    out.flush()
}

/// The JSON Schema that every report fits.
pub fn schema() -> schemars::Schema {
    let settings = schemars::generate::SchemaSettings::draft2020_12().for_serialize();
    settings.into_generator().into_root_schema_for::<Report>()
}
