//! Leaf · which rows a user wants: one language for lists, reports, packets, live lines and screens.
//!
//! ```text
//! expression = term (and|&&) term | term (or|\|\|) term | (not|!) term | (expression)
//! term       = FIELD OP VALUE | FIELD in {VALUE, …} | WORD
//! OP         = == != < <= > >= contains
//! ```
//!
//! Two terms side by side mean *and*, which binds more closely than *or*. A [`Field`] says what its
//! values look like. A word is looked for in all of the row; in quotes it may be anything.
//!
//! A row is asked for fields through [`Row`]. It may have several values of one: a connection has the
//! addresses of all its subflows. A term holds if it holds for any of them; `!=` if none of them is
//! equal. Of what is not known, neither a term nor its negation holds.

mod error;
mod expression;
mod field;
mod lexer;
mod parser;
mod reference;
mod row;
mod value;

use std::fmt;

pub use error::FilterError;
pub use expression::{Comparison, Expression};
pub use field::{Field, Kind};
pub use reference::{MEANING, SYNTAX};
pub use row::{Row, RowValue};
pub use value::{Prefix, Value};

/// A filter as it was typed, and what it means.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    text: String,
    expression: Option<Expression>,
}

impl Filter {
    /// What `text` asks for; `codes` are the codes of findings. Nothing asks for every row.
    ///
    /// Fails with the place in `text` that means nothing.
    pub fn parse(text: &str, codes: &[&'static str]) -> Result<Self, FilterError> {
        let expression = parser::parse(text, codes)?;
        Ok(Self { text: text.trim().to_owned(), expression })
    }

    /// Whether it lets everything through.
    pub const fn is_empty(&self) -> bool {
        self.expression.is_none()
    }

    /// As it was typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What it means.
    pub const fn expression(&self) -> Option<&Expression> {
        self.expression.as_ref()
    }

    /// Whether a row is wanted.
    pub fn takes(&self, row: &dyn Row) -> bool {
        self.expression.as_ref().is_none_or(|expression| expression.holds(row) == Some(true))
    }

    /// The fields it asks for, each once.
    pub fn fields(&self) -> Vec<Field> {
        let mut fields = Vec::new();
        if let Some(expression) = &self.expression {
            expression.collect_fields(&mut fields);
        }
        fields
    }

    /// The fields it asks for that are known of none of `rows`, although there are some: no row can
    /// satisfy a term on them.
    pub fn unknown_fields<'a, R: Row + 'a>(
        &self,
        rows: &(impl Iterator<Item = R> + Clone + 'a),
    ) -> Vec<Field> {
        let mut fields = self.fields();
        if rows.clone().next().is_none() {
            return Vec::new();
        }
        fields.retain(|field| rows.clone().all(|row| is_unknown(&row, *field)));
        fields
    }
}

/// Whether a row knows no value of `field`, nor that there is none.
fn is_unknown(row: &dyn Row, field: Field) -> bool {
    let (mut is_known, mut is_open) = (false, false);
    row.values(field, &mut |value| match value {
        RowValue::Unknown | RowValue::NoneOf(_) => is_open = true,
        _ => is_known = true,
    });
    is_open && !is_known
}

impl fmt::Display for Filter {
    /// In one way of writing it, whatever it was typed like.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.expression.as_ref().map_or(Ok(()), |expression| write!(out, "{expression}"))
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;

    /// A row of made-up values.
    #[derive(Clone)]
    struct Made(&'static [(Field, RowValue<'static>)], &'static [&'static str]);

    impl Row for Made {
        fn values(&self, field: Field, take: &mut dyn FnMut(RowValue<'_>)) {
            for (_, value) in self.0.iter().filter(|(found, _)| *found == field) {
                take(*value);
            }
        }

        fn words(&self, take: &mut dyn FnMut(RowValue<'_>)) {
            self.1.iter().for_each(|word| take(RowValue::Text(word)));
            self.0.iter().for_each(|(_, value)| take(*value));
        }
    }

    const CODES: [&str; 3] = ["single-path", "reinjection", "join-no-answer"];

    fn filter(text: &str) -> Filter {
        Filter::parse(text, &CODES).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    const fn v4(last: [u8; 2]) -> RowValue<'static> {
        RowValue::Address(IpAddr::V4(Ipv4Addr::new(10, 0, last[0], last[1])))
    }

    const VALUES: &[(Field, RowValue<'static>)] = &[
        (Field::Address, v4([1, 1])),
        (Field::Address, v4([2, 1])),
        (Field::Port, RowValue::Number(443)),
        (Field::Port, RowValue::Number(5001)),
        (Field::Bytes, RowValue::Number(2_000_000)),
        (Field::Duration, RowValue::Number(1_500_000_000)),
        (Field::Code, RowValue::Text("single-path")),
        (Field::Severity, RowValue::Text("warning")),
        (Field::State, RowValue::Text("fast_closed")),
        (Field::Version, RowValue::Number(1)),
        (Field::Token, RowValue::Number(0x1234_abcd)),
        (Field::Token, RowValue::Unknown),
        (Field::Paths, RowValue::Unknown),
    ];

    fn row() -> Made {
        Made(VALUES, &["The transfer stalled"])
    }

    #[test]
    fn what_is_wanted() {
        for text in [
            "",
            "  ",
            "10.0.1",
            "443 single",
            "STALLED",
            "\"transfer stalled\"",
            "ip.addr==10.0.2.1 && tcp.port==443",
            "ip.addr == 10.0.0.0/8",
            "ip.addr in {192.0.2.1, 10.0.2.0/24}",
            "ip.addr contains 0.2",
            "bytes>1MB",
            "bytes>=2000000",
            "bytes == 16Mbit",
            "duration == 1.5s",
            "duration > 200ms and duration < 1m",
            "mptcp.version==1",
            "version=v1",
            "!fallback",
            "finding==single-path",
            "code contains path",
            "code in {reinjection, single-path}",
            "ip.addr!=10.0.9.1",
            "!ip.addr==10.0.9.1",
            "not (tcp.port == 80 or tcp.port == 81)",
            "tcp.port == 80 or tcp.port == 443",
            "severity >= note",
            "severity <= WARNING",
            "state == fast-closed",
            "tcp.port > 5000",
            "mptcp.token == 0x1234abcd",
        ] {
            assert!(filter(text).takes(&row()), "{text}");
        }
    }

    #[test]
    fn what_is_not_wanted() {
        for text in [
            "44",
            "10.0.9",
            "bytes<1MB",
            "!443",
            "code==reinjection",
            "ip.addr!=10.0.1.1",
            "ip.addr != 10.0.0.0/8",
            "severity > warning",
            "tcp.port == 443 and tcp.port == 80",
            "not tcp.port == 443",
            "stalled nothing",
            "(tcp.port == 443 or tcp.port == 80) and bytes < 1",
        ] {
            assert!(!filter(text).takes(&row()), "{text}");
        }
    }

    #[test]
    fn of_what_is_not_known_nothing_holds() {
        for text in [
            "paths == 2",
            "paths != 2",
            "not paths == 2",
            "not (paths == 2 and tcp.port == 443)",
            "paths < 2 or paths >= 2",
            // One token is known, the other one may be this.
            "mptcp.token != 0x00000001",
            "not mptcp.token == 0x00000001",
        ] {
            assert!(!filter(text).takes(&row()), "{text}");
        }
        // What settles it without the unknown does hold.
        for text in [
            "paths == 2 or tcp.port == 443",
            "not (paths == 2 and tcp.port == 80)",
            "tunnel != 1 or tcp.port == 443",
        ] {
            assert!(filter(text).takes(&row()), "{text}");
        }
        // Known to have none: none of them is.
        assert!(filter("tunnel != vxlan").takes(&row()));
        assert!(!filter("tunnel == vxlan").takes(&row()));
    }

    #[test]
    fn fields_of_which_nothing_is_known() {
        let asked = filter("paths > 1 or (mptcp.token == 0x00000001 and not paths == 7)");
        assert_eq!(asked.fields(), [Field::Paths, Field::Token]);
        assert_eq!(asked.unknown_fields(&[row(), row()].into_iter()), [Field::Paths]);
        assert!(asked.unknown_fields(&std::iter::empty::<Made>()).is_empty());
    }
}
