//! Whether an interface is up: the kernel goes on without a word when it is not.

use std::fs::File;
use std::os::unix::fs::FileExt;

use super::Notice;

/// Bit of an interface's flags (`IFF_UP` of netdevice(7)).
const UP: u32 = 1;

/// The flags of an interface, opened while that is still allowed.
pub(super) struct Watch {
    name: String,
    flags: Option<File>,
    is_up: bool,
}

impl Watch {
    pub(super) fn new(name: &str) -> Self {
        let flags = File::open(format!("/sys/class/net/{name}/flags")).ok();
        Self { name: name.to_owned(), flags, is_up: true }
    }

    /// What changed since the last look, if anything did.
    pub(super) fn look(&mut self) -> Option<Notice> {
        let is_up = read_flags(self.flags.as_ref()?)? & UP != 0;
        if is_up == self.is_up {
            return None;
        }
        self.is_up = is_up;
        let what = if is_up { "is up again" } else { "is down: no packets until it is up again" };
        Some(Notice { interface: self.name.clone(), what: what.to_owned() })
    }
}

/// `0x1003` and a newline. `None` when the interface is gone, which its thread reports.
fn read_flags(file: &File) -> Option<u32> {
    let mut text = [0; 16];
    let len = file.read_at(&mut text, 0).ok()?;
    let text = std::str::from_utf8(text.get(..len)?).ok()?;
    u32::from_str_radix(text.trim().strip_prefix("0x")?, 16).ok()
}
