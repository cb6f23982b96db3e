//! Where what can be read only once is kept, to be read again.

use std::env;
use std::path::PathBuf;

use crate::capture::KeptLimits;
use crate::cli::SpoolArgs;

/// What the flags allow.
pub(super) fn limits(args: &SpoolArgs) -> KeptLimits {
    KeptLimits { folder: folder(), most: args.spool }
}

/// Where a temporary file may be large: `/tmp` is in memory on many hosts.
fn folder() -> PathBuf {
    let roomy = PathBuf::from("/var/tmp");
    if env::var_os("TMPDIR").is_none() && roomy.is_dir() { roomy } else { env::temp_dir() }
}
