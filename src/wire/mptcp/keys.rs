//! The numbers that hosts prove themselves by.

use std::fmt;

/// A 64-bit key, exchanged in MP_CAPABLE (RFC 8684 §3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key(pub u64);

impl fmt::Display for Key {
    /// All 16 hexadecimal digits.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "0x{:016x}", self.0)
    }
}

/// The upper 32 bits of a key's hash; names a connection in MP_JOIN (RFC 8684 §3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Token(pub u32);

impl fmt::Display for Token {
    /// All 8 hexadecimal digits.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "0x{:08x}", self.0)
    }
}

/// The random number of a MP_JOIN handshake (RFC 8684 §3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Nonce(pub u32);
