//! `host`: what this host itself says of MPTCP.

use anyhow::Result;

use crate::cli::HostArgs;

pub(super) fn run(_: &HostArgs) -> Result<()> {
    Ok(())
}
