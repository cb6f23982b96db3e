//! The kernel's path manager over generic netlink: the family `mptcp_pm` of linux/mptcp_pm.h.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use netlink_sys::protocols::NETLINK_GENERIC;
use netlink_sys::{Socket, SocketAddr};

use super::endpoint::{Endpoint, EndpointFlag, EndpointLimits};

/// Message types and flags of netlink(7).
const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
const NLM_F_REQUEST: u16 = 1;
const NLM_F_ACK: u16 = 4;
const NLM_F_DUMP: u16 = 0x300;

/// The family that knows all families, its request, and the attributes of both directions.
const GENL_ID_CTRL: u16 = 16;
const CTRL_CMD_GETFAMILY: u8 = 3;
const CTRL_ATTR_FAMILY_ID: u16 = 1;
const CTRL_ATTR_FAMILY_NAME: u16 = 2;

/// Requests and attributes of `mptcp_pm`.
const GET_ADDR: u8 = 3;
const GET_LIMITS: u8 = 6;
const ATTR_ADDR: u16 = 1;
const ATTR_RCV_ADD_ADDRS: u16 = 2;
const ATTR_SUBFLOWS: u16 = 3;
const ADDR_ID: u16 = 2;
const ADDR_ADDR4: u16 = 3;
const ADDR_ADDR6: u16 = 4;
const ADDR_PORT: u16 = 5;
const ADDR_FLAGS: u16 = 6;
const ADDR_IF_IDX: u16 = 7;

/// Octets of a netlink header, and of the generic one behind it.
const HEADER: usize = 16;
const GENERIC_HEADER: usize = 4;

/// An open socket to the kernel's path manager.
pub(super) struct PathManager {
    socket: Socket,
    family: u16,
    sequence: u32,
}

impl PathManager {
    /// Fails where the kernel has no MPTCP.
    pub(super) fn open() -> io::Result<Self> {
        let mut socket = Socket::new(NETLINK_GENERIC)?;
        socket.bind_auto()?;
        socket.connect(&SocketAddr::new(0, 0))?;
        let mut opened = Self { socket, family: GENL_ID_CTRL, sequence: 0 };
        let name = attribute(CTRL_ATTR_FAMILY_NAME, b"mptcp_pm\0");
        let answers = opened.ask(CTRL_CMD_GETFAMILY, NLM_F_ACK, &name)?;
        let id =
            answers.iter().find_map(|answer| find(answer, CTRL_ATTR_FAMILY_ID).and_then(u16_of));
        opened.family = id.ok_or(io::ErrorKind::NotFound)?;
        Ok(opened)
    }

    pub(super) fn limits(&mut self) -> io::Result<EndpointLimits> {
        let answers = self.ask(GET_LIMITS, NLM_F_ACK, &[])?;
        let value = |code| answers.iter().find_map(|answer| find(answer, code).and_then(u32_of));
        Ok(EndpointLimits {
            subflows: value(ATTR_SUBFLOWS).ok_or(io::ErrorKind::InvalidData)?,
            add_addr_accepted: value(ATTR_RCV_ADD_ADDRS).ok_or(io::ErrorKind::InvalidData)?,
        })
    }

    pub(super) fn endpoints(&mut self) -> io::Result<Vec<Endpoint>> {
        let answers = self.ask(GET_ADDR, NLM_F_DUMP, &[])?;
        Ok(answers.iter().filter_map(|answer| endpoint(find(answer, ATTR_ADDR)?)).collect())
    }

    /// Sends a request; the attributes of every answer.
    fn ask(&mut self, command: u8, flags: u16, attributes: &[u8]) -> io::Result<Vec<Vec<u8>>> {
        self.sequence += 1;
        let len = u32::try_from(HEADER + GENERIC_HEADER + attributes.len()).unwrap_or(u32::MAX);
        let mut request = Vec::new();
        request.extend(len.to_ne_bytes());
        request.extend(self.family.to_ne_bytes());
        request.extend((NLM_F_REQUEST | flags).to_ne_bytes());
        request.extend(self.sequence.to_ne_bytes());
        request.extend(0_u32.to_ne_bytes());
        request.extend([command, 1, 0, 0]);
        request.extend(attributes);
        self.socket.send(&request, 0)?;
        let mut answers = Vec::new();
        loop {
            let (datagram, _) = self.socket.recv_from_full()?;
            for message in messages(&datagram) {
                if message.sequence != self.sequence {
                    continue;
                }
                match message.kind {
                    NLMSG_DONE => return Ok(answers),
                    NLMSG_ERROR => return outcome(message.body).map(|()| answers),
                    _ => answers.extend(message.body.get(GENERIC_HEADER..).map(<[u8]>::to_vec)),
                }
            }
        }
    }
}

/// A netlink message.
struct Message<'a> {
    kind: u16,
    sequence: u32,
    body: &'a [u8],
}

