//! What is captured where the user names no filter.

/// Lets everything through that may carry TCP.
///
/// A bare `tcp` loses three things: TCP behind IPv6 extension headers, fragments of it there, and
/// frames whose VLAN tag stands in the packet. Where the kernel has taken the tag off, `ip` and `ip6`
/// match what is below it. `vlan` and `pppoes` would change what follows them, so types stand here.
pub const DEFAULT_FILTER: &str = "ip proto 6 or (ip6 and (\
    ip6[6] = 6 or ip6[6] = 0 or ip6[6] = 43 or ip6[6] = 44 or ip6[6] = 51 or ip6[6] = 60 or \
    ip6[6] = 135 or ip6[6] = 139 or ip6[6] = 140)) or \
    ether proto 0x8100 or ether proto 0x88a8 or ether proto 0x9100 or ether proto 0x8864";

#[cfg(test)]
mod tests {
    use pcap::{Capture, Linktype};

    use super::*;

    fn lets_through(link_type: i32, frame: &[u8]) -> bool {
        let handle = Capture::dead(Linktype(link_type)).unwrap();
        handle.compile(DEFAULT_FILTER, true).unwrap().filter(frame)
    }

    /// A frame of `ethertype` whose packet starts with `ip`.
    fn ethernet(ethertype: u16, ip: &[u8]) -> Vec<u8> {
        let mut frame = vec![0; 12];
        frame.extend(ethertype.to_be_bytes());
        frame.extend(ip);
        frame.resize(14 + 64, 0);
        frame
    }

    fn ipv4(protocol: u8) -> Vec<u8> {
        vec![0x45, 0, 0, 40, 0, 0, 0, 0, 64, protocol]
    }

    fn ipv6(next_header: u8) -> Vec<u8> {
        vec![0x60, 0, 0, 0, 0, 20, next_header, 64]
    }

    #[test]
    fn tcp_goes_through_however_it_is_wrapped() {
        let mut fragment = ipv4(6);
        fragment[6..8].copy_from_slice(&[0x20, 0x10]);
        for (ethertype, packet) in [
            (0x0800, ipv4(6)),
            (0x0800, fragment),
            (0x86dd, ipv6(6)),
            (0x86dd, ipv6(0)),
            (0x86dd, ipv6(43)),
            (0x86dd, ipv6(44)),
            (0x86dd, ipv6(60)),
            (0x8100, [&[0, 5, 8, 0][..], &ipv4(6)].concat()),
            (0x88a8, [&[0, 5, 0x81, 0, 0, 6, 8, 0][..], &ipv4(6)].concat()),
            (0x8864, vec![0x11, 0, 0, 1, 0, 42, 0, 0x21]),
        ] {
            assert!(
                lets_through(1, &ethernet(ethertype, &packet)),
                "{ethertype:04x} {packet:02x?}"
            );
        }
    }

    #[test]
    fn other_protocols_do_not() {
        for (ethertype, packet) in [
            (0x0800, ipv4(17)),
            (0x0800, ipv4(1)),
            (0x86dd, ipv6(17)),
            (0x86dd, ipv6(58)),
            (0x0806, vec![]),
        ] {
            assert!(
                !lets_through(1, &ethernet(ethertype, &packet)),
                "{ethertype:04x} {packet:02x?}"
            );
        }
    }

    #[test]
    fn it_can_be_used_on_every_link_type_that_is_decoded() {
        for link_type in [0, 1, 9, 12, 50, 108, 113, 276] {
            let handle = Capture::dead(Linktype(link_type)).unwrap();
            assert!(handle.compile(DEFAULT_FILTER, true).is_ok(), "{link_type}");
        }
        let mut raw = ipv4(6);
        raw.resize(64, 0);
        assert!(lets_through(12, &raw));
    }
}
