//! Files and folders.

use std::fs;
use std::path::{Path, PathBuf};

/// The files and folders in `folder`, in order.
pub(crate) fn sorted(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

/// All captures below `folder`, in order.
pub(crate) fn captures_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in sorted(folder) {
        if path.is_dir() {
            found.extend(captures_below(&path));
        } else if name(&path).contains(".pcap") {
            found.push(path);
        }
    }
    found
}

/// The last part of a path.
pub(crate) fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}
