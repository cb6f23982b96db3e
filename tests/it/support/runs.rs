//! Runs of which the kernels of both hosts counted: a capture at one of them, and the `MPTcpExt` counters
//! of both.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::files::{name, sorted};
use super::reports::read_json;
use super::testdata;

/// A run as one host captured it.
pub(crate) struct Run {
    pub(crate) name: String,
    pub(crate) at: Host,
    pub(crate) capture: PathBuf,
    client: Counters,
    server: Counters,
}

/// Counts by the name of the counter, without the prefix of all.
pub(crate) type Counters = BTreeMap<String, u64>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Host {
    Client,
    Server,
}

impl Host {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
        }
    }
}

impl Run {
    pub(crate) fn client(&self, counter: &str) -> u64 {
        self.count(Host::Client, counter)
    }

    pub(crate) fn server(&self, counter: &str) -> u64 {
        self.count(Host::Server, counter)
    }

    /// At the host that captured.
    pub(crate) fn here(&self, counter: &str) -> u64 {
        self.count(self.at, counter)
    }

    pub(crate) fn both(&self, counter: &str) -> u64 {
        self.client(counter) + self.server(counter)
    }

    pub(crate) fn count(&self, host: Host, counter: &str) -> u64 {
        let counters = match host {
            Host::Client => &self.client,
            Host::Server => &self.server,
        };
        counters.get(counter).copied().unwrap_or(0)
    }
}

/// The captures of the project.
pub(crate) fn own_runs() -> Vec<Run> {
    let testdata = testdata::path("");
    let shows = fs::read_to_string(testdata.join("captures.toml")).unwrap();
    let run = |capture: PathBuf| {
        let file = name(&capture);
        let stem = file.split('.').next().unwrap().to_owned();
        let base = stem.strip_suffix("-at-server");
        let at_server = base.is_some() || shows.contains(&format!("\"{file}\" = \"At the server"));
        let table = format!("counters/{}.tsv", base.unwrap_or(&stem));
        let table = fs::read_to_string(testdata.join(table)).ok()?;
        let of = |host: &str| {
            let rows = table.lines().map(|row| row.split('\t').collect::<Vec<_>>());
            let own = rows.filter(|row| row[0] == host);
            own.map(|row| (row[1].to_owned(), row[2].parse().unwrap())).collect()
        };
        let at = if at_server { Host::Server } else { Host::Client };
        Some(Run { name: stem, at, capture, client: of("client"), server: of("server") })
    };
    sorted(&testdata.join("captures")).into_iter().filter_map(run).collect()
}

/// The reference captures of the corpus.
pub(crate) fn reference_runs(folder: &Path) -> Vec<Run> {
    let mut runs = Vec::new();
    for path in sorted(folder) {
        let Some(run) = name(&path).strip_suffix(".nstat.json").map(str::to_owned) else {
            continue;
        };
        let counted = read_json(&path);
        for (at, file) in [(Host::Server, ".pcap"), (Host::Client, ".client.pcap")] {
            let capture = folder.join(format!("{run}{file}"));
            if capture.exists() {
                let [client, server] = ["client", "server"].map(|host| counters(&counted[host]));
                runs.push(Run { name: run.clone(), at, capture, client, server });
            }
        }
    }
    runs
}

/// The lab scenarios of the corpus.
pub(crate) fn lab_runs(folder: &Path) -> Vec<Run> {
    let ends = [(Host::Client, "client.pcap"), (Host::Server, "server.pcap")];
    let runs = sorted(folder).into_iter().flat_map(|folder| {
        let counted = read_json(&folder.join("truth.json"))["nstat"].clone();
        ends.map(|(at, file)| {
            let [client, server] = ["c", "s"].map(|host| counters(&counted[host]));
            Run { name: name(&folder), at, capture: folder.join(file), client, server }
        })
    });
    runs.collect()
}

/// The counters of MPTCP in a JSON object, with or without their common prefix.
fn counters(object: &Value) -> Counters {
    let counters = object.as_object().unwrap().iter();
    let named = counters.filter_map(|(name, count)| {
        Some((name.strip_prefix("MPTcpExt").unwrap_or(name).to_owned(), count.as_u64()?))
    });
    named.collect()
}
