//! Connections in a line each: which columns there are, their order, and the same as JSON.

use std::cmp::Ordering;
use std::io::{self, Write};
use std::net::IpAddr;

use serde::Serialize;

use super::model::{Connection, Finding, Generator, Host, Report};
use super::rows::state_name;
use crate::analyze::finding::{Code, Severity};
use crate::wire::mptcp::{Token, Version};
use crate::wire::segment::Endpoint;

/// On a terminal with fewer columns fewer facts are shown, so that findings have room.
const NARROW: usize = 100;

/// What stands in a column.
macro_rules! columns {
    ($($column:ident $name:literal $about:literal;)+) => {
        /// A column of the list, and what its rows are sorted by.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Column {
            $(#[doc = $about] $column,)+
        }

        impl Column {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$column,)+];

            /// Its name on the command line.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$column => $name,)+ }
            }

            /// What stands in it.
            pub const fn about(self) -> &'static str {
                match self { $(Self::$column => $about,)+ }
            }
        }
    };
}

columns! {
    Id "id" "Number of the connection";
    Client "client" "Address and port of the client on the first subflow";
    Server "server" "Address and port of the server on the first subflow";
    Version "version" "Version of MPTCP, or that it fell back to TCP";
    State "state" "How far the connection came";
    Subflows "subflows" "How many subflows it has";
    C2s "c2s" "Bytes of the stream from the client";
    S2c "s2c" "Bytes of the stream from the server";
    Bytes "bytes" "Bytes of both streams";
    Start "start" "When it began, from the first packet of the capture";
    Duration "duration" "From its first packet to its last";
    Rtt "rtt" "Round trip of the first subflow's handshake";
    Severity "severity" "How bad its worst finding is";
    Codes "codes" "Codes of its findings, the worst first";
    Findings "findings" "Both";
    Token "token" "Token of the server, which names the connection in joins to it";
    Verdict "verdict" "What happened, in a sentence";
}

impl Column {
    /// Those that are shown on a terminal of so many columns if nobody asks for others.
    pub fn usual(width: Option<usize>) -> &'static [Self] {
        if width.is_some_and(|width| width < NARROW) { Self::FEW } else { Self::USUAL }
    }

    /// What matters most.
    const FEW: &'static [Self] = &[
        Self::Id,
        Self::Client,
        Self::Server,
        Self::State,
        Self::Subflows,
        Self::C2s,
        Self::S2c,
        Self::Findings,
    ];

    /// Those that are shown where there is room for them.
    pub const USUAL: &'static [Self] = &[
        Self::Id,
        Self::Client,
        Self::Server,
        Self::Version,
        Self::State,
        Self::Subflows,
        Self::C2s,
        Self::S2c,
        Self::Duration,
        Self::Findings,
    ];

    /// Whether the largest, longest or worst is looked for first.
    const fn is_descending(self) -> bool {
        matches!(
            self,
            Self::Subflows
                | Self::C2s
                | Self::S2c
                | Self::Bytes
                | Self::Duration
                | Self::Rtt
                | Self::Severity
                | Self::Findings
        )
    }

    /// Which of two rows stands first; what is not known stands last.
    fn compare(self, is_descending: bool, left: &ListRow<'_>, right: &ListRow<'_>) -> Ordering {
        let rows = Rows { is_descending, left, right };
        match self {
            Self::Id => rows.by(|row| Some(row.id)),
            Self::Client => rows.by(|row| Some((row.client.address, row.client.port))),
            Self::Server => rows.by(|row| Some((row.server.address, row.server.port))),
            Self::Version => rows.by(|row| Some((row.fallback, row.version?.0))),
            Self::State => rows.by(|row| Some(row.state)),
            Self::Subflows => rows.by(|row| Some(row.subflows)),
            Self::C2s => rows.by(|row| Some(row.c2s_bytes)),
            Self::S2c => rows.by(|row| Some(row.s2c_bytes)),
            Self::Bytes => rows.by(|row| Some(row.c2s_bytes + row.s2c_bytes)),
            Self::Start => rows.by(|row| Some(row.start_t_ns)),
            Self::Duration => rows.by(|row| Some(row.duration_ns)),
            Self::Rtt => rows.by(|row| row.rtt_ns),
            Self::Severity | Self::Findings => rows.by(|row| Some((row.severity?, row.findings))),
            Self::Codes => rows.by(|row| Some(row.codes.first()?.name())),
            Self::Token => rows.by(|row| Some(row.token?.0)),
            Self::Verdict => rows.by(|row| Some(row.verdict)),
        }
    }
}

/// Two rows that are compared.
struct Rows<'r, 'a> {
    is_descending: bool,
    left: &'r ListRow<'a>,
    right: &'r ListRow<'a>,
}

impl<'r, 'a> Rows<'r, 'a> {
    fn by<K: Ord>(&self, key: impl Fn(&'r ListRow<'a>) -> Option<K>) -> Ordering {
        match (key(self.left), key(self.right)) {
            (Some(left), Some(right)) if self.is_descending => right.cmp(&left),
            (Some(left), Some(right)) => left.cmp(&right),
            (left, right) => left.is_none().cmp(&right.is_none()),
        }
    }
}

