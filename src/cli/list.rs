//! The flags of `list`.

use std::ffi::{OsStr, OsString};

use clap::builder::{PossibleValue, TypedValueParser};
use clap::{Arg, Args, Error};

use super::{FilterArgs, Inputs};
use crate::nearest::nearest;
use crate::report::list::{Column, SortKey};

/// Arguments of `list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Which captures.
    #[command(flatten)]
    pub inputs: Inputs,
    /// Which connections.
    #[command(flatten)]
    pub filter: FilterArgs,
    /// Sort by these columns, the largest and worst first; -COLUMN: the other way round
    #[arg(
        long,
        value_name = "COLUMN,…",
        value_delimiter = ',',
        value_parser = SortParser,
        allow_hyphen_values = true,
        hide_possible_values = true
    )]
    pub sort: Vec<SortKey>,
    /// Show these columns (several with commas between them)
    #[arg(long, value_name = "COLUMN,…", value_delimiter = ',', value_parser = ColumnParser)]
    pub columns: Vec<Column>,
    /// Write all columns as JSON to FILE; - is standard output, in place of the text
    #[arg(long, value_name = "FILE")]
    pub json: Option<OsString>,
}

/// Reads the name of a column, and lists all of them to help and completions.
#[derive(Debug, Clone, Copy)]
struct ColumnParser;

impl TypedValueParser for ColumnParser {
    type Value = Column;

    fn parse_ref(
        &self,
        cmd: &clap::Command,
        arg: Option<&Arg>,
        value: &OsStr,
    ) -> Result<Column, Error> {
        column_of.parse_ref(cmd, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let value = |column: &Column| PossibleValue::new(column.name()).help(column.about());
        Some(Box::new(Column::ALL.iter().map(value)))
    }
}

/// The same for `--sort`.
#[derive(Debug, Clone, Copy)]
struct SortParser;

impl TypedValueParser for SortParser {
    type Value = SortKey;

    fn parse_ref(
        &self,
        cmd: &clap::Command,
        arg: Option<&Arg>,
        value: &OsStr,
    ) -> Result<SortKey, Error> {
        let key = |text: &str| {
            let (name, is_reversed) = match text.strip_prefix('-') {
                Some(name) => (name, true),
                None => (text, false),
            };
            column_of(name).map(|column| SortKey { column, is_reversed })
        };
        key.parse_ref(cmd, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        ColumnParser.possible_values()
    }
}

fn column_of(name: &str) -> Result<Column, String> {
    let mut all = Column::ALL.iter().copied();
    all.find(|column| column.name() == name).ok_or_else(|| {
        let names = || Column::ALL.iter().map(|column| column.name());
        if let Some(near) = nearest(name, names()) {
            return format!("there is no such column: did you mean {near}?");
        }
        let names: Vec<_> = names().collect();
        format!("there is no such column: there are {}", names.join(", "))
    })
}
