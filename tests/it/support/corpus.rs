//! The corpus of captures that is not part of the project: `MPTCPSCOPE_CORPUS`, or `../shared/corpus`.

use std::path::{Path, PathBuf};

/// The folder. A test that asks for it is `#[ignore]`d, and has `corpus` in its path.
pub(crate) fn corpus() -> PathBuf {
    let folder = std::env::var_os("MPTCPSCOPE_CORPUS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus"),
        PathBuf::from,
    );
    assert!(folder.is_dir(), "there is no corpus of captures at {}", folder.display());
    folder
}
