//! Settings and counters from `/proc`, which is read again and again through open files.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Read, Seek};
use std::path::Path;

/// Settings of TCP that change what MPTCP can do.
const TCP_SETTINGS: [&str; 2] = ["net.ipv4.tcp_timestamps", "net.ipv4.tcp_fastopen"];

/// The release of the kernel.
pub(super) fn kernel() -> Option<String> {
    let text = fs::read_to_string("/proc/sys/kernel/osrelease").ok()?;
    Some(text.trim().to_owned())
}

/// Settings, by name.
pub(super) struct Sysctls(BTreeMap<String, File>);

impl Sysctls {
    pub(super) fn open() -> Self {
        let mptcp = fs::read_dir("/proc/sys/net/mptcp").into_iter().flatten().flatten();
        let names = mptcp.filter_map(|entry| entry.file_name().into_string().ok());
        let names = names.map(|name| format!("net.mptcp.{name}"));
        let names = names.chain(TCP_SETTINGS.map(ToOwned::to_owned));
        let open = |name: String| {
            let path = Path::new("/proc/sys").join(name.replace('.', "/"));
            Some((name, File::open(path).ok()?))
        };
        Self(names.filter_map(open).collect())
    }

    pub(super) fn read(&mut self) -> BTreeMap<String, String> {
        let read = |(name, file): (&String, &mut File)| Some((name.clone(), read(file)?));
        let values = self.0.iter_mut().filter_map(read);
        values.map(|(name, value)| (name, value.trim().replace('\t', " "))).collect()
    }
}

/// The `MPTcpExt` counters.
pub(super) struct Counters(Option<File>);

impl Counters {
    pub(super) fn open() -> Self {
        Self(File::open("/proc/net/netstat").ok())
    }

    pub(super) fn read(&mut self) -> BTreeMap<String, u64> {
        let text = self.0.as_mut().and_then(read);
        text.map(|text| counters(&text)).unwrap_or_default()
    }
}

/// All of a file that stays open. Files of `/proc` are made anew from their start.
fn read(file: &mut File) -> Option<String> {
    let mut text = String::new();
    file.rewind().ok()?;
    file.read_to_string(&mut text).ok()?;
    Some(text)
}

/// A line of names and a line of values, both with the name of the group in front.
fn counters(text: &str) -> BTreeMap<String, u64> {
    let mut lines = text.lines().filter_map(|line| line.strip_prefix("MPTcpExt:"));
    let (Some(names), Some(values)) = (lines.next(), lines.next()) else {
        return BTreeMap::new();
    };
    let pairs = names.split_whitespace().zip(values.split_whitespace());
    pairs.filter_map(|(name, value)| Some((name.to_owned(), value.parse().ok()?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_stand_below_their_names() {
        let text = "TcpExt: A B\nTcpExt: 1 2\nMPTcpExt: AddAddr AddAddrTxDrop\nMPTcpExt: 3 4\n";
        let found = counters(text);
        assert_eq!((found["AddAddr"], found["AddAddrTxDrop"], found.len()), (3, 4, 2));
        assert!(counters("TcpExt: A\nTcpExt: 1\n").is_empty());
        assert!(counters("MPTcpExt: A\n").is_empty());
    }
}
