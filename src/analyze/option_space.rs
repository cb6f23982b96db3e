//! Whether ADD_ADDR fits into a TCP header beside timestamps.

use crate::wire::option_space::{AddAddrForm, Block, Demand, Fit};

/// One form of ADD_ADDR, and the room it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddAddrRoom {
    /// Which form.
    pub form: AddAddrForm,
    /// The room it takes, with timestamps; `None` if it is unknown whether they are in use.
    pub demand: Option<Demand>,
}

impl AddAddrRoom {
    /// Octets of all options, as Linux writes them.
    pub fn octets(self) -> Option<u8> {
        self.demand.map(|demand| demand.padded)
    }

    /// Whether that fits.
    pub fn fits(self) -> Option<bool> {
        self.demand.map(|demand| demand.fit() == Fit::Fits)
    }
}

/// All eight forms of version 1, with or without `timestamps`.
pub fn add_addr_room(timestamps: Option<bool>) -> [AddAddrRoom; 8] {
    AddAddrForm::ALL.map(|form| AddAddrRoom {
        form,
        demand: timestamps.map(|is_on| {
            let blocks = [Block::AddAddr(form), Block::Timestamps];
            let [alone, _] = blocks;
            if is_on { Demand::of(&blocks) } else { Demand::of(&[alone]) }
        }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn octets(timestamps: bool) -> Vec<u8> {
        let rows = add_addr_room(Some(timestamps));
        rows.into_iter().filter_map(AddAddrRoom::octets).collect()
    }

    #[test]
    fn only_ipv6_with_port_does_not_fit_beside_timestamps() {
        assert_eq!(octets(false), [16, 20, 8, 12, 28, 32, 20, 24]);
        assert_eq!(octets(true), [28, 32, 20, 24, 40, 44, 32, 36]);
        let rows = add_addr_room(Some(true));
        let without_room: Vec<_> = rows.iter().filter(|row| row.fits() == Some(false)).collect();
        assert_eq!(without_room.len(), 1);
        assert_eq!(without_room[0].form, AddAddrForm { ipv6: true, port: true, hmac: true });
    }

    #[test]
    fn unknown_without_both_syns() {
        assert!(add_addr_room(None).iter().all(|row| row.fits().is_none()));
    }
}
