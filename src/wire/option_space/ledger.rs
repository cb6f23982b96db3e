//! What a segment spent its 40 octets of options on.

use super::super::tcp_option::{TcpOption, TcpOptions};
use super::{Block, Demand, Fit, MAX_OPTIONS};

/// What a segment spent its option octets on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ledger {
    /// In the order of the header, without gaps.
    pub entries: Vec<LedgerEntry>,
}

/// Octets of a header that belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LedgerEntry {
    /// What they are.
    pub content: Content,
    /// Where they begin, from the first option octet.
    pub offset: u8,
    /// How many.
    pub octets: u8,
}

/// What octets among the options are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// An option.
    Block(Block),
    /// NOPs, or the end of the list and what follows it.
    Padding,
    /// An option with a length that can't be, or octets that were not captured.
    Unreadable,
}

impl Ledger {
    /// The ledger of a segment; its octets sum up to what the data offset says.
    pub fn of(options: TcpOptions<'_>) -> Self {
        let mut entries: Vec<LedgerEntry> = Vec::new();
        for (place, option) in options.places() {
            // A place ends at 255 at the most, where `declared_len` does.
            let [offset, octets] =
                [place.start, place.len()].map(|octets| u8::try_from(octets).unwrap_or(u8::MAX));
            let content = match (&option, Block::of(&option, octets)) {
                (_, Some(block)) => Content::Block(block),
                (TcpOption::NoOperation | TcpOption::EndOfList { .. }, None) => Content::Padding,
                (_, None) => Content::Unreadable,
            };
            match entries.last_mut() {
                Some(last) if (last.content, content) == (Content::Padding, Content::Padding) => {
                    last.octets += octets;
                }
                _ => entries.push(LedgerEntry { content, offset, octets }),
            }
        }
        Self { entries }
    }

    /// All octets: what the data offset says, less the fixed header.
    pub fn octets(&self) -> u8 {
        self.entries.iter().map(|entry| entry.octets).sum()
    }

    /// Octets of padding.
    pub fn padding(&self) -> u8 {
        let padding = self.entries.iter().filter(|entry| entry.content == Content::Padding);
        padding.map(|entry| entry.octets).sum()
    }

    /// Octets left to the limit.
    pub fn left(&self) -> u8 {
        MAX_OPTIONS.saturating_sub(self.octets())
    }

    /// The options in it.
    pub fn blocks(&self) -> Vec<Block> {
        let blocks = self.entries.iter().filter_map(|entry| match entry.content {
            Content::Block(block) => Some(block),
            Content::Padding | Content::Unreadable => None,
        });
        blocks.collect()
    }

    /// Whether `block` would have fitted beside what is there.
    pub fn has_room_for(&self, block: Block) -> Fit {
        let octets = self.octets() - self.padding() + block.octets();
        Demand { octets, padded: self.octets().saturating_add(block.padded()) }.fit()
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::mptcp::testing::octets as from_hex;
    use super::super::{AddAddrForm, DssForm, Width};
    use super::*;

    const ACK64: Block =
        Block::Dss(DssForm { data_ack: Some(Width::Long), mapping: None, checksum: false });

    const fn add_addr(ipv6: bool, port: bool, hmac: bool) -> Block {
        Block::AddAddr(AddAddrForm { ipv6, port, hmac })
    }

    fn ledger(hex: &str) -> Ledger {
        let octets = from_hex(hex);
        let declared_len = u8::try_from(octets.len()).unwrap();
        Ledger::of(TcpOptions { octets: &octets, declared_len })
    }

    #[test]
    fn an_acknowledgment_with_sack() {
        let ledger =
            ledger("0101 080a788256550e26e914 0101 050a6cd220516cd225dd 1e0c2003f633475c1ae94013");
        let blocks = [Block::Timestamps, Block::Sack { blocks: 1 }, ACK64];
        assert_eq!(ledger.blocks(), blocks);
        assert_eq!((ledger.octets(), ledger.padding(), ledger.left()), (36, 4, 4));
        let entry = |content, offset, octets| LedgerEntry { content, offset, octets };
        let expected = [
            entry(Content::Padding, 0, 2),
            entry(Content::Block(blocks[0]), 2, 10),
            entry(Content::Padding, 12, 2),
            entry(Content::Block(blocks[1]), 14, 10),
            entry(Content::Block(blocks[2]), 24, 12),
        ];
        assert_eq!(ledger.entries, expected);
        assert_eq!(Demand::of(&blocks).padded, 36);
        assert_eq!(ledger.has_room_for(Block::MpTcpRst), Fit::Fits);
        assert_eq!(ledger.has_room_for(add_addr(false, false, false)), Fit::OnlyUnpadded);
        assert_eq!(ledger.has_room_for(add_addr(false, true, false)), Fit::TooLong);
    }

    #[test]
    fn timestamps_of_a_syn_need_no_padding() {
        let ledger = ledger("020405b4 0402 080a9ce7e0ee00000000 01030307 1e040101");
        assert_eq!(Demand::of(&ledger.blocks()), Demand { octets: 23, padded: 24 });
        assert_eq!((ledger.octets(), ledger.padding()), (24, 1));
    }

    #[test]
    fn fast_open_as_an_experiment_is_longer() {
        assert_eq!(ledger("fd08f98901020304").blocks(), [Block::FastOpen { cookie: 6 }]);
    }

    #[test]
    fn what_cannot_be_read_counts_too() {
        for (hex, contents) in [
            ("01 08", vec![Content::Padding, Content::Unreadable]),
            ("0100 1e 05", vec![Content::Padding]),
            ("1e032f 01", vec![Content::Block(Block::Other { octets: 3 }), Content::Padding]),
        ] {
            let ledger = ledger(hex);
            let found: Vec<_> = ledger.entries.iter().map(|entry| entry.content).collect();
            assert_eq!(found, contents, "{hex}");
            assert_eq!(usize::from(ledger.octets()), from_hex(hex).len(), "{hex}");
        }
        let cut = TcpOptions { octets: &[1, 1, 8], declared_len: 12 };
        assert_eq!(Ledger::of(cut).octets(), 12);
    }
}
