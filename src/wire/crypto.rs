//! What can be proved: tokens, initial data sequence numbers and HMACs from the keys, and the DSS
//! checksum.
//!
//! Pure functions of their arguments. Version 0 (RFC 6824) hashes with SHA-1, version 1 (RFC 8684)
//! and anything later with SHA-256.

mod checksum;

use std::net::IpAddr;

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::mptcp::{AddAddr, AddressId, Key, Nonce, Token, Version};
use super::seq::Dsn;

pub use checksum::{ChecksumVerdict, DssChecksum, same_checksum};

/// The token of `key`: the most significant 32 bits of its hash (RFC 8684 §3.2, RFC 6824 §3.2).
pub fn token(key: Key, version: Version) -> Token {
    key_hash(key, version).0
}

/// The initial data sequence number of the owner of `key`: the least significant 64 bits of its
/// hash (RFC 8684 §3.1, RFC 6824 §3.1). The first octet of data stands one further on.
pub fn idsn(key: Key, version: Version) -> Dsn {
    key_hash(key, version).1
}

/// [`token`] and [`idsn`] at the price of one hash.
pub fn key_hash(key: Key, version: Version) -> (Token, Dsn) {
    let octets = key.0.to_be_bytes();
    if uses_sha1(version) {
        let digest: [u8; 20] = Sha1::digest(octets).into();
        (Token(first_u32(&digest)), Dsn(last_u64(&digest)))
    } else {
        let digest: [u8; 32] = Sha256::digest(octets).into();
        (Token(first_u32(&digest)), Dsn(last_u64(&digest)))
    }
}

/// What one host brings to a MP_JOIN handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JoinParty {
    /// Its key, from the connection's MP_CAPABLE handshake.
    pub key: Key,
    /// Its random number, from this handshake.
    pub nonce: Nonce,
}

/// The HMAC of a MP_JOIN segment, whole and cut to what the wire has room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JoinHmac {
    /// Version 0: HMAC-SHA1.
    Sha1([u8; 20]),
    /// Version 1: HMAC-SHA256.
    Sha256([u8; 32]),
}

impl JoinHmac {
    /// All octets: 20 in version 0, 32 in version 1.
    pub fn full(&self) -> &[u8] {
        match self {
            Self::Sha1(octets) => octets,
            Self::Sha256(octets) => octets,
        }
    }

    /// The leftmost 64 bits, as the SYN/ACK carries them.
    pub fn syn_ack(&self) -> u64 {
        first_u64(self.full())
    }

    /// The leftmost 160 bits, as the ACK carries them.
    pub fn ack(&self) -> [u8; 20] {
        match self {
            Self::Sha1(octets) => *octets,
            Self::Sha256(octets) => octets.first_chunk().copied().unwrap_or_default(),
        }
    }
}

/// The HMAC that `sender` puts into its SYN/ACK or ACK of a MP_JOIN handshake.
///
/// RFC 8684 §3.2: the key is the sender's key, then the receiver's; the text is their nonces in the
/// same order. The roles are those of the segment at hand, not those of the connection.
pub fn join_hmac(version: Version, sender: JoinParty, receiver: JoinParty) -> JoinHmac {
    let key = both_keys(sender.key, receiver.key);
    let text = (u64::from(sender.nonce.0) << 32 | u64::from(receiver.nonce.0)).to_be_bytes();
    if uses_sha1(version) {
        JoinHmac::Sha1(hmac_sha1(key, &text))
    } else {
        JoinHmac::Sha256(hmac_sha256(key, &text))
    }
}

/// How a sender makes the 64-bit HMAC of an ADD_ADDR: by the RFC, or as old kernels got it wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AddAddrHmacVariant {
    /// RFC 8684 §3.4.1: the rightmost 64 bits.
    Rfc8684,
    /// The leftmost 64 bits: Linux while MPTCP was developed, until May 2020.
    LeftmostBits,
    /// Rightmost bits, but the text has port 0 although the option has a port: Linux 5.11 and 5.12.
    PortLeftOut,
}

impl AddAddrHmacVariant {
    const ALL: [Self; 3] = [Self::Rfc8684, Self::LeftmostBits, Self::PortLeftOut];
}

