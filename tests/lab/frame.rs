//! A frame on its way through the forwarder, which may change it.

use std::ops::Range;

pub(crate) const MP_CAPABLE: u8 = 0;
pub(crate) const MP_JOIN: u8 = 1;
pub(crate) const DSS: u8 = 2;
pub(crate) const ADD_ADDR: u8 = 3;

pub(crate) const SYN: u8 = 0x02;
pub(crate) const RST: u8 = 0x04;
pub(crate) const ACK: u8 = 0x10;

const KIND_EOL: u8 = 0;
const KIND_NOP: u8 = 1;
const KIND_MPTCP: u8 = 30;

const ETHERNET: usize = 14;
const PROTOCOL_TCP: u8 = 6;

/// An Ethernet frame.
#[derive(Clone)]
pub(crate) struct Frame {
    pub(crate) bytes: Vec<u8>,
    pub(crate) from_client: bool,
    tcp: Option<Place>,
}

/// Where the TCP segment stands.
#[derive(Clone)]
struct Place {
    addresses: Range<usize>,
    header: usize,
    payload: usize,
    end: usize,
}

impl Frame {
    pub(crate) fn new(bytes: Vec<u8>, from_client: bool) -> Self {
        let tcp = Place::find(&bytes);
        Self { bytes, from_client, tcp }
    }

    pub(crate) fn is_tcp(&self) -> bool {
        self.tcp.is_some()
    }

    pub(crate) fn is_syn(&self) -> bool {
        self.flags() & (SYN | ACK) == SYN
    }

    pub(crate) fn is_syn_ack(&self) -> bool {
        self.flags() & (SYN | ACK) == SYN | ACK
    }

    /// A segment after the SYNs.
    pub(crate) fn is_later(&self) -> bool {
        self.is_tcp() && self.flags() & SYN == 0
    }

    pub(crate) fn flags(&self) -> u8 {
        self.tcp.as_ref().map_or(0, |tcp| self.bytes[tcp.header + 13])
    }

    /// Where the payload stands.
    pub(crate) fn payload(&self) -> Range<usize> {
        self.tcp.as_ref().map_or(0..0, |tcp| tcp.payload..tcp.end)
    }

    pub(crate) fn has_payload(&self) -> bool {
        !self.payload().is_empty()
    }

    /// Where the first MPTCP option of this subtype stands.
    pub(crate) fn mptcp(&self, subtype: u8) -> Option<Range<usize>> {
        let tcp = self.tcp.as_ref()?;
        let mut at = tcp.header + 20;
        while at + 1 < tcp.payload {
            let length = match self.bytes[at] {
                KIND_EOL => return None,
                KIND_NOP => 1,
                _ => usize::from(self.bytes[at + 1]).max(2),
            };
            if self.bytes[at] == KIND_MPTCP && self.bytes[at + 2] >> 4 == subtype {
                return Some(at..at + length);
            }
            at += length;
        }
        None
    }

    pub(crate) fn has(&self, subtype: u8) -> bool {
        self.mptcp(subtype).is_some()
    }

    pub(crate) fn has_data_fin(&self) -> bool {
        const DATA_FIN: u8 = 0x10;
        self.mptcp(DSS).is_some_and(|place| self.bytes[place.start + 3] & DATA_FIN != 0)
    }

    /// Overwrites MPTCP options with NOPs, as many middleboxes do.
    pub(crate) fn strip(&mut self, subtypes: &[u8]) {
        for subtype in subtypes {
            while let Some(place) = self.mptcp(*subtype) {
                self.bytes[place].fill(KIND_NOP);
            }
        }
    }

    /// Changes an byte.
    pub(crate) fn flip(&mut self, at: usize) {
        self.bytes[at] ^= 0xff;
    }

    /// Changes the last byte of the payload.
    pub(crate) fn corrupt(&mut self) {
        let payload = self.payload();
        self.flip(payload.end - 1);
    }

    /// Puts another IPv4 address in the place of `old`, in IP and in ARP.
    pub(crate) fn translate(&mut self, old: [u8; 4], new: [u8; 4]) {
        let places: &[usize] = match self.bytes[12..14] {
            [0x08, 0x00] => &[26, 30],
            [0x08, 0x06] => &[28, 38],
            _ => &[],
        };
        for at in places {
            if self.bytes[*at..at + 4] == old {
                self.bytes[*at..at + 4].copy_from_slice(&new);
            }
        }
        self.repair_ip_checksum();
    }

    /// Puts another port in the place of `old`.
    pub(crate) fn translate_port(&mut self, old: u16, new: u16) {
        let header = self.tcp.as_ref().map(|tcp| tcp.header);
        for at in header.into_iter().flat_map(|header| [header, header + 2]) {
            if self.bytes[at..at + 2] == old.to_be_bytes() {
                self.bytes[at..at + 2].copy_from_slice(&new.to_be_bytes());
            }
        }
    }

