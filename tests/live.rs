//! Live capture between two network namespaces, and from a pipe. What needs root is skipped without.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

#[test]
fn a_pipe_is_read_as_the_file() {
    let file = capture();
    let live = mptcpscope()
        .args(["live", "--json", "-", "-"])
        .stdin(File::open(&file).unwrap())
        .output()
        .unwrap();
    assert_eq!(text(&live.stderr), "");
    let offline = mptcpscope().args(["report", "--json", "-"]).arg(&file).output().unwrap();
    assert_eq!(facts(&live.stdout), facts(&offline.stdout));
}

#[test]
fn json_lines_tell_states_events_and_a_summary() {
    let stdin = File::open(capture()).unwrap();
    let live = mptcpscope().args(["live", "--jsonl", "-"]).stdin(stdin).output().unwrap();
    assert_eq!(text(&live.stderr), "");
    let lines: Vec<Value> =
        text(&live.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["kind"], "CONNECTION");
    assert_eq!(lines[1]["kind"], "SYN");
    assert_eq!(lines.last().unwrap()["kind"], "SUMMARY");
    let states = |kind: &str| -> Vec<String> {
        let of_kind = lines.iter().filter(|line| line["kind"] == kind);
        of_kind.map(|line| line["state"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(states("CONNECTION"), ["handshaking", "established", "closing", "closed"]);
    assert_eq!(states("SUBFLOW").iter().filter(|state| *state == "established").count(), 2);
    // Every event of the report is there, with the same fields.
    let report = mptcpscope().args(["report", "--json", "-"]).arg(capture()).output().unwrap();
    let report: Value = serde_json::from_slice(&report.stdout).unwrap();
    for event in report["connections"][0]["events"].as_array().unwrap() {
        let mut expected = event.clone();
        expected["connection"] = 0.into();
        assert!(lines.contains(&expected), "{expected}");
    }
}

#[test]
fn whoever_reads_the_lines_may_go_away() {
    let command = format!("'{}' live - <'{}' | head -1", binary(), capture().display());
    let output = Command::new("sh").args(["-c", &command]).output().unwrap();
    assert_eq!((text(&output.stderr), text(&output.stdout).lines().count()), (String::new(), 1));
}

#[test]
fn what_cannot_be_is_said() {
    for (arguments, words) in [
        (&["live", "tcp"][..], "name an interface with -i"),
        (&["live", "--jsonl", "--json", "-", "-"], "give --json the name of a file"),
        (&["live", "-i", "eth0", "--rotate", "10MB"], "--write"),
        (&["live", "-i", "eth0", "--duration", "8"], "8s, 10m or 2h"),
    ] {
        let output = mptcpscope().args(arguments).stdin(Stdio::null()).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(text(&output.stderr).contains(words), "{}", text(&output.stderr));
    }
}

#[cfg(feature = "live")]
mod on_interfaces {
    use std::fs;
    use std::io::Read;
    use std::process::{Child, Output};
    use std::thread::sleep;
    use std::time::{Duration, Instant};

    use tempfile::TempDir;

    use super::*;

    #[test]
    fn live_equals_the_file_that_it_wrote() {
        let Some(lab) = Lab::new("equal") else { return };
        let (file, json) = (lab.path("a.pcapng"), lab.path("a.json"));
        let mut live = lab.live(&["-i", "v1", "-i", "v2", "-w", &file, "--json", &json]);
        let status = fs::read_to_string(format!("/proc/{}/status", live.pid())).unwrap();
        for line in status.lines().filter(|line| line.starts_with("Cap")) {
            assert!(line.ends_with("0000000000000000"), "{line}");
        }
        assert!(status.contains("NoNewPrivs:\t1"));
        lab.transfer(3_000_000);
        let output = live.end("-INT");
        assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), String::new()));
        let printed = text(&output.stdout);
        assert!(printed.contains("#0 sf1    established"), "{printed}");
        assert!(printed.contains("1 MPTCP connection, 2 subflows"), "{printed}");

        let live = fs::read(json).unwrap();
        let offline = mptcpscope().args(["report", "--json", "-", &file]).output().unwrap();
        assert_eq!(facts(&live), facts(&offline.stdout));
        let [live, offline] = [&live, &offline.stdout].map(|json| inputs(json));
        assert_eq!(live["packets"], offline["packets"]);
        assert_eq!((&live["dropped_by_kernel"], &live["format"]), (&0.into(), &"live".into()));
        assert_eq!(
            (&offline["dropped_by_kernel"], &offline["cut_short"]),
            (&0.into(), &false.into())
        );
    }

    #[test]
    fn what_was_flushed_outlives_a_kill() {
        let Some(lab) = Lab::new("kill") else { return };
        let file = lab.path("a.pcapng");
        let mut live = lab.live(&["-i", "v1", "-i", "v2", "-w", &file]);
        lab.transfer(1_000_000);
        sleep(Duration::from_secs(1));
        live.end("-KILL");
        let offline = mptcpscope().args(["report", "--json", "-", &file]).output().unwrap();
        assert_eq!(inputs(&offline.stdout)["cut_short"], false);
        let report: Value = serde_json::from_slice(&offline.stdout).unwrap();
        assert_eq!(report["connections"][0]["state"], "closed");
    }

    #[test]
    fn an_interface_that_goes_away_is_an_event() {
        let Some(lab) = Lab::new("gone") else { return };
        let mut live = lab.live(&["-i", "v1", "-i", "v2", "--jsonl"]);
        lab.transfer(1000);
        sleep(Duration::from_millis(300));
        lab.ip(&["link", "set", "v1", "down"]);
        sleep(Duration::from_millis(1200));
        lab.ip(&["link", "del", "v1"]);
        sleep(Duration::from_millis(500));
        assert!(live.0.try_wait().unwrap().is_none(), "the other interface is still there");
        lab.ip(&["link", "del", "v2"]);
        let output = live.wait();
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        let printed = text(&output.stdout);
        assert!(printed.contains(r#""interface":"v1","what":"is down"#), "{printed}");
        assert!(printed.contains("disappeared"), "{printed}");
        assert!(printed.contains(r#""state":"closed""#), "{printed}");
    }

    #[test]
    fn errors_of_interfaces_and_filters_are_explained() {
        let Some(lab) = Lab::new("error") else { return };
        for (arguments, words) in [
            (&["-i", "nosuch"][..], "nosuch: there is no such interface"),
            (
                &["-i", "v1", "tcp", "prot", "80"],
                "the filter \"tcp prot 80\" is wrong (syntax error",
            ),
            (&["-i", "v1", "--user", "no-such-user"], "there is no user no-such-user"),
            (&["-i", "v1", "-w", "/no/such/folder/x"], "/no/such/folder/x cannot be written"),
        ] {
            let output = lab.command().arg("live").args(arguments).output().unwrap();
            assert_eq!(output.status.code(), Some(2), "{arguments:?}");
            assert!(text(&output.stderr).contains(words), "{}", text(&output.stderr));
        }
    }

    #[test]
    fn without_permission_the_way_out_is_named_and_works() {
        let Some(lab) = Lab::new("perm") else { return };
        let program = lab.path("mptcpscope");
        fs::copy(binary(), &program).unwrap();
        let as_nobody = |arguments: &[&str]| {
            let mut command = lab.exec("setpriv");
            command.args(["--reuid=65534", "--clear-groups", &program, "live", "-i", "v1"]);
            command.args(arguments).output().unwrap()
        };
        open_to_all(lab.folder.path());
        let refused = as_nobody(&["--duration", "1s"]);
        let words = format!("sudo setcap cap_net_raw=ep {program} ");
        assert_eq!(refused.status.code(), Some(2), "{}", text(&refused.stderr));
        assert!(text(&refused.stderr).contains(&words), "{}", text(&refused.stderr));
        let set = Command::new("setcap").args(["cap_net_raw=ep", &program]).status();
        if !set.is_ok_and(|status| status.success()) {
            println!("skipped: setcap with its effect");
            return;
        }
        let allowed = as_nobody(&["--duration", "1s"]);
        assert_eq!(allowed.status.code(), Some(0), "{}", text(&allowed.stderr));
    }

    #[test]
    fn files_are_rotated_as_another_user() {
        let Some(lab) = Lab::new("rotate") else { return };
        open_to_all(lab.folder.path());
        let file = lab.path("a.pcapng");
        let mut live = lab.live(&[
            "-i", "v1", "--user", "nobody", "-w", &file, "--rotate", "200kB", "--keep", "2",
        ]);
        lab.transfer(2_000_000);
        let output = live.end("-TERM");
        assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), String::new()));
        let files = fs::read_dir(lab.folder.path()).unwrap().count();
        assert_eq!(files, 2);
    }

    /// Two hosts with two paths between them.
    struct Lab {
        client: String,
        server: String,
        folder: TempDir,
        serving: Option<Child>,
    }

    impl Lab {
        /// `None`, with a word, where that can't be built.
        fn new(name: &str) -> Option<Self> {
            let id = format!("mls-{}-{name}", std::process::id());
            let lab = Self {
                client: format!("{id}-c"),
                server: format!("{id}-s"),
                folder: tempfile::tempdir().unwrap(),
                serving: None,
            };
            if !run("ip", &["netns", "add", &lab.client]) || !run("python3", &["-c", ""]) {
                println!("skipped: live capture needs root, iproute2 and python3");
                return None;
            }
            Some(lab.build())
        }

        fn build(mut self) -> Self {
            assert!(run("ip", &["netns", "add", &self.server]));
            for path in ["1", "2"] {
                let device = format!("v{path}");
                let ends = ["link", "add", &device, "netns", &self.client, "type", "veth"];
                let peer = ["peer", "name", &device, "netns", &self.server];
                assert!(run("ip", &[&ends[..], &peer].concat()));
                for (host, end) in [(&self.client, "1"), (&self.server, "2")] {
                    let address = format!("10.99.{path}.{end}/24");
                    assert!(run("ip", &["-n", host, "addr", "add", &address, "dev", &device]));
                    assert!(run("ip", &["-n", host, "link", "set", &device, "up"]));
                }
            }
            for host in [&self.client, &self.server] {
                assert!(run("ip", &["-n", host, "mptcp", "limits", "set", "subflow", "2"]));
            }
            self.ip(&["mptcp", "endpoint", "add", "10.99.2.1", "dev", "v2", "subflow"]);
            let script = "import socket\n\
                s = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)\n\
                s.bind(('', 5001)); s.listen(); print('ready', flush=True)\n\
                while True:\n c, _ = s.accept()\n while c.recv(1 << 16): pass\n c.close()\n";
            let mut serving = Command::new("ip")
                .args(["netns", "exec", &self.server, "python3", "-c", script])
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            serving.stdout.as_mut().unwrap().read_exact(&mut [0; 6]).unwrap();
            self.serving = Some(serving);
            self
        }

        /// Sends so many octets over MPTCP, and waits until both hosts have closed.
        fn transfer(&self, octets: u32) {
            let script = format!(
                "import socket, time\n\
                s = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)\n\
                s.connect(('10.99.1.2', 5001)); s.sendall(b'x'); time.sleep(0.3)\n\
                s.sendall(b'x' * {octets}); s.shutdown(1); s.recv(1); s.close(); time.sleep(0.3)\n"
            );
            assert!(self.exec("python3").args(["-c", &script]).status().unwrap().success());
        }

        /// A program on the client.
        fn exec(&self, program: &str) -> Command {
            let mut command = Command::new("ip");
            command.args(["netns", "exec", &self.client, program]);
            command
        }

        fn command(&self) -> Command {
            self.exec(&binary())
        }

        /// Starts capturing on the client.
        fn live(&self, arguments: &[&str]) -> Live {
            let mut command = self.command();
            command.arg("live").args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
            let live = Live(command.spawn().unwrap());
            let since = Instant::now();
            // The sandbox is the last step before the first packet.
            while !live.is_confined() {
                assert!(since.elapsed() < Duration::from_secs(20), "it does not start");
                sleep(Duration::from_millis(20));
            }
            sleep(Duration::from_millis(200));
            live
        }

        fn ip(&self, arguments: &[&str]) {
            assert!(run("ip", &[&["-n", &self.client], arguments].concat()), "{arguments:?}");
        }

        fn path(&self, name: &str) -> String {
            self.folder.path().join(name).to_str().unwrap().to_owned()
        }
    }

    impl Drop for Lab {
        fn drop(&mut self) {
            if let Some(serving) = &mut self.serving {
                let _ = serving.kill();
                let _ = serving.wait();
            }
            run("ip", &["netns", "del", &self.client]);
            run("ip", &["netns", "del", &self.server]);
        }
    }

    /// A running capture; `ip netns exec` becomes the program it starts.
    struct Live(Child);

    impl Live {
        fn pid(&self) -> u32 {
            self.0.id()
        }

        fn is_confined(&self) -> bool {
            let status = fs::read_to_string(format!("/proc/{}/status", self.pid()));
            status.is_ok_and(|status| status.contains("Seccomp:\t2"))
        }

        fn end(&mut self, signal: &str) -> Output {
            assert!(run("kill", &[signal, &self.pid().to_string()]));
            self.wait()
        }

        fn wait(&mut self) -> Output {
            let mut output =
                Output { status: self.0.wait().unwrap(), stdout: Vec::new(), stderr: Vec::new() };
            self.0.stdout.take().unwrap().read_to_end(&mut output.stdout).unwrap();
            self.0.stderr.take().unwrap().read_to_end(&mut output.stderr).unwrap();
            output
        }
    }

    fn open_to_all(folder: &Path) {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o777)).unwrap();
    }

    fn run(program: &str, arguments: &[&str]) -> bool {
        let output = Command::new(program).args(arguments).output();
        output.is_ok_and(|output| output.status.success())
    }

    /// The only input of a report.
    fn inputs(json: &[u8]) -> Value {
        let report: Value = serde_json::from_slice(json).unwrap();
        report["inputs"][0].clone()
    }
}

fn mptcpscope() -> Command {
    Command::new(binary())
}

fn binary() -> String {
    env!("CARGO_BIN_EXE_mptcpscope").to_owned()
}

/// A connection with two subflows.
fn capture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/captures/two-subflows.pcap")
}

/// A report without what tells its inputs apart.
fn facts(json: &[u8]) -> Value {
    let mut report: Value = serde_json::from_slice(json).unwrap();
    let report_fields = report.as_object_mut().unwrap();
    report_fields.remove("inputs").unwrap();
    report_fields.remove("host").unwrap();
    report
}

fn text(octets: &[u8]) -> String {
    String::from_utf8(octets.to_vec()).unwrap()
}