/// The HMAC field of a version 1 ADD_ADDR that `sender` sends to `receiver`, made as `variant` says.
///
/// RFC 8684 §3.4.1: the key is the sender's key, then the receiver's; the text is address ID,
/// address, and a port that is always there: 0 when the option has none.
pub fn add_addr_hmac(
    variant: AddAddrHmacVariant,
    (sender, receiver): (Key, Key),
    address_id: AddressId,
    address: IpAddr,
    port: Option<u16>,
) -> u64 {
    let port = match variant {
        AddAddrHmacVariant::PortLeftOut => 0,
        AddAddrHmacVariant::Rfc8684 | AddAddrHmacVariant::LeftmostBits => port.unwrap_or(0),
    };
    let mut text = vec![address_id.0];
    match address {
        IpAddr::V4(address) => text.extend(address.octets()),
        IpAddr::V6(address) => text.extend(address.octets()),
    }
    text.extend(port.to_be_bytes());

    let hmac = hmac_sha256(both_keys(sender, receiver), &text);
    match variant {
        AddAddrHmacVariant::LeftmostBits => first_u64(&hmac),
        AddAddrHmacVariant::Rfc8684 | AddAddrHmacVariant::PortLeftOut => last_u64(&hmac),
    }
}

/// Which variant explains the HMAC of `announcement`, the RFC's first; `None` when none does, or
/// when the option (an echo, or version 0) has no HMAC.
pub fn matching_add_addr_variant(
    keys_of_sender_and_receiver: (Key, Key),
    announcement: &AddAddr,
) -> Option<AddAddrHmacVariant> {
    let AddAddr { address_id, address, port, .. } = *announcement;
    let stored = announcement.hmac()?;
    AddAddrHmacVariant::ALL.into_iter().find(|variant| {
        stored == add_addr_hmac(*variant, keys_of_sender_and_receiver, address_id, address, port)
    })
}

fn uses_sha1(version: Version) -> bool {
    version == Version::V0
}

fn both_keys(first: Key, second: Key) -> u128 {
    u128::from(first.0) << 64 | u128::from(second.0)
}

fn hmac_sha1(key: u128, text: &[u8]) -> [u8; 20] {
    let mac = Hmac::<Sha1>::new(&block(key).into());
    mac.chain_update(text).finalize().into_bytes().into()
}

fn hmac_sha256(key: u128, text: &[u8]) -> [u8; 32] {
    let mac = Hmac::<Sha256>::new(&block(key).into());
    mac.chain_update(text).finalize().into_bytes().into()
}

/// `key` with zeros up to the block size of both hashes, which is what HMAC does with a short key
/// (RFC 2104 §2); with a whole block there is no length that could be wrong.
fn block(key: u128) -> [u8; 64] {
    let mut block = [0; 64];
    for (padded, octet) in block.iter_mut().zip(key.to_be_bytes()) {
        *padded = octet;
    }
    block
}

fn first_u32(digest: &[u8]) -> u32 {
    digest.first_chunk().map_or(0, |octets| u32::from_be_bytes(*octets))
}

fn first_u64(digest: &[u8]) -> u64 {
    digest.first_chunk().map_or(0, |octets| u64::from_be_bytes(*octets))
}

fn last_u64(digest: &[u8]) -> u64 {
    digest.last_chunk().map_or(0, |octets| u64::from_be_bytes(*octets))
}

#[cfg(test)]
mod tests {
    use super::super::mptcp::AddressFlavour;
    use super::*;