/// The messages of a datagram: length, type, flags, sequence number, port, body, padding.
fn messages(datagram: &[u8]) -> Vec<Message<'_>> {
    let mut found = Vec::new();
    let mut rest = datagram;
    while let Some(len) = u32_of(rest).map(|len| len as usize)
        && let Some(message) = rest.get(..len)
        && let Some(body) = message.get(HEADER..)
    {
        let kind = message.get(4..).and_then(u16_of).unwrap_or(NLMSG_ERROR);
        let sequence = message.get(8..).and_then(u32_of).unwrap_or(0);
        found.push(Message { kind, sequence, body });
        rest = rest.get(len.next_multiple_of(4)..).unwrap_or_default();
    }
    found
}

/// An acknowledgment is an error with the number 0.
fn outcome(body: &[u8]) -> io::Result<()> {
    match u32_of(body).map(u32::cast_signed) {
        Some(0) => Ok(()),
        Some(error) => Err(io::Error::from_raw_os_error(-error)),
        None => Err(io::ErrorKind::InvalidData.into()),
    }
}

fn endpoint(attributes: &[u8]) -> Option<Endpoint> {
    let v4 = || {
        let octets: [u8; 4] = *find(attributes, ADDR_ADDR4)?.first_chunk()?;
        Some(IpAddr::V4(Ipv4Addr::from(octets)))
    };
    let v6 = || {
        let octets: [u8; 16] = *find(attributes, ADDR_ADDR6)?.first_chunk()?;
        Some(IpAddr::V6(Ipv6Addr::from(octets)))
    };
    Some(Endpoint {
        id: find(attributes, ADDR_ID)?.first().copied()?,
        address: v4().or_else(v6)?,
        // In the order of the host, unlike the address.
        port: find(attributes, ADDR_PORT).and_then(u16_of).filter(|port| *port != 0),
        interface_index: find(attributes, ADDR_IF_IDX)
            .and_then(u32_of)
            .map(u32::cast_signed)
            .filter(|index| *index != 0),
        flags: EndpointFlag::of(find(attributes, ADDR_FLAGS).and_then(u32_of).unwrap_or(0)),
    })
}

/// Length, type (without its two flag bits) and value, padded to four octets.
fn attribute(code: u16, value: &[u8]) -> Vec<u8> {
    let len = u16::try_from(4 + value.len()).unwrap_or(u16::MAX);
    let mut octets = [len.to_ne_bytes(), code.to_ne_bytes()].concat();
    octets.extend(value);
    octets.resize(octets.len().next_multiple_of(4), 0);
    octets
}

/// The value of the first attribute of a type.
fn find(attributes: &[u8], wanted: u16) -> Option<&[u8]> {
    let mut rest = attributes;
    loop {
        let len = usize::from(u16_of(rest)?);
        let code = rest.get(2..).and_then(u16_of)? & 0x3fff;
        let value = rest.get(4..len)?;
        if code == wanted {
            return Some(value);
        }
        rest = rest.get(len.next_multiple_of(4)..)?;
    }
}

fn u16_of(octets: &[u8]) -> Option<u16> {
    octets.first_chunk().map(|octets| u16::from_ne_bytes(*octets))
}

fn u32_of(octets: &[u8]) -> Option<u32> {
    octets.first_chunk().map(|octets| u32::from_ne_bytes(*octets))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_read_from_its_attributes() {
        let attributes = [
            attribute(1, &2_u16.to_ne_bytes()),
            attribute(ADDR_ID, &[7]),
            attribute(ADDR_ADDR4, &[10, 0, 2, 2]),
            attribute(ADDR_PORT, &5001_u16.to_ne_bytes()),
            attribute(ADDR_FLAGS, &3_u32.to_ne_bytes()),
            attribute(ADDR_IF_IDX, &4_u32.to_ne_bytes()),
        ]
        .concat();
        let expected = Endpoint {
            id: 7,
            address: [10, 0, 2, 2].into(),
            port: Some(5001),
            interface_index: Some(4),
            flags: vec![EndpointFlag::Signal, EndpointFlag::Subflow],
        };
        assert_eq!(endpoint(&attributes), Some(expected));
        for cut in 0..attributes.len() {
            // Whatever is cut off: no panic.
            let _ = endpoint(&attributes[..cut]);
        }
        assert_eq!(find(&[0, 0, 0, 0], 1), None, "a length of 0 ends the search");
    }

    #[test]
    fn messages_that_lie_about_their_length_end_the_datagram() {
        for len in [0_u32, 15, 17, u32::MAX] {
            let datagram = [&len.to_ne_bytes()[..], &[0; 12]].concat();
            assert_eq!(messages(&datagram).len(), 0, "{len}");
        }
        let datagram = [&16_u32.to_ne_bytes()[..], &[0; 12]].concat();
        assert_eq!(messages(&datagram).len(), 1);
    }
}