/// What rows are sorted by, and which way round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SortKey {
    /// By this.
    pub column: Column,
    /// The other way round than usual.
    pub is_reversed: bool,
}

impl SortKey {
    fn compare(self, left: &ListRow<'_>, right: &ListRow<'_>) -> Ordering {
        let is_descending = self.column.is_descending() != self.is_reversed;
        self.column.compare(is_descending, left, right)
    }
}

/// A connection in a line.
///
/// ```json
/// {"id": 0, "client": {"address": "10.0.1.2", "port": 45172},
///  "server": {"address": "10.1.1.2", "port": 5001}, "version": 1, "fallback": false,
///  "state": "closed", "subflows": 2, "c2s_bytes": 151000, "s2c_bytes": 233000, "start_t_ns": 0,
///  "duration_ns": 1380000000, "rtt_ns": 11000000, "severity": "warning",
///  "codes": ["add-addr-no-space"], "findings": 1, "token": "0x106dabcd", "verdict": "…"}
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ListRow<'a> {
    /// Its number.
    pub id: u64,
    /// The client on the first subflow.
    pub client: ListEnd,
    /// The server there.
    pub server: ListEnd,
    /// Version of MPTCP.
    pub version: Option<Version>,
    /// Whether it fell back to plain TCP.
    pub fallback: bool,
    /// How far it came.
    pub state: &'static str,
    /// How many subflows it has.
    pub subflows: u64,
    /// Bytes of the stream from the client.
    pub c2s_bytes: u64,
    /// Bytes of the stream from the server.
    pub s2c_bytes: u64,
    /// Its first packet.
    pub start_t_ns: i64,
    /// From its first packet to its last.
    pub duration_ns: i64,
    /// From the SYN of the first subflow to the third ACK.
    pub rtt_ns: Option<i64>,
    /// Of its worst finding; `None` if there is no finding.
    pub severity: Option<Severity>,
    /// Codes of its findings, the worst first, each once.
    pub codes: Vec<Code>,
    /// How many findings there are.
    pub findings: u64,
    /// Token of the server.
    pub token: Option<Token>,
    /// What happened.
    pub verdict: &'a str,
}

/// An end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ListEnd {
    /// Its address.
    pub address: IpAddr,
    /// Its port.
    pub port: u16,
}

impl ListEnd {
    /// Address and port.
    pub const fn endpoint(self) -> Endpoint {
        Endpoint { address: self.address, port: self.port }
    }
}

impl From<&Host> for ListEnd {
    fn from(host: &Host) -> Self {
        Self { address: host.address, port: host.port }
    }
}

impl<'a> ListRow<'a> {
    fn new(connection: &'a Connection, findings: &[Finding]) -> Self {
        let mut worst_first: Vec<_> = findings.iter().collect();
        worst_first.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        let mut codes: Vec<Code> = Vec::new();
        for finding in &worst_first {
            if !codes.contains(&finding.code) {
                codes.push(finding.code);
            }
        }
        Self {
            id: connection.id,
            client: (&connection.client).into(),
            server: (&connection.server).into(),
            version: connection.version,
            fallback: connection.fallback.is_some(),
            state: state_name(connection.state),
            subflows: connection.subflows.len() as u64,
            c2s_bytes: connection.c2s.stream_bytes,
            s2c_bytes: connection.s2c.stream_bytes,
            start_t_ns: connection.start_t_ns,
            duration_ns: connection.duration_ns,
            rtt_ns: connection.subflows.first().and_then(|first| first.handshake.rtt_ns),
            severity: worst_first.first().map(|finding| finding.severity),
            codes,
            findings: findings.len() as u64,
            token: connection.server.token,
            verdict: &connection.verdict,
        }
    }
}

/// The connections of a report, a row each, by the first key, then by the second, and so on.
pub fn rows<'a>(report: &'a Report, keys: &[SortKey]) -> Vec<ListRow<'a>> {
    let row =
        |connection: &'a Connection| ListRow::new(connection, report.findings_of(connection.id));
    let mut rows: Vec<_> = report.connections.iter().map(row).collect();
    rows.sort_by(|left, right| {
        let mut orders = keys.iter().map(|key| key.compare(left, right));
        orders.find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    });
    rows
}

/// What `list --json` writes.
#[derive(Debug, Serialize)]
struct List<'a> {
    schema_version: u32,
    generator: Generator,
    filter: Option<&'a str>,
    connections: &'a [ListRow<'a>],
}

/// Writes rows as JSON: an object with `connections`, in the order of `rows`.
pub fn write_json(report: &Report, rows: &[ListRow<'_>], out: &mut dyn Write) -> io::Result<()> {
    let list = List {
        schema_version: report.schema_version,
        generator: report.generator.clone(),
        filter: report.filter.as_deref(),
        connections: rows,
    };
    serde_json::to_writer_pretty(&mut *out, &list)?;
    writeln!(out)
}