    #[test]
    fn token_and_idsn_follow_from_the_key() {
        let vectors = [
            (1, 0x6d3b_10e9_19db_968c, 0x902e_c65d, 0x7668_1c3e_6b74_369c),
            (1, 0x2038_d5d8_6a8b_df4f, 0x1f69_ca05, 0x65cb_a062_b917_b445),
            (1, 0x07f7_e7da_0979_318e, 0x02fb_7a2f, 0x4b72_5a2f_0ad1_5490),
            (1, 0x9f1e_79ec_f620_b9e1, 0xef7f_7c55, 0x150b_ce7c_f6c6_c1a8),
            (1, 0x0102_0304_0506_0708, 0x6684_0dda, 0xf5a1_01d3_d29d_6f72),
            (1, 0x1112_1314_1516_1718, 0xccad_45ac, 0x535b_eea3_8e08_7c8e),
            (0, 0x9c9e_abd1_e46a_33b2, 0xaf97_06eb, 0x9851_b565_d52a_bec9),
            (0, 0x967d_2770_b696_0552, 0xe47f_0142, 0xe47e_f57d_d1b9_748f),
            (0, 0x9b59_be3d_695e_66a7, 0xd3dc_ec4f, 0x6842_b501_b171_2fb5),
            (0, 0xd005_b1ab_34ba_d344, 0x1f87_4e7a, 0x7138_f0db_c9dc_1c60),
            (0, 0x0102_0304_0506_0708, 0xdd57_83bc, 0x3a95_ed6e_4ebb_4ad5),
            (0, 0x1112_1314_1516_1718, 0x3383_d918, 0x9e1a_e42f_7026_27a9),
        ];
        for (version, key, expected_token, expected_idsn) in vectors {
            assert_eq!(token(Key(key), Version(version)), Token(expected_token), "{key:x}");
            assert_eq!(idsn(Key(key), Version(version)), Dsn(expected_idsn), "{key:x}");
        }
        assert_eq!(token(Key(1), Version(2)), token(Key(1), Version::V1), "later versions");
    }

    #[test]
    fn join_hmacs_put_the_sender_first() {
        #[rustfmt::skip]
        let vectors = [
            (1, 0x6d3b_10e9_19db_968c, 0x2038_d5d8_6a8b_df4f, 0x2938_9e39, 0xf452_06fa,
             0x39be_6c58_ccc4_bf3f, "aedd6bd06453adbe24a1b4abefc851789846adde"),
            (1, 0x07f7_e7da_0979_318e, 0x9f1e_79ec_f620_b9e1, 0xad25_a055, 0x762f_c4a3,
             0x82c8_b521_d272_0daf, "d8e7286245a49c197f7907853776f4ff9e960770"),
            (1, 0x0102_0304_0506_0708, 0x1112_1314_1516_1718, 0xa1a2_a3a4, 0xb1b2_b3b4,
             0x864b_4042_8762_fd06, "53037f2899475529844115fd07e665d23d3554fb"),
            (0, 0x9c9e_abd1_e46a_33b2, 0x967d_2770_b696_0552, 0x1b66_5a18, 0x33ab_e9d5,
             0x5ab6_80c7_884a_f03d, "cb7b87f5e5f0502f43b535fb70ef6607df2e6c7a"),
            (0, 0x0102_0304_0506_0708, 0x1112_1314_1516_1718, 0xa1a2_a3a4, 0xb1b2_b3b4,
             0xf983_baff_c3c1_2488, "5f9d9b1144766ae5a6402e4bc813bf52fad0199b"),
            (0, 0x9b59_be3d_695e_66a7, 0xd005_b1ab_34ba_d344, 0x1b66_5a18, 0x33ab_e9d5,
             0xff23_2364_7c97_1115, "7c8813e852d825688b160fd7921a601d986f3baa"),
        ];
        for (version, key, other_key, nonce, other_nonce, syn_ack, ack) in vectors {
            let opener = JoinParty { key: Key(key), nonce: Nonce(nonce) };
            let answerer = JoinParty { key: Key(other_key), nonce: Nonce(other_nonce) };
            let version = Version(version);
            assert_eq!(join_hmac(version, answerer, opener).syn_ack(), syn_ack, "{key:x}");
            assert_eq!(hex(&join_hmac(version, opener, answerer).ack()), ack, "{key:x}");
        }
    }

    #[test]
    fn the_full_join_hmac_is_kept() {
        let opener = JoinParty { key: Key(0x0102_0304_0506_0708), nonce: Nonce(0xa1a2_a3a4) };
        let answerer = JoinParty { key: Key(0x1112_1314_1516_1718), nonce: Nonce(0xb1b2_b3b4) };
        assert_eq!(
            hex(join_hmac(Version::V1, answerer, opener).full()),
            "864b40428762fd06fa24bb3c5ea12c1bbf6546e7aace88911139aa8f77f90286"
        );
        assert_eq!(
            hex(join_hmac(Version::V1, opener, answerer).full()),
            "53037f2899475529844115fd07e665d23d3554fb8dde7551287562b1aa8e53de"
        );
        assert_eq!(join_hmac(Version::V0, opener, answerer).full().len(), 20);
    }

