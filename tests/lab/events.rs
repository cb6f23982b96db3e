//! The kernel's path-manager events, as `ip mptcp monitor` prints them, against the report.

use std::collections::BTreeSet;
use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use mptcpscope::internals::report::Report;
use mptcpscope::internals::report::event::EventKind;
use mptcpscope::internals::report::model::SubflowEndpoint;
use mptcpscope::internals::track::proof::Verdict;
use mptcpscope::internals::wire::mptcp::{AddAddr, MptcpOption};
use socket2::{Domain, Protocol, Socket, Type};

use super::host::Host;
use super::view::{PacketStamp, Sender, Side, View};
use super::wait::wait_for;

/// A running monitor.
pub(crate) struct Monitor {
    file: PathBuf,
    child: Child,
    markers: usize,
}

impl Monitor {
    /// Starts it and returns when it listens.
    pub(crate) fn start(host: &Host, file: &Path) -> Self {
        let output = File::create(file).unwrap();
        let child = host.run(move || {
            Command::new("setpriv")
                .args(["--pdeathsig", "KILL", "ip", "mptcp", "monitor"])
                .stdin(Stdio::null())
                .stdout(output)
                .spawn()
                .unwrap()
        });
        wait_for("the monitor of events", || host.has_generic_netlink_listener());
        Self { file: file.to_owned(), child, markers: 0 }
    }

    /// Waits until every event is in the file: until that of a socket that listens now is.
    pub(crate) fn catch_up(&mut self, host: &Host) {
        self.markers += 1;
        host.run(|| {
            let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::MPTCP)).unwrap();
            let any: std::net::SocketAddr = ([127, 0, 0, 1], 0).into();
            socket.bind(&any.into()).unwrap();
            socket.listen(1).unwrap();
            drop(TcpListener::from(socket));
        });
        wait_for("the monitor to catch up", || {
            let events = self.read();
            // Some versions of iproute2 have no name for it.
            let is_marker =
                |line: &&str| line.contains("[UNKNOWN 15]") || line.contains("LISTENER_CREATED]");
            events.lines().filter(is_marker).count() >= self.markers
        });
    }

    /// What the kernel told.
    pub(crate) fn facts(&self) -> BTreeSet<String> {
        self.read().lines().filter_map(kernel_fact).collect()
    }

    fn read(&self) -> String {
        std::fs::read_to_string(&self.file).unwrap()
    }
}

impl Drop for Monitor {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One event in the words of [`report_facts`]; `None` for those that are not compared.
fn kernel_fact(line: &str) -> Option<String> {
    let (kind, fields) = line.strip_prefix('[')?.split_once(']')?;
    let field = |name: &str| {
        let mut words = fields.split_whitespace();
        words.find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
    };
    let either = |name: &str| field(&format!("{name}4")).or_else(|| field(&format!("{name}6")));
    let token = u32::from_str_radix(field("token")?, 16).ok()?;
    let own = || Some(format!("{}:{} id {}", either("saddr")?, field("sport")?, field("locid")?));
    let peer = || Some(format!("{}:{} id {}", either("daddr")?, field("dport")?, field("remid")?));
    let fact = match kind.trim() {
        "ESTABLISHED" => format!("established, own {}, peer {}", own()?, peer()?),
        "SF_ESTABLISHED" => format!("joined, own {}, peer {}", own()?, peer()?),
        "ANNOUNCED" => {
            format!("announced {}:{} id {}", either("daddr")?, field("dport")?, field("remid")?)
        }
        "REMOVED" => format!("removed id {}", field("remid")?),
        _ => return None,
    };
    Some(format!("0x{token:08x}: {fact}"))
}

/// What the kernel of this host must have told, by the packets.
pub(crate) fn report_facts(side: Side, report: &Report) -> BTreeSet<String> {
    let mut facts = BTreeSet::new();
    for seen in (View { side, report }).subflows() {
        let Some(connection) = seen.connection else { continue };
        let host = if side == Side::Client { &connection.client } else { &connection.server };
        let Some(token) = &host.token else { continue };
        if seen.is_agreed() {
            let (own, peer) = ends(&seen);
            facts.insert(format!("{token}: established, own {}, peer {}", end(own), end(peer)));
        }
        facts.extend(subflow_facts(&seen).map(|fact| format!("{token}: {fact}")));
    }
    facts
}

fn subflow_facts(seen: &PacketStamp<'_>) -> impl Iterator<Item = String> {
    let is_joined = if seen.is_opener() {
        seen.is_own_join() && seen.syn_ack_hmac_is(Verdict::Verified)
    } else {
        seen.is_taken()
    };
    let (own, peer) = ends(seen);
    let joined = is_joined.then(|| format!("joined, own {}, peer {}", end(own), end(peer)));
    let mut facts: Vec<_> = joined.into_iter().collect();
    for (_, kind) in seen.events(Sender::Peer) {
        if let EventKind::Option(MptcpOption::AddAddr(add)) = kind
            && !add.is_echo()
            && seen.is_proved(add)
        {
            facts.push(announced(add, peer_port(seen)));
        }
    }
    facts.extend(seen.removed_ids(Sender::Peer).map(|(_, id)| format!("removed id {id}")));
    facts.into_iter()
}

fn ends<'a>(seen: &PacketStamp<'a>) -> (&'a SubflowEndpoint, &'a SubflowEndpoint) {
    let (client, server) = (&seen.subflow.client, &seen.subflow.server);
    if seen.side == Side::Client { (client, server) } else { (server, client) }
}

fn end(end: &SubflowEndpoint) -> String {
    let id = end.address_id.map_or("unknown".to_owned(), |id| id.to_string());
    format!("{}:{} id {id}", end.address, end.port)
}

/// The kernel tells the port of the connection where the announcement has none.
fn announced(add: &AddAddr, usual_port: u16) -> String {
    let port = add.port.unwrap_or(usual_port);
    format!("announced {}:{port} id {}", add.address, add.address_id)
}

fn peer_port(seen: &PacketStamp<'_>) -> u16 {
    let connection = seen.connection.expect("options come on connections");
    if seen.side == Side::Client { connection.server.port } else { connection.client.port }
}
