//! What each host announced and withdrew: the addresses of a connection (RFC 8684 §3.4).

use std::net::IpAddr;

use smallvec::SmallVec;

use crate::track::role::Role;
use crate::track::stamp::PacketStamp;
use crate::wire::mptcp::{AddAddr, AddressId};

/// Most packets listed per address and kind; the rest is counted.
const MAX_LISTED: usize = 16;

/// Most addresses per connection. Each host has 256 IDs, and may move them about.
const MAX_ADDRESSES: usize = 512;

/// Most announcements of one address that differ.
const MAX_OPTIONS: usize = 4;

/// An address that a host announced.
#[derive(Debug, Clone)]
pub struct AnnouncedAddress {
    /// Whose address it is.
    pub owner: Role,
    /// Its ID.
    pub address_id: AddressId,
    /// The address; `None` where only an echo-less REMOVE_ADDR was seen of it.
    pub address: Option<IpAddr>,
    /// The port, if one was announced.
    pub port: Option<u16>,
    /// ADD_ADDR packets.
    pub announced: Sightings,
    /// Echoes of the peer.
    pub echoed: Sightings,
    /// REMOVE_ADDR packets that name it.
    pub removed: Sightings,
    /// The announcements that differ (in their HMACs): one, unless somebody changed them.
    pub options: SmallVec<[AddAddr; 1]>,
}

/// Where something was seen again and again: the first few packets, and how many in all.
#[derive(Debug, Clone, Default)]
pub struct Sightings {
    /// The first of them.
    pub listed: Vec<PacketStamp>,
    /// How many.
    pub count: u64,
}

impl Sightings {
    fn add(&mut self, seen: PacketStamp) {
        if self.listed.len() < MAX_LISTED {
            self.listed.push(seen);
        }
        self.count += 1;
    }
}

/// The addresses of a connection, in the order in which they were first named.
#[derive(Debug, Clone, Default)]
pub struct AddressBook {
    addresses: Vec<AnnouncedAddress>,
    dropped: u64,
}

impl AddressBook {
    /// The addresses, in the order in which they were first named.
    pub fn iter(&self) -> impl Iterator<Item = &AnnouncedAddress> {
        self.addresses.iter()
    }

    /// Options that named an address past the limit.
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Takes an ADD_ADDR sent by `sender`: an announcement of its own address, or the echo of one of
    /// its peer's.
    pub fn add(&mut self, sender: Role, option: AddAddr, seen: PacketStamp) {
        let owner = if option.is_echo() { sender.peer() } else { sender };
        let Some(entry) = self.entry(owner, option) else {
            return;
        };
        if option.is_echo() {
            entry.echoed.add(seen);
        } else {
            entry.announced.add(seen);
            if entry.options.len() < MAX_OPTIONS && !entry.options.contains(&option) {
                entry.options.push(option);
            }
        }
    }

    /// Takes one ID of a REMOVE_ADDR sent by `sender`. An ID that was never announced (a subflow's
    /// own, say) gets an entry without an address.
    pub fn remove(&mut self, sender: Role, id: AddressId, seen: PacketStamp) {
        let named =
            |address: &&mut AnnouncedAddress| address.owner == sender && address.address_id == id;
        if let Some(address) = self.addresses.iter_mut().rev().find(named) {
            address.removed.add(seen);
            return;
        }
        if let Some(address) = self.push(sender, id, None, None) {
            address.removed.add(seen);
        }
    }

    /// Exchanges the hosts, when it turns out that the roles were guessed wrongly.
    pub fn swap_roles(&mut self) {
        for address in &mut self.addresses {
            address.owner = address.owner.peer();
        }
    }

    /// The addresses of `other` after these, when two views turn out to be of one connection.
    pub fn append(&mut self, other: Self) {
        self.dropped += other.dropped;
        self.addresses.extend(other.addresses);
    }

    /// The live entry for an announced address. The same ID with another address, or after a
    /// REMOVE_ADDR, is another entry. An echo without a port (Apple) also answers an announcement
    /// with one.
    fn entry(&mut self, owner: Role, option: AddAddr) -> Option<&mut AnnouncedAddress> {
        let fits = |address: &AnnouncedAddress| {
            address.owner == owner
                && address.address_id == option.address_id
                && address.address == Some(option.address)
                && (address.port == option.port || option.is_echo() && option.port.is_none())
                && (address.removed.count == 0 || option.is_echo())
        };
        match self.addresses.iter().rposition(fits) {
            Some(index) => self.addresses.get_mut(index),
            None => self.push(owner, option.address_id, Some(option.address), option.port),
        }
    }

    fn push(
        &mut self,
        owner: Role,
        address_id: AddressId,
        address: Option<IpAddr>,
        port: Option<u16>,
    ) -> Option<&mut AnnouncedAddress> {
        if self.addresses.len() >= MAX_ADDRESSES {
            self.dropped += 1;
            return None;
        }
        self.addresses.push(AnnouncedAddress {
            owner,
            address_id,
            address,
            port,
            announced: Sightings::default(),
            echoed: Sightings::default(),
            removed: Sightings::default(),
            options: SmallVec::new(),
        });
        self.addresses.last_mut()
    }
}
