//! Two hosts with two paths between them, and the program at one of them.

use std::fs;
use std::io::Read;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::live::{binary, run};

/// Network namespaces, joined by the interfaces v1 and v2 at both.
pub(crate) struct Lab {
    client: String,
    server: String,
    /// A host behind the client.
    inner: String,
    pub(crate) folder: TempDir,
    running: Vec<Child>,
}

impl Lab {
    /// A test that builds it is `#[ignore]`d, and has `namespaces` in its path.
    pub(crate) fn new(name: &str) -> Self {
        let id = format!("mls-{}-{name}", std::process::id());
        let lab = Self {
            client: format!("{id}-c"),
            server: format!("{id}-s"),
            inner: format!("{id}-i"),
            folder: tempfile::tempdir().unwrap(),
            running: Vec::new(),
        };
        assert!(run("ip", &["netns", "add", &lab.client]), "root and iproute2 are needed");
        assert!(run("python3", &["-c", ""]), "python3 is needed");
        lab.build()
    }

    fn build(mut self) -> Self {
        assert!(run("ip", &["netns", "add", &self.server]));
        silence(&self.client);
        silence(&self.server);
        for path in ["1", "2"] {
            let device = format!("v{path}");
            join(&device, (&self.client, &format!("10.99.{path}.1")), &self.server, path);
        }
        for host in [&self.client, &self.server] {
            assert!(run("ip", &["-n", host, "mptcp", "limits", "set", "subflow", "2"]));
        }
        self.ip(&["mptcp", "endpoint", "add", "10.99.2.1", "dev", "v2", "subflow"]);
        let script = "import socket\n\
            s = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)\n\
            s.bind(('', 5001)); s.listen(); print('ready', flush=True)\n\
            while True:\n c, _ = s.accept()\n while c.recv(1 << 16): pass\n c.close()\n";
        let mut serving = self.at_server("python3");
        let mut serving = serving.args(["-c", script]).stdout(Stdio::piped()).spawn().unwrap();
        serving.stdout.as_mut().unwrap().read_exact(&mut [0; 6]).unwrap();
        self.running.push(serving);
        self
    }

    /// A host behind the client, which forwards what that one sends; joined by v3.
    pub(crate) fn with_inner_host(self) -> Self {
        assert!(run("ip", &["netns", "add", &self.inner]));
        silence(&self.inner);
        join("v3", (&self.client, "10.99.3.1"), &self.inner, "3");
        let forward = ["-qw", "net.ipv4.ip_forward=1"];
        assert!(self.exec("sysctl").args(forward).status().unwrap().success());
        for (host, via) in [(&self.inner, "10.99.3.1"), (&self.server, "10.99.1.1")] {
            assert!(run("ip", &["-n", host, "route", "add", "default", "via", via]));
        }
        self
    }

    /// Sends so many bytes over MPTCP, and waits until both hosts have closed.
    pub(crate) fn transfer(&self, bytes: u32) {
        assert!(talk(&self.client, bytes, 0.3).success());
    }

    /// The same from the host behind.
    pub(crate) fn transfer_from_inner(&self, bytes: u32) {
        assert!(talk(&self.inner, bytes, 0.3).success());
    }

    /// The same, with so many seconds before most of it.
    pub(crate) fn transfer_after(&self, bytes: u32, seconds: f32) {
        assert!(talk(&self.client, bytes, seconds).success());
    }

    /// Forges so many SYNs on v1.
    pub(crate) fn flood(&self, count: u32) {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/support/flood.py");
        let flood = self.exec("python3").args([script, "v1", &count.to_string()]).status();
        assert!(flood.unwrap().success());
    }

    /// A program on the client.
    pub(crate) fn exec(&self, program: &str) -> Command {
        at(&self.client, program)
    }

    fn at_server(&self, program: &str) -> Command {
        at(&self.server, program)
    }

    pub(crate) fn command(&self) -> Command {
        self.exec(&binary())
    }

    /// Starts capturing on the client.
    pub(crate) fn live(&self, arguments: &[&str]) -> Live {
        let mut command = self.command();
        command.arg("live").args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
        Live::start(command)
    }

    /// The same, with what it prints in a file: a pipe would fill up.
    pub(crate) fn live_into(&self, file: &str, arguments: &[&str]) -> Live {
        let mut command = self.command();
        let out = fs::File::create(file).unwrap();
        command.arg("live").args(arguments).stdout(out).stderr(Stdio::piped());
        Live::start(command)
    }

    /// Configures the client.
    pub(crate) fn ip(&self, arguments: &[&str]) {
        assert!(run("ip", &[&["-n", &self.client], arguments].concat()), "{arguments:?}");
    }

