//! Whether ADD_ADDR fits into a TCP header, beside the timestamps of a connection.

/// Octets that all options of a TCP header have together (RFC 9293 §3.1: a data offset of 15).
pub const MAX_OPTIONS: u8 = 40;

/// One form of ADD_ADDR, and the room it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddAddrRoom {
    /// An IPv6 address, else IPv4.
    pub ipv6: bool,
    /// With a port.
    pub port: bool,
    /// The echo, else the announcement with its HMAC.
    pub echo: bool,
    /// Octets of all options: it and the timestamps, padded to words of four; `None` while it is not
    /// known whether timestamps are in use.
    pub octets: Option<u8>,
}

impl AddAddrRoom {
    /// Whether that fits.
    pub fn fits(&self) -> Option<bool> {
        self.octets.map(|octets| octets <= MAX_OPTIONS)
    }
}

/// All eight forms of version 1, with or without `timestamps`.
pub fn add_addr_room(timestamps: Option<bool>) -> [AddAddrRoom; 8] {
    [
        (false, false, false),
        (false, true, false),
        (false, false, true),
        (false, true, true),
        (true, false, false),
        (true, true, false),
        (true, false, true),
        (true, true, true),
    ]
    .map(|(ipv6, port, echo)| AddAddrRoom {
        ipv6,
        port,
        echo,
        octets: timestamps.map(|on| add_addr_len(ipv6, port, echo) + if on { 12 } else { 0 }),
    })
}

/// Octets of the option (RFC 8684 §3.4.1), padded to words of four as Linux writes it.
fn add_addr_len(ipv6: bool, port: bool, echo: bool) -> u8 {
    let len: u8 =
        4 + if ipv6 { 16 } else { 4 } + if port { 2 } else { 0 } + if echo { 0 } else { 8 };
    len.next_multiple_of(4)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn octets(timestamps: bool) -> Vec<u8> {
        let rows = add_addr_room(Some(timestamps));
        rows.iter().filter_map(|row| row.octets).collect()
    }

    #[test]
    fn only_ipv6_with_port_does_not_fit_beside_timestamps() {
        assert_eq!(octets(false), [16, 20, 8, 12, 28, 32, 20, 24]);
        assert_eq!(octets(true), [28, 32, 20, 24, 40, 44, 32, 36]);
        let rows = add_addr_room(Some(true));
        let without_room: Vec<_> = rows.iter().filter(|row| row.fits() == Some(false)).collect();
        assert_eq!(without_room.len(), 1);
        assert!(without_room[0].ipv6 && without_room[0].port && !without_room[0].echo);
    }

    #[test]
    fn unknown_without_both_syns() {
        assert!(add_addr_room(None).iter().all(|row| row.fits().is_none()));
    }
}
