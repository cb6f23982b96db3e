//! Writes the seeds of each fuzz target to a folder of its name: `write_fuzz_seeds FOLDER`.

#[path = "../tests/it/support/mod.rs"]
#[allow(
    dead_code,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "support of tests"
)]
mod support;

use std::path::PathBuf;
use std::{env, fs};

use anyhow::{Context, Result};

fn main() -> Result<()> {
    let folder = PathBuf::from(env::args_os().nth(1).context("the folder is missing")?);
    for target in ["options", "segment", "track", "capture_file", "report"] {
        let folder = folder.join(target);
        fs::create_dir_all(&folder)?;
        for (seed, bytes) in support::fuzz_seeds::seeds(target) {
            fs::write(folder.join(seed), bytes)?;
        }
    }
    Ok(())
}
