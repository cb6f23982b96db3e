//! A scenario's surroundings: hosts, paths, captures; and at the end the comparison with the truth.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use mptcpscope::internals::report::Report;
use mptcpscope::internals::report::model::Connection;
use socket2::{Domain, Protocol, Socket, Type};

use super::analysis::{self, Lines};
use super::capture::Recording;
use super::forwarder::{Forwarder, Impairment};
use super::host::{Counters, Host};
use super::live;
use super::path;
use super::socket::SocketInfo;
use super::talk::{Minutes, Said, Talk, at_port};
use super::view::Side;
use super::wait::{PATIENCE, happens_within, wait_for};
use super::watch::{Watch, Watched};

/// The MTU of a path.
const MTU: u32 = 1500;

/// A client and a server, and what is between them.
///
/// Fields are dropped in this order: first what runs, then where it runs.
pub(crate) struct Lab {
    name: String,
    forwarders: Vec<Forwarder>,
    watches: Vec<Watch>,
    /// Of a router, where frames have another form.
    trunk: Option<Recording>,
    listener: Option<TcpListener>,
    minutes: Minutes,
    routers: Vec<Host>,
    pub(crate) client: Arc<Host>,
    pub(crate) server: Arc<Host>,
    others: Vec<Arc<Host>>,
    expected_at_others: Vec<Vec<&'static str>>,
    expected_differences: BTreeMap<(&'static str, &'static str), &'static str>,
    are_streams_broken: bool,
    scratch: PathBuf,
}

