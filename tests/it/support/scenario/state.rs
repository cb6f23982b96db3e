//! What the hosts of a scenario know: sequence numbers, keys, and how far each of them is.

use std::net::SocketAddr;

use anyhow::{Context, Result};
use mptcpscope::internals::track::role::{PerRole, Role};
use mptcpscope::internals::wire::crypto;
use mptcpscope::internals::wire::mptcp::{Key, Nonce, Version};
use mptcpscope::internals::wire::seq::Dsn;
use serde::Deserialize;

use super::words::number;

/// `[connection.A]` of a scenario: what differs from a plain connection of version 1.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a line of the file")]
pub(crate) struct ConnectionSettings {
    #[serde(default)]
    pub(crate) version: Option<u8>,
    /// Whether DSS checksums are in use.
    #[serde(default)]
    pub(crate) checksum: bool,
    /// Whether DSNs and DATA_ACKs are 4 bytes wide unless a line says otherwise.
    #[serde(default)]
    pub(crate) short_dsn: bool,
    #[serde(default)]
    pub(crate) short_ack: bool,
    #[serde(default)]
    pub(crate) timestamps: bool,
    /// Whether SACK is permitted.
    #[serde(default)]
    pub(crate) sack: bool,
    pub(crate) client_key: Option<String>,
    pub(crate) server_key: Option<String>,
    /// Instead of the one that the key makes: for connections whose handshake is not captured.
    pub(crate) client_idsn: Option<String>,
    pub(crate) server_idsn: Option<String>,
}

/// `[subflow.A0]` of a scenario: its addresses and initial sequence numbers.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SubflowSettings {
    pub(crate) client: Option<SocketAddr>,
    pub(crate) server: Option<SocketAddr>,
    pub(crate) client_isn: Option<u32>,
    pub(crate) server_isn: Option<u32>,
}

/// A connection letter and a subflow digit: `A0`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Name {
    pub(crate) connection: char,
    pub(crate) subflow: u8,
}

impl Name {
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let mut characters = text.chars();
        let (letter, digit) = (characters.next(), characters.next());
        let connection = letter.filter(char::is_ascii_uppercase);
        let subflow = digit.and_then(|digit| digit.to_digit(10));
        match (connection, subflow, characters.next()) {
            (Some(connection), Some(subflow), None) => {
                Ok(Self { connection, subflow: u8::try_from(subflow)? })
            }
            _ => anyhow::bail!("'{text}' is no subflow: a letter and a digit, like A0"),
        }
    }

    fn ordinal(self) -> u8 {
        self.connection as u8 - b'A'
    }
}

/// Bytes that arrived: everything before `end`, and what came early.
#[derive(Debug, Clone, Default)]
pub(crate) struct Received {
    end: u64,
    early: Vec<(u64, u64)>,
}

impl Received {
    pub(crate) fn add(&mut self, start: u64, len: u64) {
        self.early.push((start, start + len));
        self.early.sort_unstable();
        for (start, end) in &self.early {
            if *start <= self.end {
                self.end = self.end.max(*end);
            }
        }
        self.early.retain(|(_, end)| *end > self.end);
    }

    /// The next byte that is missing.
    pub(crate) const fn end(&self) -> u64 {
        self.end
    }
}

/// What one host has to say. Offsets count in the data sequence space: 0 is IDSN + 1.
#[derive(Debug, Clone)]
pub(crate) struct Host {
    pub(crate) key: Key,
    pub(crate) idsn: Dsn,
    /// Bytes of the stream that went with a SYN, before the data sequence space.
    pub(crate) prefix: u64,
    /// Next byte to send.
    pub(crate) next: u64,
    /// What the peer received, a DATA_FIN counted as one byte.
    pub(crate) received: Received,
    salt: u64,
}

impl Host {
    pub(crate) const fn dsn(&self, offset: u64) -> Dsn {
        self.idsn.add(1).add(offset)
    }

