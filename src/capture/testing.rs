//! The captures that the unit tests of any layer may read.

use std::fs;
use std::path::{Path, PathBuf};

use super::InputPath;

/// Every capture of testdata, and of the corpus where there is one. (`MPTCPSCOPE_CORPUS` names its
/// folder.)
pub(crate) fn captures() -> Vec<InputPath> {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    let corpus = std::env::var_os("MPTCPSCOPE_CORPUS")
        .map_or_else(|| manifest.join("../shared/corpus"), PathBuf::from);
    let mut files = Vec::new();
    collect(&manifest.join("testdata/captures"), &mut files);
    assert!(!files.is_empty(), "no captures in testdata");
    collect(&corpus, &mut files);
    files.into_iter().map(InputPath::File).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.to_string_lossy().contains(".pcap") {
            files.push(path);
        }
    }
}
