//! The two directions of a connection: how they are written, and which one matters more.

use super::theme::Theme;
use crate::report::model::{Connection, DataDirection};
use crate::track::role::Direction;

/// `c→s` or `s→c`.
pub fn arrow(theme: Theme, direction: Direction) -> String {
    let to = theme.glyphs.to;
    match direction {
        Direction::ClientToServer => format!("c{to}s"),
        Direction::ServerToClient => format!("s{to}c"),
    }
}

/// The direction that carries more bytes of its stream.
pub const fn main_direction(connection: &Connection) -> (Direction, &DataDirection) {
    if connection.c2s.stream_bytes >= connection.s2c.stream_bytes {
        (Direction::ClientToServer, &connection.c2s)
    } else {
        (Direction::ServerToClient, &connection.s2c)
    }
}
