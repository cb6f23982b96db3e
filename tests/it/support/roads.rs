//! Frames put into tunnels and into other link types, byte by byte.

use mptcpscope::internals::wire::frame::LinkType;

use super::testdata::OwnedFrame;

/// A frame on its way: an Ethernet frame as far as it was captured, and its length on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cargo {
    pub(crate) data: Vec<u8>,
    pub(crate) wire_len: usize,
}

/// Puts an Ethernet frame into another one.
pub(crate) type Wrap = fn(&Cargo) -> Cargo;

/// Puts an Ethernet frame into one of another link type.
pub(crate) type Dress = fn(&Cargo) -> Cargo;

impl Cargo {
    /// A frame of untagged Ethernet with IP in it; `None` for any other.
    pub(crate) fn of(frame: &OwnedFrame) -> Option<Self> {
        let is_ip = matches!(frame.data.get(12..14), Some([0x08, 0x00] | [0x86, 0xdd]));
        let is_plain = frame.link_type == LinkType::ETHERNET && is_ip;
        is_plain.then(|| Self { data: frame.data.clone(), wire_len: frame.wire_len as usize })
    }

    /// The frame that it is now, in place of another one.
    pub(crate) fn frame(&self, like: &OwnedFrame, link_type: LinkType) -> OwnedFrame {
        let wire_len = u32::try_from(self.wire_len).unwrap();
        OwnedFrame { link_type, wire_len, data: self.data.clone(), ..like.clone() }
    }

    /// The IP packet in it.
    fn ip(&self) -> Self {
        Self { data: self.data[14..].to_vec(), wire_len: self.wire_len - 14 }
    }

    fn is_ipv6(&self) -> bool {
        self.data[12] == 0x86
    }

    fn behind(&self, header: &[u8]) -> Self {
        Self { data: [header, &self.data].concat(), wire_len: self.wire_len + header.len() }
    }

    fn in_ethernet(&self, ethertype: u16) -> Self {
        let addresses = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2];
        self.behind(&[&addresses[..], &ethertype.to_be_bytes()].concat())
    }

    /// In an IPv4 packet of a protocol.
    fn in_ipv4(&self, protocol: u8) -> Self {
        let len = u16::try_from(self.wire_len + 20).unwrap().to_be_bytes();
        let header = [
            0x45, 0, len[0], len[1], 0, 0, 0x40, 0, 64, protocol, 0, 0, 192, 0, 2, 10, 192, 0, 2,
            20,
        ];
        self.behind(&header).in_ethernet(0x0800)
    }

    /// In an IPv6 packet with this next header.
    fn in_ipv6(&self, next: u8) -> Self {
        let len = u16::try_from(self.wire_len).unwrap().to_be_bytes();
        let mut header = vec![0x60, 0, 0, 0, len[0], len[1], next, 64];
        for end in [1, 2] {
            header.extend([0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, end]);
        }
        self.behind(&header).in_ethernet(0x86dd)
    }

    /// In a datagram to a port.
    pub(crate) fn in_udp(&self, port: u16) -> Self {
        let len = u16::try_from(self.wire_len + 8).unwrap().to_be_bytes();
        let port = port.to_be_bytes();
        self.behind(&[0xc0, 0x01, port[0], port[1], len[0], len[1], 0, 0]).in_ipv4(17)
    }

    fn ip_number(&self) -> u8 {
        if self.is_ipv6() { 41 } else { 4 }
    }

    fn ethertype(&self) -> u16 {
        if self.is_ipv6() { 0x86dd } else { 0x0800 }
    }

    fn ppp(&self) -> Self {
        self.ip().behind(&[0xff, 0x03, 0x00, if self.is_ipv6() { 0x57 } else { 0x21 }])
    }

    /// LLC and SNAP, as 802.11 has them.
    fn llc(&self) -> Self {
        let ethertype = self.ethertype().to_be_bytes();
        self.ip().behind(&[0xaa, 0xaa, 3, 0, 0, 0, ethertype[0], ethertype[1]])
    }

    fn in_80211(&self, control: [u8; 2], len: usize) -> Self {
        let mut header = vec![0; len];
        header[..2].copy_from_slice(&control);
        self.behind(&header)
    }

    /// A check sequence of 802.11 behind it, if all of it was captured.
    fn with_check_sequence(&self) -> Self {
        let mut data = self.data.clone();
        if data.len() == self.wire_len {
            data.extend([0xfc; 4]);
        }
        Self { data, wire_len: self.wire_len + 4 }
    }
}