    #[test]
    fn add_addr_hmacs_cover_id_address_and_port() {
        #[rustfmt::skip]
        let vectors = [
            (0x6f13_ae7f_abe2_26e4, 0x8aff_dd74_272f_cd45, 1, "fd00:2::2", None,
             0xcc90_76dc_e16e_48d6),
            (0xd008_af64_86a9_cc8a, 0xd145_2884_aa55_7fb1, 1, "fd00:2::2", Some(5002),
             0x6d96_3824_fcaa_605f),
            (0x388e_0e0d_a971_7313, 0xf031_1848_a08a_cb5a, 1, "fd00:2::2", Some(5002),
             0x0c32_7670_7ea6_cec9),
            (0xb3f9_2bfd_0f69_3c83, 0xedca_372b_2296_b3a7, 1, "10.0.2.2", None,
             0x5eaf_cebb_194f_60f6),
            (0xb3f9_2bfd_0f69_3c83, 0xedca_372b_2296_b3a7, 2, "10.0.3.2", None,
             0xd605_7e5c_dde9_5568),
            (0xf3a6_0218_4415_0c9c, 0xda50_f279_1fac_54d6, 1, "10.0.2.2", Some(5002),
             0xed9e_d3f1_05ac_3930),
            (0x0102_0304_0506_0708, 0x1112_1314_1516_1718, 1, "192.0.2.1", None,
             0xdf24_410f_ac2c_3edb),
            (0x1112_1314_1516_1718, 0x0102_0304_0506_0708, 2, "2001:db8::1", Some(443),
             0xc22d_ff4e_afc2_7aef),
        ];
        for (sender, receiver, id, address, port, hmac) in vectors {
            let keys = (Key(sender), Key(receiver));
            let announcement = announcement(id, address, port, hmac);
            let variant = matching_add_addr_variant(keys, &announcement);
            assert_eq!(variant, Some(AddAddrHmacVariant::Rfc8684), "{address} {hmac:x}");

            let (receiver, sender) = keys;
            assert_eq!(matching_add_addr_variant((sender, receiver), &announcement), None);
        }
    }

    #[test]
    fn old_add_addr_hmacs_are_told_apart() {
        // tcpdump's mptcp-aa-v1.pcap, packet 13.
        let keys = (Key(0x73bb_1503_58a0_aecb), Key(0x8f0c_7c64_a6a3_2ac1));
        let leftmost = announcement(1, "192.168.136.225", None, 0x6699_2874_4366_716c);
        assert_eq!(
            matching_add_addr_variant(keys, &leftmost),
            Some(AddAddrHmacVariant::LeftmostBits)
        );

        let keys = (Key(0x0102_0304_0506_0708), Key(0x1112_1314_1516_1718));
        let no_port_in_text = announcement(1, "192.0.2.1", Some(443), 0xdf24_410f_ac2c_3edb);
        assert_eq!(
            matching_add_addr_variant(keys, &no_port_in_text),
            Some(AddAddrHmacVariant::PortLeftOut)
        );

        let wrong = announcement(1, "192.0.2.1", Some(443), 1);
        assert_eq!(matching_add_addr_variant(keys, &wrong), None);
        let echo = AddAddr { flavour: AddressFlavour::Echo, ..wrong };
        assert_eq!(matching_add_addr_variant(keys, &echo), None);
    }

    fn announcement(id: u8, address: &str, port: Option<u16>, hmac: u64) -> AddAddr {
        AddAddr {
            address_id: AddressId(id),
            address: address.parse().unwrap(),
            port,
            flavour: AddressFlavour::Announcement { hmac },
            reserved: 0,
        }
    }

    fn hex(octets: &[u8]) -> String {
        use std::fmt::Write;
        octets.iter().fold(String::new(), |mut text, octet| {
            write!(text, "{octet:02x}").unwrap();
            text
        })
    }
}