    /// Bytes of the stream, which are made from their offsets; those of a SYN come first.
    pub(crate) fn stream(&self, start: u64, len: u64) -> Vec<u8> {
        let byte = |at: u64| {
            let mixed = (at + self.salt * 1_000_003).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            (mixed >> 56) as u8
        };
        (start..start + len).map(byte).collect()
    }

    /// Bytes of the data sequence space.
    pub(crate) fn data(&self, offset: u64, len: u64) -> Vec<u8> {
        self.stream(self.prefix + offset, len)
    }
}

/// A connection.
#[derive(Debug, Clone)]
pub(crate) struct Connection {
    pub(crate) settings: ConnectionSettings,
    pub(crate) version: Version,
    pub(crate) hosts: PerRole<Host>,
}

impl Connection {
    /// `seed` makes other keys, unless the settings name them.
    pub(crate) fn new(letter: char, settings: ConnectionSettings, seed: u64) -> Result<Self> {
        let version = Version(settings.version.unwrap_or(1));
        let salt = u64::from(letter) * 2 + seed * 64;
        let host = |salt: u64, key: &Option<String>, idsn: &Option<String>| -> Result<Host> {
            let own = (salt + 1).wrapping_mul(0xd6e8_feb8_6659_fd93);
            let key = Key(key.as_deref().map(number).transpose()?.unwrap_or(own));
            let idsn = match idsn {
                Some(idsn) => Dsn(number(idsn)?),
                None => crypto::idsn(key, version),
            };
            // The bytes stay the same whatever the seed is.
            let salt = salt % 64;
            Ok(Host { key, idsn, prefix: 0, next: 0, received: Received::default(), salt })
        };
        let hosts = PerRole {
            client: host(salt, &settings.client_key, &settings.client_idsn)?,
            server: host(salt + 1, &settings.server_key, &settings.server_idsn)?,
        };
        Ok(Self { settings, version, hosts })
    }
}

/// One end of a subflow. Positions count from the SYN, which is 0.
#[derive(Debug, Clone)]
pub(crate) struct End {
    pub(crate) endpoint: SocketAddr,
    pub(crate) isn: u32,
    /// Next position to send.
    pub(crate) next: u64,
    /// Position of subflow sequence number 0.
    pub(crate) origin: u64,
    /// What the peer received.
    pub(crate) received: Received,
    pub(crate) nonce: Nonce,
}

/// A subflow.
#[derive(Debug, Clone)]
pub(crate) struct Subflow {
    pub(crate) ends: PerRole<End>,
    pub(crate) opener: Role,
}

impl Subflow {
    pub(crate) fn new(name: Name, opener: Role, settings: &SubflowSettings) -> Result<Self> {
        let path = name.subflow + 1;
        let port = 40_000 + 100 * u16::from(name.ordinal()) + u16::from(name.subflow);
        let (client, server) = match opener {
            Role::Client => (format!("10.0.{path}.2:{port}"), "10.1.1.2:5001".to_owned()),
            Role::Server => ("10.0.1.2:40000".to_owned(), format!("10.1.{path}.2:{port}")),
        };
        let isn = 1_000_000 * (1 + u32::from(name.ordinal())) + 10_000 * u32::from(name.subflow);
        let nonce = 0x5ca1_ab1e ^ isn;
        let end = |address: String, chosen: Option<SocketAddr>, isn: u32, nonce: u32| {
            let endpoint = match chosen {
                Some(chosen) => chosen,
                None => address.parse().context("address")?,
            };
            let (origin, received, nonce) = (0, Received::default(), Nonce(nonce));
            Ok::<_, anyhow::Error>(End { endpoint, isn, next: 0, origin, received, nonce })
        };
        let client_isn = settings.client_isn.unwrap_or(isn);
        let server_isn = settings.server_isn.unwrap_or(isn + 500_000);
        let ends = PerRole {
            client: end(client, settings.client, client_isn, nonce)?,
            server: end(server, settings.server, server_isn, !nonce)?,
        };
        Ok(Self { ends, opener })
    }
}
