//! Reports on captures of a real kernel against what else is known about them. The captures are not
//! part of the project.

mod delivered;
mod faults;
mod formats;
mod oracle;
mod truth;
mod version0;

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::corpus::corpus;
use crate::support::files::{captures_below, name, sorted};

#[test]
#[ignore = "needs the corpus of captures"]
fn every_capture_is_read() {
    let corpus = corpus();
    let captures = captures_below(&corpus);
    assert!(captures.len() > 200, "the corpus has its captures: {}", captures.len());
    for capture in captures {
        let output = Command::new(env!("CARGO_BIN_EXE_mptcpscope"))
            .args(["report", "--json", "-"])
            .arg(&capture)
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {errors}", capture.display());
    }
}

/// The captures at both ends of each lab scenario, by scenario.
fn lab(corpus: &Path) -> Vec<(String, PathBuf)> {
    let folders = sorted(&corpus.join("lab")).into_iter();
    let both = |folder: PathBuf| {
        ["client.pcap", "server.pcap"].map(|file| (name(&folder), folder.join(file)))
    };
    folders.flat_map(both).collect()
}
