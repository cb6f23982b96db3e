//! What a filter means: terms, how they hang together, and whether they hold for a row.

use std::fmt;

use super::field::{Field, Kind};
use super::lexer::as_word;
use super::row::{Row, RowValue};
use super::value::{Value, rank};

/// What a row has to be like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expression {
    /// All of these: none of them is of this kind itself.
    All(Vec<Expression>),
    /// Any of these: none of them is of this kind itself.
    Any(Vec<Expression>),
    /// Not this.
    Not(Box<Expression>),
    /// This word, in lower case, is somewhere in it.
    Word(String),
    /// A field compares so with a value.
    Compare(Field, Comparison, Value),
    /// A field is one of these.
    In(Field, Vec<Value>),
}

/// How a field compares with a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Contains,
}

impl Expression {
    /// Whether it holds for a row; `None` where that is not known.
    pub(super) fn holds(&self, row: &dyn Row) -> Option<bool> {
        match self {
            Self::All(parts) => all(parts.iter().map(|part| part.holds(row))),
            Self::Any(parts) => any(parts.iter().map(|part| part.holds(row))),
            Self::Not(part) => part.holds(row).map(|holds| !holds),
            Self::Word(word) => {
                let mut found = false;
                row.words(&mut |value| found = found || value.has_word(word));
                Some(found)
            }
            Self::Compare(field, Comparison::NotEqual, value) => {
                is_any(row, *field, Comparison::Equal, value).map(|equal| !equal)
            }
            Self::Compare(field, comparison, value) => is_any(row, *field, *comparison, value),
            Self::In(field, values) => {
                let is_one = |value| is_any(row, *field, Comparison::Equal, value);
                any(values.iter().map(is_one))
            }
        }
    }

    pub(super) fn collect_fields(&self, fields: &mut Vec<Field>) {
        match self {
            Self::All(parts) | Self::Any(parts) => {
                for part in parts {
                    part.collect_fields(fields);
                }
            }
            Self::Not(part) => part.collect_fields(fields),
            Self::Word(_) => {}
            Self::Compare(field, ..) | Self::In(field, _) => {
                if !fields.contains(field) {
                    fields.push(*field);
                }
            }
        }
    }
}

/// Whether all hold: one that does not settles it, whatever is not known.
fn all(parts: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    any(parts.map(|part| part.map(|holds| !holds))).map(|holds| !holds)
}

/// Whether one holds: that settles it, whatever is not known.
fn any(parts: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut outcome = Some(false);
    for part in parts {
        match part {
            Some(true) => return part,
            Some(false) => {}
            None => outcome = None,
        }
    }
    outcome
}

/// Whether any value of a field compares so with this one.
fn is_any(row: &dyn Row, field: Field, comparison: Comparison, value: &Value) -> Option<bool> {
    let mut outcome = Some(false);
    row.values(field, &mut |found| match (outcome, as_level(field, found)) {
        (Some(true), _) => {}
        (_, RowValue::Unknown) => outcome = None,
        (_, RowValue::NoneOf(words)) => {
            let is_one = matches!(value, Value::Word(word) if words.contains(word));
            outcome = outcome.filter(|_| is_one);
        }
        (_, found) if comparison.holds(found, value) => outcome = Some(true),
        _ => {}
    });
    outcome
}

/// Words of a list that has an order are compared by their places in it.
fn as_level(field: Field, found: RowValue<'_>) -> RowValue<'_> {
    match (field.kind(), found) {
        (Kind::Level(words), RowValue::Text(word)) => {
            rank(words, word).map_or(RowValue::Unknown, RowValue::Number)
        }
        _ => found,
    }
}

impl Comparison {
    /// `!=` asks all values of a row, so it is no question to one.
    fn holds(self, found: RowValue<'_>, value: &Value) -> bool {
        match (self, found, value) {
            (Self::Equal, ..) => value.is_equal(found),
            (Self::Contains, _, Value::Text(part)) => found.has_word(part),
            (Self::Less, RowValue::Number(found), Value::Number(value)) => found < *value,
            (Self::LessOrEqual, RowValue::Number(found), Value::Number(value)) => found <= *value,
            (Self::Greater, RowValue::Number(found), Value::Number(value)) => found > *value,
            (Self::GreaterOrEqual, RowValue::Number(found), Value::Number(value)) => {
                found >= *value
            }
            _ => false,
        }
    }

    /// How it is written.
    pub(super) const fn sign(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Contains => "contains",
        }
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All(parts) => write_joined(parts, " and ", out),
            Self::Any(parts) => write_joined(parts, " or ", out),
            Self::Not(part) => {
                out.write_str("not ")?;
                write_part(part, out)
            }
            Self::Word(word) => out.write_str(&as_word(word)),
            Self::Compare(field, comparison, value) => {
                write!(out, "{field} {} ", comparison.sign())?;
                value.write(*field, out)
            }
            Self::In(field, values) => {
                write!(out, "{field} in {{")?;
                for (index, value) in values.iter().enumerate() {
                    out.write_str(if index == 0 { "" } else { ", " })?;
                    value.write(*field, out)?;
                }
                out.write_str("}")
            }
        }
    }
}

fn write_joined(parts: &[Expression], between: &str, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (index, part) in parts.iter().enumerate() {
        out.write_str(if index == 0 { "" } else { between })?;
        write_part(part, out)?;
    }
    Ok(())
}

/// In brackets, if it has parts.
fn write_part(part: &Expression, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    match part {
        Expression::All(_) | Expression::Any(_) => write!(out, "({part})"),
        _ => write!(out, "{part}"),
    }
}