    /// Puts a destination options header (with padding alone) behind the IPv6 header.
    pub(crate) fn insert_destination_options(&mut self) {
        const DESTINATION_OPTIONS: u8 = 60;
        if self.bytes[12..14] != [0x86, 0xdd] || self.bytes[20] != PROTOCOL_TCP {
            return;
        }
        let payload_len = u16::from_be_bytes([self.bytes[18], self.bytes[19]]) + 8;
        self.bytes[18..20].copy_from_slice(&payload_len.to_be_bytes());
        self.bytes[20] = DESTINATION_OPTIONS;
        let header = [PROTOCOL_TCP, 0, 1, 4, 0, 0, 0, 0];
        self.bytes.splice(54..54, header);
        self.tcp = Place::find(&self.bytes);
    }

    /// Puts VLAN tags before the EtherType, the outermost first.
    pub(crate) fn tag(&mut self, tags: &[[u8; 4]]) {
        self.bytes.splice(12..12, tags.concat());
        self.tcp = None;
    }

    /// Takes all VLAN tags out. (The kernel may have taken out the outermost one already.)
    pub(crate) fn untag(&mut self) {
        while let [0x81, 0x00] | [0x88, 0xa8] = self.bytes[12..14] {
            self.bytes.drain(12..16);
        }
        self.tcp = Place::find(&self.bytes);
    }

    /// The RST with which a firewall answers this SYN.
    pub(crate) fn refusal(&self) -> Option<Self> {
        let tcp = self.tcp.as_ref().filter(|_| self.bytes[12..14] == [0x08, 0x00])?;
        let mut bytes = self.bytes[..tcp.header + 20].to_vec();
        bytes[0..6].copy_from_slice(&self.bytes[6..12]);
        bytes[6..12].copy_from_slice(&self.bytes[0..6]);
        bytes[16..18].copy_from_slice(&40u16.to_be_bytes());
        bytes[26..30].copy_from_slice(&self.bytes[30..34]);
        bytes[30..34].copy_from_slice(&self.bytes[26..30]);
        let header = tcp.header;
        bytes[header..header + 2].copy_from_slice(&self.bytes[header + 2..header + 4]);
        bytes[header + 2..header + 4].copy_from_slice(&self.bytes[header..header + 2]);
        let seq = &self.bytes[header + 4..header + 8];
        let seq = u32::from_be_bytes(seq.try_into().unwrap());
        bytes[header + 4..header + 8].fill(0);
        bytes[header + 8..header + 12].copy_from_slice(&seq.wrapping_add(1).to_be_bytes());
        bytes[header + 12] = 5 << 4;
        bytes[header + 13] = RST | ACK;
        let mut refusal = Self::new(bytes, !self.from_client);
        refusal.repair_ip_checksum();
        Some(refusal)
    }

    /// Makes the TCP checksum right: of changed segments, and of those whose checksum was left to
    /// hardware that isn't there.
    pub(crate) fn repair_checksum(&mut self) {
        let Some(tcp) = &self.tcp else { return };
        self.bytes[tcp.header + 16..tcp.header + 18].fill(0);
        let segment = &self.bytes[tcp.header..tcp.end];
        let sum = add_words(&self.bytes[tcp.addresses.clone()], 0)
            + u32::from(PROTOCOL_TCP)
            + u32::try_from(segment.len()).unwrap();
        let checksum = fold(add_words(segment, sum));
        self.bytes[tcp.header + 16..tcp.header + 18].copy_from_slice(&checksum.to_be_bytes());
    }

    fn repair_ip_checksum(&mut self) {
        if self.bytes[12..14] == [0x08, 0x00] {
            let end = ETHERNET + 4 * usize::from(self.bytes[ETHERNET] & 15);
            self.bytes[24..26].fill(0);
            let checksum = fold(add_words(&self.bytes[ETHERNET..end], 0));
            self.bytes[24..26].copy_from_slice(&checksum.to_be_bytes());
        }
    }
}

impl Place {
    fn find(bytes: &[u8]) -> Option<Self> {
        let (addresses, header, end) = match bytes.get(12..14)? {
            [0x08, 0x00] if bytes[23] == PROTOCOL_TCP => {
                let header = ETHERNET + 4 * usize::from(bytes[14] & 15);
                let len = u16::from_be_bytes([bytes[16], bytes[17]]);
                (26..34, header, ETHERNET + usize::from(len))
            }
            [0x86, 0xdd] if bytes[20] == PROTOCOL_TCP => {
                let len = u16::from_be_bytes([bytes[18], bytes[19]]);
                (22..54, 54, 54 + usize::from(len))
            }
            _ => return None,
        };
        let payload = header + 4 * usize::from(bytes[header + 12] >> 4);
        Some(Self { addresses, header, payload, end })
    }
}

fn add_words(bytes: &[u8], sum: u32) -> u32 {
    bytes.chunks(2).fold(sum, |sum, word| {
        sum + (u32::from(word[0]) << 8) + word.get(1).map_or(0, |low| u32::from(*low))
    })
}

fn fold(mut sum: u32) -> u16 {
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).unwrap()
}
