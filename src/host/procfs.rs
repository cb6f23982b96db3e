//! Settings and counters from `/proc`, which is read again and again through open files.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Read, Seek};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
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

/// The addresses of this host.
pub(super) struct Addresses {
    ipv4: Option<File>,
    ipv6: Option<File>,
}

impl Addresses {
    pub(super) fn open() -> Self {
        let open = |name: &str| File::open(format!("/proc/net/{name}")).ok();
        Self { ipv4: open("fib_trie"), ipv6: open("if_inet6") }
    }

    pub(super) fn read(&mut self) -> Vec<IpAddr> {
        let ipv4 = self.ipv4.as_mut().and_then(read).unwrap_or_default();
        let ipv6 = self.ipv6.as_mut().and_then(read).unwrap_or_default();
        let mut all: Vec<_> = local_ipv4(&ipv4).chain(own_ipv6(&ipv6)).collect();
        all.retain(|address| !address.is_loopback());
        all.sort_unstable();
        all.dedup();
        all
    }
}

/// The routing tables, as a tree: an address, and below it what it is.
fn local_ipv4(text: &str) -> impl Iterator<Item = IpAddr> {
    let mut last = None;
    text.lines().filter_map(move |line| {
        let line = line.trim_start();
        if let Some(address) = line.strip_prefix("|-- ") {
            last = address.parse::<Ipv4Addr>().ok();
        }
        line.starts_with("/32 host LOCAL").then_some(last?.into())
    })
}

/// A line an address: 32 hexadecimal digits first.
fn own_ipv6(text: &str) -> impl Iterator<Item = IpAddr> {
    text.lines().filter_map(|line| {
        let digits = line.split_whitespace().next().filter(|digits| digits.len() == 32)?;
        Some(Ipv6Addr::from_bits(u128::from_str_radix(digits, 16).ok()?).into())
    })
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
    fn addresses_are_those_of_this_host() {
        let text = "Local:\n  +-- 10.0.0.0/24 2 0 2\n     |-- 10.0.0.0\n        /32 link BROADCAST\n     \
            |-- 10.0.0.1\n        /32 host LOCAL\n";
        let found: Vec<_> = local_ipv4(text).collect();
        assert_eq!(found, [IpAddr::from([10, 0, 0, 1])]);
        let text = "20010db8000000000000000000000001 02 40 00 80 eth0\nnonsense\n";
        let found: Vec<_> = own_ipv6(text).map(|address| address.to_string()).collect();
        assert_eq!(found, ["2001:db8::1"]);
    }

    #[test]
    fn counters_stand_below_their_names() {
        let text = "TcpExt: A B\nTcpExt: 1 2\nMPTcpExt: AddAddr AddAddrTxDrop\nMPTcpExt: 3 4\n";
        let found = counters(text);
        assert_eq!((found["AddAddr"], found["AddAddrTxDrop"], found.len()), (3, 4, 2));
        assert!(counters("TcpExt: A\nTcpExt: 1\n").is_empty());
        assert!(counters("MPTcpExt: A\n").is_empty());
    }
}
