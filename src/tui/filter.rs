//! Which rows are wanted: words that must all be there.
//!
//! ```text
//!  10.0.1.1 443             both somewhere in the row
//!  ip.addr==10.0.1.1        as in Wireshark; also tcp.port, mptcp.token, mptcp.version
//!  state==reset code==single-path
//!  subflows>1 bytes>=1MB    numbers compare
//!  !fallback                not
//! ```

use crate::report::model::{Connection, Finding};
use crate::units::parse;

/// A filter as it was typed, and what it means.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    text: String,
    terms: Vec<Term>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Term {
    negated: bool,
    what: What,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum What {
    /// Anything that contains this.
    Word(String),
    /// One field.
    Field { name: String, compare: Compare, value: String },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Compare {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// Longer signs first: the first one that is found counts.
const SIGNS: [(&str, Compare); 7] = [
    ("==", Compare::Equal),
    ("!=", Compare::NotEqual),
    ("<=", Compare::LessOrEqual),
    (">=", Compare::GreaterOrEqual),
    ("<", Compare::Less),
    (">", Compare::Greater),
    ("=", Compare::Equal),
];

/// A value of a row.
enum Value {
    Text(String),
    Number(u64),
}

impl Filter {
    /// What `text` asks for. Every text means something.
    pub fn parse(text: &str) -> Self {
        // Wireshark's "and" and "&&" say what a space says here.
        let words = text.split_whitespace().filter(|word| !matches!(*word, "and" | "&&"));
        Self { text: text.trim().to_owned(), terms: words.map(Term::parse).collect() }
    }

    /// Whether it lets everything through.
    pub const fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// As it was typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether a connection, with the findings on it, is wanted.
    pub fn takes_connection(&self, connection: &Connection, findings: &[Finding]) -> bool {
        self.is_empty() || self.takes(&row_of(connection, findings))
    }

    /// Whether a finding, of a connection, is wanted.
    pub fn takes_finding(&self, finding: &Finding, connection: Option<&Connection>) -> bool {
        if self.is_empty() {
            return true;
        }
        let mut row = connection.map_or_else(Vec::new, |connection| row_of(connection, &[]));
        row.push(("code", Value::Text(finding.code.to_string())));
        row.push(("severity", Value::Text(format!("{:?}", finding.severity).to_lowercase())));
        row.push(("summary", Value::Text(finding.summary.to_lowercase())));
        self.takes(&row)
    }

    fn takes(&self, row: &[(&str, Value)]) -> bool {
        self.terms.iter().all(|term| term.what.is_met_by(row) != term.negated)
    }
}

impl Term {
    fn parse(word: &str) -> Self {
        let word = word.to_lowercase();
        let (negated, word) = match word.strip_prefix('!') {
            Some(rest) if !rest.is_empty() => (true, rest),
            _ => (false, word.as_str()),
        };
        let found = SIGNS.iter().find_map(|(sign, compare)| {
            let (name, value) = word.split_once(sign)?;
            (!name.is_empty()).then_some((name, *compare, value))
        });
        let what = match found {
            Some((name, compare, value)) => {
                What::Field { name: name.to_owned(), compare, value: value.to_owned() }
            }
            None => What::Word(word.to_owned()),
        };
        Self { negated, what }
    }
}

impl What {
    fn is_met_by(&self, row: &[(&str, Value)]) -> bool {
        match self {
            Self::Word(word) => row.iter().any(|(_, value)| value.contains(word)),
            Self::Field { name, compare, value } => {
                let mut fields = row.iter().filter(|(field, _)| is_named(field, name));
                match compare {
                    Compare::NotEqual => fields.all(|(_, field)| !field.is_equal(value)),
                    _ => fields.any(|(_, field)| field.compare(*compare, value)),
                }
            }
        }
    }
}

/// Whether a user may call a field so: by its last part, or as Wireshark does.
fn is_named(field: &str, name: &str) -> bool {
    match name {
        "ip.addr" | "ipv6.addr" | "ip.src" | "ip.dst" | "addr" | "host" => field == "address",
        "tcp.port" | "tcp.srcport" | "tcp.dstport" => field == "port",
        "tcp.options.mptcp.version" | "mptcp.version" => field == "version",
        "mptcp.token" | "mptcp.expected_token" => field == "token",
        "tcp.stream" => field == "stream",
        "mptcp.stream" | "conn" | "connection" => field == "id",
        "finding" => field == "code",
        _ => field == name,
    }
}

impl Value {
    fn contains(&self, word: &str) -> bool {
        match self {
            Self::Text(text) => text.contains(word),
            Self::Number(number) => number.to_string() == word,
        }
    }

    fn is_equal(&self, value: &str) -> bool {
        match self {
            Self::Text(text) => text == value,
            Self::Number(number) => self::number(value) == Some(*number),
        }
    }

    fn compare(&self, compare: Compare, value: &str) -> bool {
        let (Self::Number(left), Some(right)) = (self, number(value)) else {
            return compare == Compare::Equal && self.is_equal(value);
        };
        match compare {
            Compare::Equal => *left == right,
            Compare::NotEqual => *left != right,
            Compare::Less => *left < right,
            Compare::LessOrEqual => *left <= right,
            Compare::Greater => *left > right,
            Compare::GreaterOrEqual => *left >= right,
        }
    }
}

/// `12`, `1MB`, `v1`.
fn number(text: &str) -> Option<u64> {
    let text = text.strip_prefix('v').unwrap_or(text);
    text.parse().ok().or_else(|| parse::size(&text.to_uppercase().replace("IB", "iB")).ok())
}

/// What of a connection can be asked for.
fn row_of(connection: &Connection, findings: &[Finding]) -> Vec<(&'static str, Value)> {
    let text = |text: String| Value::Text(text.to_lowercase());
    let mut row = vec![
        ("id", Value::Number(connection.id)),
        ("state", text(format!("{:?}", connection.state))),
        ("subflows", Value::Number(connection.subflows.len() as u64)),
        ("bytes", Value::Number(connection.c2s.stream_bytes + connection.s2c.stream_bytes)),
        ("duration", Value::Number(connection.duration_ns.unsigned_abs() / 1_000_000_000)),
    ];
    if let Some(version) = connection.version {
        row.push(("version", Value::Number(version.0.into())));
    }
    if connection.fallback.is_some() {
        row.push(("state", text("fallback".to_owned())));
    }
    for host in [&connection.client, &connection.server] {
        if let Some(token) = host.token {
            row.push(("token", text(token.to_string())));
        }
    }
    for subflow in &connection.subflows {
        for end in [&subflow.client, &subflow.server] {
            row.push(("address", text(end.address.to_string())));
            row.push(("port", Value::Number(end.port.into())));
        }
        row.extend(subflow.tcp_stream.map(|stream| ("stream", Value::Number(stream.into()))));
    }
    row.extend(findings.iter().map(|finding| ("code", text(finding.code.to_string()))));
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> Vec<(&'static str, Value)> {
        vec![
            ("address", Value::Text("10.0.1.1".to_owned())),
            ("address", Value::Text("10.0.2.1".to_owned())),
            ("port", Value::Number(443)),
            ("bytes", Value::Number(2_000_000)),
            ("code", Value::Text("single-path".to_owned())),
            ("version", Value::Number(1)),
        ]
    }

    #[test]
    fn words_and_fields() {
        let takes = |text: &str| Filter::parse(text).takes(&row());
        for wanted in [
            "",
            "10.0.1",
            "443 single",
            "ip.addr==10.0.2.1 && tcp.port==443",
            "bytes>1MB",
            "bytes>=2000000",
            "mptcp.version==1",
            "version=v1",
            "!fallback",
            "finding==single-path",
            "ip.addr!=10.0.9.1",
            "!ip.addr==10.0.9.1",
        ] {
            assert!(takes(wanted), "{wanted}");
        }
        for unwanted in
            ["44", "10.0.9", "bytes<1MB", "!443", "code==single", "nothing==1", "ip.addr!=10.0.1.1"]
        {
            assert!(!takes(unwanted), "{unwanted}");
        }
    }
}