/// Every tunnel that is opened, and the kinds that it is told as, outermost first.
pub(crate) const TUNNELS: &[(&str, Wrap)] = &[
    ("ipip or 6in4", |cargo| cargo.ip().in_ipv4(cargo.ip_number())),
    ("4in6 or 6in6", |cargo| cargo.ip().in_ipv6(cargo.ip_number())),
    ("srv6", |cargo| {
        let mut header = vec![cargo.ip_number(), 2, 4, 0, 0, 0, 0, 0];
        header.extend([0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 9]);
        cargo.ip().behind(&header).in_ipv6(43)
    }),
    ("gre", |cargo| {
        let ethertype = cargo.ethertype().to_be_bytes();
        cargo.ip().behind(&[0, 0, ethertype[0], ethertype[1]]).in_ipv4(47)
    }),
    ("gre with checksum, key and sequence", |cargo| {
        let header = [0xb0, 0, 0x65, 0x58, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 1];
        cargo.behind(&header).in_ipv6(47)
    }),
    ("gre of pptp", |cargo| {
        let len = u16::try_from(cargo.ppp().wire_len).unwrap().to_be_bytes();
        let header = [0x30, 0x81, 0x88, 0x0b, len[0], len[1], 0, 9, 0, 0, 0, 1, 0, 0, 0, 1];
        cargo.ppp().behind(&header).in_ipv4(47)
    }),
    ("nvgre", |cargo| cargo.behind(&[0x20, 0, 0x65, 0x58, 0, 0x50, 0, 9]).in_ipv4(47)),
    ("erspan i", |cargo| cargo.behind(&[0, 0, 0x88, 0xbe]).in_ipv4(47)),
    ("erspan ii", |cargo| {
        cargo.behind(&[0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0x10, 0, 0, 5, 0, 0, 0, 1]).in_ipv4(47)
    }),
    ("erspan iii", |cargo| {
        let header = [0x10, 0, 0x22, 0xeb, 0, 0, 0, 1, 0x20, 0, 0, 5, 0, 0, 0, 1, 0, 0, 0, 0];
        cargo.behind(&header).in_ipv4(47)
    }),
    ("erspan iii with a subheader", |cargo| {
        let mut header = vec![0x10, 0, 0x22, 0xeb, 0, 0, 0, 1, 0x20, 0, 0, 5, 0, 0, 0, 1];
        header.extend([0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
        cargo.behind(&header).in_ipv4(47)
    }),
    ("vxlan", |cargo| cargo.behind(&[8, 0, 0, 0, 0, 0, 42, 0]).in_udp(4789)),
    ("vxlan on the port of Linux", |cargo| cargo.behind(&[8, 0, 0, 0, 0, 0, 43, 0]).in_udp(8472)),
    ("vxlan-gpe with Ethernet", |cargo| cargo.behind(&[0x0c, 0, 0, 3, 0, 0, 44, 0]).in_udp(4790)),
    ("vxlan-gpe with IP", |cargo| {
        let next = if cargo.is_ipv6() { 2 } else { 1 };
        cargo.ip().behind(&[0x0c, 0, 0, next, 0, 0, 44, 0]).in_udp(4790)
    }),
    ("geneve", |cargo| {
        cargo.behind(&[2, 0, 0x65, 0x58, 0, 0, 45, 0, 1, 2, 3, 1, 9, 9, 9, 9]).in_udp(6081)
    }),
    ("gtp-u", |cargo| {
        let len = u16::try_from(cargo.ip().wire_len).unwrap().to_be_bytes();
        cargo.ip().behind(&[0x30, 0xff, len[0], len[1], 0, 0, 0, 7]).in_udp(2152)
    }),
    ("gtp-u with extensions", |cargo| {
        let len = u16::try_from(cargo.ip().wire_len + 12).unwrap().to_be_bytes();
        let mut header = vec![0x34, 0xff, len[0], len[1], 0, 0, 0, 7, 0, 0, 0, 0x85];
        header.extend([1, 0x10, 5, 0xc0, 1, 0, 0, 0]);
        cargo.ip().behind(&header).in_udp(2152)
    }),
    ("mpls", |cargo| cargo.ip().behind(&[0, 1, 0x20, 64, 0, 1, 0x31, 64]).in_ethernet(0x8847)),
    ("mpls in udp", |cargo| cargo.ip().behind(&[0, 1, 0x31, 64]).in_udp(6635)),
    ("mpls in ip", |cargo| cargo.ip().behind(&[0, 1, 0x31, 64]).in_ipv4(137)),
    ("pseudowire with a control word", |cargo| {
        cargo.behind(&[0, 1, 0x31, 64, 0, 0, 0, 0]).in_ethernet(0x8847)
    }),
    ("pseudowire without", |cargo| cargo.behind(&[0, 1, 0x31, 64]).in_ethernet(0x8847)),
    ("l2tp", |cargo| cargo.ppp().behind(&[0, 2, 0, 1, 0, 2]).in_udp(1701)),
    ("l2tp with all fields", |cargo| {
        let len = u16::try_from(cargo.ppp().wire_len + 16).unwrap().to_be_bytes();
        let mut header = vec![0x4a, 2, len[0], len[1], 0, 1, 0, 2, 0, 0, 0, 0, 0, 2];
        header.extend([0xee, 0xee]);
        cargo.ppp().behind(&header).in_udp(1701)
    }),
    ("802.1ah", |cargo| {
        cargo.behind(&[0, 0, 0x30, 0x39]).in_ethernet(0x88e7).behind_tag(0x88a8, 100)
    }),
    ("pppoe", |cargo| {
        let ppp =
            Cargo { data: cargo.ppp().data[2..].to_vec(), wire_len: cargo.ppp().wire_len - 2 };
        let len = u16::try_from(ppp.wire_len).unwrap().to_be_bytes();
        ppp.behind(&[0x11, 0, 0, 7, len[0], len[1]]).in_ethernet(0x8864)
    }),
    ("etherip", |cargo| cargo.behind(&[0x30, 0]).in_ipv4(97)),
    ("one tag", |cargo| cargo.behind_tag(0x8100, 5)),
    ("two tags", |cargo| cargo.behind_tag(0x8100, 5).behind_tag(0x88a8, 6)),
];

impl Cargo {
    /// A VLAN tag between addresses and type.
    fn behind_tag(&self, kind: u16, vlan: u16) -> Self {
        let tag = [kind.to_be_bytes(), vlan.to_be_bytes()].concat();
        let mut data = self.data.clone();
        data.splice(12..12, tag);
        Self { data, wire_len: self.wire_len + 4 }
    }
}

/// Those of them that carry Ethernet.
pub(crate) const FOR_ETHERNET: &[&str] = &[
    "gre with checksum, key and sequence",
    "nvgre",
    "erspan i",
    "erspan ii",
    "erspan iii",
    "erspan iii with a subheader",
    "vxlan",
    "vxlan on the port of Linux",
    "vxlan-gpe with Ethernet",
    "geneve",
    "pseudowire with a control word",
    "pseudowire without",
    "802.1ah",
    "etherip",
    "one tag",
    "two tags",
];

/// Teredo carries IPv6 alone.
pub(crate) const TEREDO: &[(&str, Wrap)] = &[
    ("teredo", |cargo| cargo.ip().in_udp(3544)),
    ("teredo behind what servers say", |cargo| {
        let mut header = vec![0, 1, 2, 1, 9, 9, 9, 1, 2, 3, 4, 5, 6, 7, 8, 0];
        header.extend([0, 0, 1, 2, 3, 4, 5, 6]);
        cargo.ip().behind(&header).in_udp(3544)
    }),
];

/// Every link type beside Ethernet.
pub(crate) const LINKS: &[(u32, &str, Dress)] = &[
    (258, "PKTAP with Ethernet", |cargo| cargo.behind(&pktap(1))),
    (258, "PKTAP with raw IP", |cargo| cargo.ip().behind(&pktap(12))),
    (149, "PKTAP as macOS numbers it", |cargo| cargo.behind(&pktap(1))),
    (105, "802.11 to the access point", |cargo| cargo.llc().in_80211([0x08, 0x01], 24)),
    (105, "802.11 with QoS", |cargo| cargo.llc().in_80211([0x88, 0x02], 26)),
    (105, "802.11 with QoS and HT control", |cargo| cargo.llc().in_80211([0x88, 0x82], 30)),
    (105, "802.11 with four addresses", |cargo| cargo.llc().in_80211([0x08, 0x03], 30)),
    (105, "802.11, several frames in one", |cargo| {
        let len = u16::try_from(cargo.llc().wire_len).unwrap().to_be_bytes();
        let mut header = vec![0; 14];
        header[12..].copy_from_slice(&len);
        let mut frame = cargo.llc().behind(&header).in_80211([0x88, 0x02], 26);
        frame.data[24] = 0x80;
        frame
    }),
    (127, "radiotap", |cargo| {
        let header = [0, 0, 8, 0, 0, 0, 0, 0];
        cargo.llc().in_80211([0x08, 0x01], 24).behind(&header)
    }),
    (127, "radiotap with chained words, a timestamp and a check sequence", |cargo| {
        let mut header = vec![0, 0, 25, 0, 3, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0];
        header.extend([9, 9, 9, 9, 9, 9, 9, 9, 0x10]);
        cargo.llc().in_80211([0x08, 0x01], 24).with_check_sequence().behind(&header)
    }),
    (127, "radiotap with padding", |cargo| {
        let header = [0, 0, 9, 0, 2, 0, 0, 0, 0x20];
        cargo.llc().in_80211([0x88, 0x01], 28).behind(&header)
    }),
    (192, "PPI", |cargo| {
        let mut header = vec![0, 0, 32, 0, 105, 0, 0, 0, 2, 0, 20, 0];
        header.extend([0; 20]);
        header[20] = 1;
        cargo.llc().in_80211([0x08, 0x01], 24).with_check_sequence().behind(&header)
    }),
    (119, "Prism", |cargo| {
        let mut header = vec![0; 144];
        header[0] = 0x44;
        header[4] = 144;
        cargo.llc().in_80211([0x08, 0x01], 24).behind(&header)
    }),
    (119, "AVS as Prism", |cargo| cargo.llc().in_80211([0x08, 0x01], 24).behind(&avs())),
    (163, "AVS", |cargo| cargo.llc().in_80211([0x08, 0x01], 24).behind(&avs())),
    (239, "NFLOG", |cargo| {
        let family = if cargo.is_ipv6() { 10 } else { 2 };
        let len = u16::try_from(cargo.ip().wire_len + 4).unwrap().to_le_bytes();
        let mut header = vec![family, 0, 0, 5];
        header.extend([5, 0, 10, 0, 0, 0, 0, 0]); // a prefix, padded
        header.extend([8, 0, 4, 0, 0, 0, 0, 3]); // the interface it came in at
        header.extend([len[0], len[1], 9, 0]);
        cargo.ip().behind(&header)
    }),
    (117, "PFLOG of 48 octets", |cargo| cargo.ip().behind(&pflog(cargo, 45, 48))),
    (117, "PFLOG of 60 octets", |cargo| cargo.ip().behind(&pflog(cargo, 60, 60))),
    (117, "PFLOG of 61 octets", |cargo| cargo.ip().behind(&pflog(cargo, 61, 64))),
    (117, "PFLOG of 100 octets", |cargo| cargo.ip().behind(&pflog(cargo, 100, 100))),
    (104, "Cisco HDLC", |cargo| {
        let ethertype = cargo.ethertype().to_be_bytes();
        cargo.ip().behind(&[0x0f, 0, ethertype[0], ethertype[1]])
    }),
    (205, "Cisco HDLC with a direction", |cargo| {
        let ethertype = cargo.ethertype().to_be_bytes();
        cargo.ip().behind(&[1, 0x0f, 0, ethertype[0], ethertype[1]])
    }),
    (107, "frame relay", |cargo| {
        cargo.ip().behind(&[0x18, 0x41, 3, if cargo.is_ipv6() { 0x8e } else { 0xcc }])
    }),
    (107, "frame relay with SNAP", |cargo| {
        let ethertype = cargo.ethertype().to_be_bytes();
        cargo.ip().behind(&[0x18, 0x41, 3, 0, 0x80, 0, 0, 0, ethertype[0], ethertype[1]])
    }),
    (109, "ENC", |cargo| {
        let family = if cargo.is_ipv6() { 24 } else { 2 };
        cargo.ip().behind(&[family, 0, 0, 0, 1, 2, 3, 4, 0, 0, 0, 0])
    }),
    (226, "IPNET", |cargo| {
        let mut header = vec![0; 24];
        header[..2].copy_from_slice(&[1, if cargo.is_ipv6() { 26 } else { 2 }]);
        cargo.ip().behind(&header)
    }),
    (219, "MPLS", |cargo| cargo.ip().behind(&[0, 1, 0x31, 64])),
    (100, "LLC in ATM", Cargo::llc),
    (166, "PPP of pppd", |cargo| {
        cargo.ip().behind(&[1, 3, 0, if cargo.is_ipv6() { 0x57 } else { 0x21 }])
    }),
];

fn pktap(link_type: u8) -> Vec<u8> {
    let mut header = vec![0; 108];
    (header[0], header[4], header[8], header[36]) = (108, 1, link_type, 2);
    header[12..19].copy_from_slice(b"pdp_ip0");
    header[52..54].copy_from_slice(&[0x39, 0x05]);
    header[56..62].copy_from_slice(b"Safari");
    header
}

fn avs() -> Vec<u8> {
    let mut header = vec![0; 64];
    header[..8].copy_from_slice(&[0x80, 0x21, 0x10, 0x01, 0, 0, 0, 64]);
    header
}

fn pflog(cargo: &Cargo, len: u8, padded: usize) -> Vec<u8> {
    let mut header = vec![0; padded];
    (header[0], header[1]) = (len, if cargo.is_ipv6() { 24 } else { 2 });
    header[4..7].copy_from_slice(b"em0");
    header
}