    /// Configures the server.
    pub(crate) fn ip_at_server(&self, arguments: &[&str]) {
        assert!(run("ip", &[&["-n", &self.server], arguments].concat()), "{arguments:?}");
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    /// Lets other users write into the folder.
    pub(crate) fn open_folder_to_all(&self) {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(self.folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        for running in &mut self.running {
            let _ = running.kill();
            let _ = running.wait();
        }
        for host in [&self.client, &self.server, &self.inner] {
            run("ip", &["netns", "del", host]);
        }
    }
}

/// No packets but those of the test.
fn silence(host: &str) {
    let no_ipv6 = ["-qw", "net.ipv6.conf.default.disable_ipv6=1"];
    assert!(at(host, "sysctl").args(no_ipv6).status().unwrap().success());
}

/// Joins two hosts by interfaces of the same name; the other one has the last byte 2.
fn join(device: &str, (near, address): (&str, &str), far: &str, path: &str) {
    let ends = ["link", "add", device, "netns", near, "type", "veth"];
    assert!(run("ip", &[&ends[..], &["peer", "name", device, "netns", far]].concat()));
    for (host, address) in [(near, address.to_owned()), (far, format!("10.99.{path}.2"))] {
        let address = format!("{address}/24");
        assert!(run("ip", &["-n", host, "addr", "add", &address, "dev", device]));
        assert!(run("ip", &["-n", host, "link", "set", device, "up"]));
    }
}

fn at(host: &str, program: &str) -> Command {
    let mut command = Command::new("ip");
    command.args(["netns", "exec", host, program]);
    command
}

/// Connects to the server, waits, sends, and waits until both hosts have closed.
fn talk(host: &str, bytes: u32, seconds: f32) -> ExitStatus {
    let script = format!(
        "import socket, time\n\
        s = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)\n\
        s.connect(('10.99.1.2', 5001)); s.sendall(b'x'); time.sleep({seconds})\n\
        s.sendall(b'x' * {bytes}); s.shutdown(1); s.recv(1); s.close(); time.sleep(0.3)\n"
    );
    at(host, "python3").args(["-c", &script]).status().unwrap()
}

/// A running capture; `ip netns exec` becomes the program it starts.
pub(crate) struct Live(pub(crate) Child);

impl Live {
    fn start(mut command: Command) -> Self {
        let mut live = Self(command.spawn().unwrap());
        let since = Instant::now();
        // The sandbox is the last step before the first packet.
        while !live.is_confined() {
            let ended = live.0.try_wait().unwrap();
            assert!(ended.is_none(), "it ended: {:?}", live.wait());
            assert!(since.elapsed() < Duration::from_secs(20), "it does not start");
            sleep(Duration::from_millis(20));
        }
        live
    }

    pub(crate) fn pid(&self) -> u32 {
        self.0.id()
    }

    fn is_confined(&self) -> bool {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid()));
        status.is_ok_and(|status| status.contains("Seccomp:\t2"))
    }

    /// Resident memory in bytes.
    pub(crate) fn resident(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.split_whitespace().next().unwrap().parse::<u64>().unwrap() * 1024
    }

    pub(crate) fn end(&mut self, signal: &str) -> Output {
        assert!(run("kill", &[signal, &self.pid().to_string()]));
        self.wait()
    }

    pub(crate) fn wait(&mut self) -> Output {
        let mut output =
            Output { status: self.0.wait().unwrap(), stdout: Vec::new(), stderr: Vec::new() };
        if let Some(mut stdout) = self.0.stdout.take() {
            stdout.read_to_end(&mut output.stdout).unwrap();
        }
        self.0.stderr.take().unwrap().read_to_end(&mut output.stderr).unwrap();
        output
    }
}

/// What was said on standard error after what it listens on, and without what was seen so far.
pub(crate) fn complaints(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr);
    let mut lines = said.lines();
    let first = lines.next().unwrap_or_default();
    assert!(first.starts_with("mptcpscope: listening on "), "{said}");
    let is_status = |line: &str| line.contains(" packets, ");
    lines.filter(|line| !is_status(line)).collect::<Vec<_>>().join("\n")
}

/// Waits until a file did not grow for half a second, or for ten.
pub(crate) fn wait_until_it_rests(path: &str) {
    let len = || fs::metadata(path).map_or(0, |file| file.len());
    let (mut before, mut same) = (len(), 0);
    for _ in 0..200 {
        sleep(Duration::from_millis(50));
        let now = len();
        same = if now == before { same + 1 } else { 0 };
        before = now;
        if same >= 10 {
            return;
        }
    }
}