impl Lab {
    /// Two hosts without any path; `None` (and a word on standard error) where there can be no lab.
    pub(crate) fn open() -> Option<Self> {
        static PROBED: OnceLock<Result<(), String>> = OnceLock::new();
        let name = std::thread::current().name().unwrap_or("main").replace("::", ".");
        if let Err(reason) = PROBED.get_or_init(probe) {
            skip(&name, reason);
            return None;
        }
        let scratch = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("lab-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&scratch).unwrap();
        let lab = Self {
            name,
            forwarders: Vec::new(),
            watches: Vec::new(),
            trunk: None,
            listener: None,
            minutes: Minutes::default(),
            routers: Vec::new(),
            client: Arc::new(Host::new("client").unwrap()),
            server: Arc::new(Host::new("server").unwrap()),
            others: Vec::new(),
            expected_at_others: Vec::new(),
            expected_differences: BTreeMap::new(),
            are_streams_broken: false,
            scratch,
        };
        for host in [&lab.client, &lab.server] {
            host.limits(8, 8);
        }
        Some(lab)
    }

    /// With so many unimpaired paths.
    pub(crate) fn with_paths(count: usize) -> Option<Self> {
        let mut lab = Self::open()?;
        for number in 1..=count {
            lab.path(number);
        }
        Some(lab)
    }

    /// Says that the kernel lacks what the rest of the scenario needs.
    pub(crate) fn skip(&self, reason: &str) {
        skip(&self.name, reason);
    }

    /// An unimpaired path.
    pub(crate) fn path(&mut self, number: usize) {
        path::join(&self.client, &self.server, number, MTU, false);
    }

    /// An unimpaired path with another MTU, and with offloads if wanted.
    pub(crate) fn path_with(&mut self, number: usize, mtu: u32, offloads: bool) {
        path::join(&self.client, &self.server, number, mtu, offloads);
    }

    /// A path through a forwarder.
    pub(crate) fn path_through(&mut self, number: usize, impairment: Impairment) {
        let router = Host::new("router").unwrap();
        path::join_through(&self.client, &router, &self.server, number, MTU);
        self.forwarders.push(Forwarder::start(&router, impairment));
        self.routers.push(router);
    }

    /// A path with a stretch, recorded as well, where frames have VLAN tags.
    pub(crate) fn path_through_trunk(&mut self, number: usize, tags: &'static [[u8; 4]]) {
        let [near, far] = ["near router", "far router"].map(|name| Host::new(name).unwrap());
        path::join_through_trunk([&self.client, &self.server], [&near, &far], number, MTU);
        for (router, is_near) in [(&near, true), (&far, false)] {
            let tagging = Impairment::change(move |frame| {
                if frame.from_client == is_near { frame.tag(tags) } else { frame.untag() }
            });
            self.forwarders.push(Forwarder::start(router, tagging));
        }
        self.trunk = Some(Recording::start(&near, path::TOWARD_SERVER, &self.scratch));
        self.routers.extend([near, far]);
    }

    /// A path from the client to another host than the server, where these lines are expected.
    pub(crate) fn path_to_another(&mut self, number: usize, lines: &[&'static str]) -> Arc<Host> {
        let other = Arc::new(Host::new("other").unwrap());
        path::join(&self.client, &other, number, MTU, false);
        self.others.push(Arc::clone(&other));
        self.expected_at_others.push(lines.to_vec());
        other
    }

    /// The server listens at an address, or at all of its family (`0.0.0.0`, `::`).
    pub(crate) fn listen(&mut self, address: &str, protocol: Protocol) {
        let address = at_port(address);
        self.listener = Some(self.server.run(move || {
            let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(protocol));
            let socket = socket.unwrap();
            socket.set_reuse_address(true).unwrap();
            socket.bind(&address.into()).unwrap();
            socket.listen(64).unwrap();
            socket.into()
        }));
    }

    /// The client connects over MPTCP to an address of the server, who listens if it did not yet.
    pub(crate) fn connect(&mut self, to: &str) -> Talk {
        self.connect_over(to, Protocol::MPTCP)
    }

    pub(crate) fn connect_over(&mut self, to: &str, protocol: Protocol) -> Talk {
        let socket = self.client_socket(to, protocol);
        let address = at_port(to).into();
        let socket = self.client.run(move || socket.connect(&address).map(|()| socket));
        self.talk(socket.unwrap())
    }

    /// A socket of the client that is not connected yet; from here on everything is recorded.
    pub(crate) fn client_socket(&mut self, to: &str, protocol: Protocol) -> Socket {
        let address = at_port(to);
        if self.listener.is_none() {
            let any = if address.is_ipv6() { "::" } else { "0.0.0.0" };
            self.listen(any, Protocol::MPTCP);
        }
        self.record();
        self.client.run(move || {
            Socket::new(Domain::for_address(address), Type::STREAM, Some(protocol)).unwrap()
        })
    }

    /// The server accepts the connection of this socket.
    pub(crate) fn talk(&mut self, client: Socket) -> Talk {
        let listener = self.listener.as_ref().expect("the server listens");
        let server = accept(listener);
        Talk::new([client.into(), server], [&self.client, &self.server], &self.minutes)
    }

    /// Starts recording at both hosts, if that is not done yet.
    pub(crate) fn record(&mut self) {
        if self.watches.is_empty() {
            for (host, side) in [(&self.client, Side::Client), (&self.server, Side::Server)] {
                let watch = Watch::start(host, side, &self.scratch);
                self.watches.push(watch);
            }
            for host in &self.others {
                let watch = Watch::start(host, Side::Server, &self.scratch);
                self.watches.push(watch);
            }
        }
    }

    /// Waits until the server's (or the joined host's) side of so many joins is complete.
    pub(crate) fn wait_joined(&self, joins: u64) {
        self.server.wait_counted("MPJoinAckRx", joins);
        // The joiner needs the fourth ACK, too: until then it sends no data.
        wait_for("the fourth ACKs", || self.established_subflows() >= 2 * (joins + 1));
    }

    /// Subflows that are fully established, as `ss` tells it, at both ends.
    fn established_subflows(&self) -> u64 {
        established_subflows(&self.client) + established_subflows(&self.server)
    }

    /// A difference to the kernel that is understood.
    pub(crate) fn differs(&mut self, host: &'static str, counter: &'static str, why: &'static str) {
        self.expected_differences.insert((host, counter), why);
    }

    /// The applications can't agree on what was sent: bytes were changed, or never left.
    pub(crate) fn streams_break(&mut self) {
        self.are_streams_broken = true;
    }

    /// Compares both reports with the truth, and with the same lines.
    pub(crate) fn check(self, lines: &[&str]) {
        self.check_each(lines, lines);
    }

    /// The same where the hosts do not see the same.
    pub(crate) fn check_each(self, at_client: &[&str], at_server: &[&str]) {
        self.compare([at_client, at_server], |lines| lines);
    }

    /// The same where the order of the subflows is not certain.
    pub(crate) fn check_sorted(self, lines: &[&str]) {
        self.compare([lines, lines], |mut lines| {
            lines.sort();
            lines
        });
    }

    /// The same where it is not certain how the subflows end.
    pub(crate) fn check_connections(self, lines: &[&str]) {
        self.compare([lines, lines], |mut lines| {
            lines.retain(|line| line.starts_with("connection"));
            lines
        });
    }

    fn compare(mut self, expected: [&[&str]; 2], arrange: fn(Lines) -> Lines) {
        self.listener = None;
        let counters = self.settle();
        let at_trunk = expected[0];
        let mut problems = Vec::new();
        let others = std::mem::take(&mut self.expected_at_others);
        let expected = expected.into_iter().chain(others.iter().map(Vec::as_slice));
        self.watches.iter().for_each(Watch::end);
        self.trunk.iter().for_each(Recording::end);
        let watches: Vec<_> = self.watches.drain(..).zip(counters).collect();
        for ((watch, counters), expected) in watches.into_iter().zip(expected) {
            let host = watch.finish(counters);
            let lines = arrange(analysis::lines(&host.report));
            compare_lines(host.name, expected, &lines, &mut problems);
            if !host.report.connections.is_empty() {
                self.compare_streams(host.name, &host.report, &mut problems);
            }
            self.compare_counters(&host, &mut problems);
            problems.extend(host.event_differences());
            problems.extend(live::differences(&host.recorded));
        }
        if let Some(trunk) = self.trunk.take() {
            let recorded = trunk.stop();
            let report = analysis::report(&recorded);
            problems.extend(live::differences(&recorded));
            compare_lines("trunk", at_trunk, &analysis::lines(&report), &mut problems);
            self.compare_streams("trunk", &report, &mut problems);
        }
        if problems.is_empty() {
            let _ = std::fs::remove_dir_all(&self.scratch);
        } else {
            let captures = self.scratch.display();
            panic!("{}\ncaptures: {captures}", problems.join("\n"));
        }
    }

    /// Waits until nothing happens any more, and returns the counters as they are when the last
    /// packet is recorded.
    fn settle(&mut self) -> Vec<Counters> {
        const LAST_WORDS: Duration = Duration::from_secs(5);
        happens_within(LAST_WORDS, || self.client.open_sockets() + self.server.open_sockets() == 0);
        let mut counters = self.counters();
        let is_quiet = happens_within(PATIENCE, || {
            self.watches.iter_mut().for_each(Watch::catch_up);
            if let Some(trunk) = &mut self.trunk {
                trunk.catch_up(&self.routers[0]);
            }
            let now = self.counters();
            let before = std::mem::replace(&mut counters, now);
            before == counters
        });
        assert!(is_quiet, "it never ends");
        counters
    }

    fn counters(&self) -> Vec<Counters> {
        self.watches.iter().map(|watch| watch.host.counters()).collect()
    }

    fn compare_streams(&self, side: &str, report: &Report, problems: &mut Vec<String>) {
        if self.are_streams_broken {
            return;
        }
        let minutes = self.minutes.lock().unwrap();
        let mut connections: Vec<_> = report.connections.iter().collect();
        for said in minutes.iter() {
            // Several connections from one port are in the order of time.
            let at = connections.iter().position(|c| c.client.port == said.client_port);
            let Some(at) = at else {
                problems.push(format!("{side}: no connection from port {}", said.client_port));
                continue;
            };
            let connection = connections.remove(at);
            compare_sockets(side, said, connection, problems);
            let directions =
                [("up", &said.up, &connection.c2s), ("down", &said.down, &connection.s2c)];
            for (name, stream, found) in directions {
                if stream.sent != stream.received {
                    problems.push(format!("{name}: other octets were received than sent"));
                }
                let is_right = match &found.sha256 {
                    Some(hash) => *hash == stream.sent,
                    None => false,
                };
                if !is_right {
                    let (found, bytes) = (&found.sha256, found.stream_bytes);
                    problems.push(format!(
                        "{side}: connection {}, {name}: {bytes} octets are {found:?}, not {}",
                        connection.id, stream.sent
                    ));
                }
            }
        }
    }

    fn compare_counters(&self, watched: &Watched, problems: &mut Vec<String>) {
        for difference in watched.counter_differences() {
            match self.expected_differences.get(&(watched.name, difference.counter)) {
                Some(why) => eprintln!("{difference}: expected: {why}"),
                None => problems.push(difference.to_string()),
            }
        }
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        // Only if it is empty: the captures of a test that failed stay.
        let _ = std::fs::remove_dir(&self.scratch);
    }
}

fn compare_lines(side: &str, expected: &[&str], found: &Lines, problems: &mut Vec<String>) {
    if !found.iter().eq(expected.iter()) {
        let (expected, found) = (expected.join("\n    "), found.join("\n    "));
        problems.push(format!("{side}: expected\n    {expected}\n  found\n    {found}"));
    }
}

/// A fallback has data sequence numbers inside the kernel only.
fn compare_sockets(side: &str, said: &Said, connection: &Connection, problems: &mut Vec<String>) {
    let Some(sockets) = said.sockets.filter(|_| connection.fallback.is_none()) else { return };
    for (host, kernel) in [Side::Client, Side::Server].into_iter().zip(sockets) {
        let packets = SocketInfo::by_packets(connection, host, said.in_syn as u64);
        if kernel != packets {
            let host = host.name();
            problems.push(format!("{side}: socket of the {host}: {kernel:x?}, not {packets:x?}"));
        }
    }
}

fn accept(listener: &TcpListener) -> TcpStream {
    listener.set_nonblocking(true).unwrap();
    let mut accepted = None;
    wait_for("the server to accept", || {
        accepted = listener.accept().ok();
        accepted.is_some()
    });
    let (socket, _) = accepted.unwrap();
    socket.set_nonblocking(false).unwrap();
    socket
}

fn established_subflows(host: &Host) -> u64 {
    // `ss -i` of a subflow: `tcp-ulp-mptcp flags:…`, with `e` once it is fully established.
    let sockets = host.command("ss", "-Htni");
    let flags = sockets.split("tcp-ulp-mptcp flags:").skip(1);
    flags
        .filter(|rest| rest.split_whitespace().next().is_some_and(|flags| flags.contains('e')))
        .count() as u64
}

/// Whether there can be a lab here.
fn probe() -> Result<(), String> {
    for program in ["ip", "ss", "setpriv"] {
        let version = std::process::Command::new(program).arg("--version").output();
        version.map_err(|error| format!("{program} does not run: {error}"))?;
    }
    let host = std::panic::catch_unwind(|| Host::new("probe"));
    let host = host.map_err(|_| "a network namespace can't be set up".to_owned())??;
    let socket = host.run(|| Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::MPTCP)));
    socket.map_err(|error| format!("no MPTCP in this kernel ({error})"))?;
    Ok(())
}

/// Past the test harness, which would swallow it.
fn skip(name: &str, reason: &str) {
    let _ = writeln!(std::io::stderr(), "skipped: {name}: {reason}");
}
