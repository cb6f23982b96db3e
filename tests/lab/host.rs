//! Hosts: network namespaces without a name. A namespace lives as long as a thread or a socket is
//! in it, so nothing of it can stay behind, however the test ends.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use nix::sched::{CloneFlags, unshare};
use nix::unistd::gettid;

use super::wait::wait_for;

type Job = Box<dyn FnOnce() + Send>;

/// A host: what has to happen there runs on its own thread.
pub(crate) struct Host {
    /// For messages.
    pub(crate) name: &'static str,
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
    netns: String,
}

/// The `MPTcpExt` counters of a host, by name.
pub(crate) type Counters = BTreeMap<String, u64>;

impl Host {
    /// A host of its own, with a loopback interface and nothing else.
    pub(crate) fn new(name: &'static str) -> Result<Self, String> {
        let (jobs, queue) = channel::<Job>();
        let (ready, is_ready) = channel();
        let thread = std::thread::spawn(move || work(&queue, &ready));
        let tid = is_ready.recv().map_err(|error| error.to_string())??;
        let netns = format!("/proc/{}/task/{tid}/ns/net", std::process::id());
        let host = Self { name, jobs: Some(jobs), thread: Some(thread), netns };
        host.ip("link set lo up");
        for (name, value) in SYSCTLS {
            host.sysctl(name, value);
        }
        Ok(host)
    }

    /// The name of the namespace for `ip link … netns`.
    pub(crate) fn netns(&self) -> &str {
        &self.netns
    }

    /// Runs `job` in the host's namespace; threads and processes that it starts are in there, too.
    pub(crate) fn run<T: Send + 'static>(&self, job: impl FnOnce() -> T + Send + 'static) -> T {
        let (answer, result) = channel();
        let job = Box::new(move || drop(answer.send(job())));
        self.jobs.as_ref().unwrap().send(job).unwrap();
        result.recv().unwrap_or_else(|_| panic!("{}: a job panicked", self.name))
    }

    /// Runs a command to its end, which must be a good one, and returns what it printed.
    pub(crate) fn command(&self, program: &'static str, arguments: &str) -> String {
        let words: Vec<_> = arguments.split_whitespace().map(str::to_owned).collect();
        let output = self
            .run(move || Command::new(program).args(words).stdin(Stdio::null()).output().unwrap());
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {program} {arguments}: {errors}", self.name);
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs `ip`.
    pub(crate) fn ip(&self, arguments: &str) -> String {
        self.command("ip", arguments)
    }

    /// Adds an MPTCP endpoint, in the words of `ip mptcp endpoint add`.
    pub(crate) fn endpoint(&self, words: &str) {
        self.ip(&format!("mptcp endpoint add {words}"));
    }

    /// Sets what may be joined.
    pub(crate) fn limits(&self, subflows: u8, add_addr_accepted: u8) {
        self.ip(&format!(
            "mptcp limits set subflows {subflows} add_addr_accepted {add_addr_accepted}"
        ));
    }

    /// Sets `net/…`.
    pub(crate) fn sysctl(&self, name: &str, value: &str) {
        let (path, bytes) = (format!("/proc/sys/net/{name}"), value.to_owned());
        let result = self.run(move || std::fs::write(path, bytes));
        result.unwrap_or_else(|error| panic!("{}: {name}: {error}", self.name));
    }

    /// The MPTCP counters.
    pub(crate) fn counters(&self) -> Counters {
        self.counters_of("MPTcpExt")
    }

    /// One of them, or of those of TCP.
    pub(crate) fn counter(&self, name: &str) -> u64 {
        let counters = [self.counters(), self.counters_of("TcpExt")];
        let found = counters.iter().find_map(|counters| counters.get(name));
        *found.unwrap_or_else(|| panic!("there is no counter {name}"))
    }

    /// Waits until a counter is as high as this.
    pub(crate) fn wait_counted(&self, counter: &str, at_least: u64) {
        let what = format!("{counter} of the {} to be {at_least}", self.name);
        wait_for(&what, || self.counter(counter) >= at_least);
    }

    /// Waits until there is no open connection.
    pub(crate) fn wait_closed(&self) {
        wait_for("the sockets to close", || self.open_sockets() == 0);
    }

    fn counters_of(&self, section: &str) -> Counters {
        let netstat = self.read("netstat");
        let lines = netstat.lines().filter_map(|line| line.strip_prefix(section));
        let mut lines = lines.filter_map(|line| line.strip_prefix(": "));
        let (names, values) = (lines.next().unwrap(), lines.next().unwrap());
        let values = values.split(' ').map(|value| value.parse().unwrap_or(0));
        names.split(' ').map(str::to_owned).zip(values).collect()
    }

    /// How many TCP sockets are neither listening nor done with.
    pub(crate) fn open_sockets(&self) -> usize {
        const HEAD: &str = "st";
        const TIME_WAIT: &str = "06";
        const LISTEN: &str = "0A";
        let tables = self.read("tcp") + &self.read("tcp6");
        let states = tables.lines().filter_map(|line| line.split_whitespace().nth(3));
        states.filter(|state| ![HEAD, TIME_WAIT, LISTEN].contains(state)).count()
    }

    /// Whether a process listens to events over generic netlink.
    pub(crate) fn has_generic_netlink_listener(&self) -> bool {
        const GENERIC: &str = "16";
        const NO_GROUP: &str = "00000000";
        self.read("netlink").lines().skip(1).any(|line| {
            let mut words = line.split_whitespace().skip(1);
            words.next() == Some(GENERIC) && words.nth(1).is_some_and(|groups| groups != NO_GROUP)
        })
    }

    /// Reads from the host's `/proc/net`.
    fn read(&self, file: &str) -> String {
        let path = format!("/proc/thread-self/net/{file}");
        self.run(move || std::fs::read_to_string(path).unwrap_or_default())
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

fn work(queue: &Receiver<Job>, ready: &Sender<Result<i32, String>>) {
    let made = unshare(CloneFlags::CLONE_NEWNET);
    let made = made.map(|()| gettid().as_raw());
    let made = made.map_err(|error| format!("no network namespace ({error}): run as root"));
    let _ = ready.send(made);
    while let Ok(job) = queue.recv() {
        job();
    }
}

/// Addresses that are usable at once, and routes that differ by direction.
const SYSCTLS: [(&str, &str); 6] = [
    ("ipv4/conf/all/rp_filter", "0"),
    ("ipv4/conf/default/rp_filter", "0"),
    ("ipv6/conf/default/accept_dad", "0"),
    ("ipv6/conf/default/addr_gen_mode", "1"),
    ("ipv6/conf/default/router_solicitations", "0"),
    ("ipv4/tcp_no_metrics_save", "1"),
];
