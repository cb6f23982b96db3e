//! What the kernel says about an MPTCP socket: MPTCP_INFO, as `ss -M` prints it.

use mptcpscope::internals::report::model::{Connection, Host as Reported};

use super::host::Host;
use super::view::Side;

/// A host's own view of a connection, when all was said and nothing closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SocketInfo {
    token: u32,
    /// The data sequence number after the last byte sent.
    write_seq: u64,
    /// The one after the last byte received.
    rcv_nxt: u64,
}

impl SocketInfo {
    /// Of the socket that has this port at the client.
    pub(crate) fn of(host: &Host, side: Side, client_port: u16) -> Option<Self> {
        let sockets = host.command("ss", "-HMniO");
        let line = sockets.lines().find(|line| {
            let mut words = line.split_whitespace().skip(3);
            let (local, peer) = (words.next(), words.next());
            let end = if side == Side::Client { local } else { peer };
            end.is_some_and(|end| end.ends_with(&format!(":{client_port}")))
        })?;
        let field = |name: &str| {
            let mut words = line.split_whitespace();
            let digits = words.find_map(|word| word.strip_prefix(name)?.strip_prefix(':'))?;
            u64::from_str_radix(digits, 16).ok()
        };
        Some(Self {
            token: u32::try_from(field("token")?).ok()?,
            write_seq: field("write_seq")?,
            rcv_nxt: field("rcv_nxt")?,
        })
    }

    /// The same by the report. What went with a SYN is outside the data sequence space.
    pub(crate) fn by_packets(connection: &Connection, side: Side, in_syn: u64) -> Option<Self> {
        let next = |host: &Reported, bytes: u64| Some(host.idsn?.0.wrapping_add(1 + bytes));
        let up = next(&connection.client, connection.c2s.stream_bytes - in_syn)?;
        let down = next(&connection.server, connection.s2c.stream_bytes)?;
        Some(match side {
            Side::Client => {
                Self { token: connection.client.token?.0, write_seq: up, rcv_nxt: down }
            }
            Side::Server => {
                Self { token: connection.server.token?.0, write_seq: down, rcv_nxt: up }
            }
        })
    }
}
