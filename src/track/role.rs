//! Client and server of a connection, and a value for each of them.

/// One of the two hosts of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Sender of the MP_CAPABLE SYN.
    Client,
    /// Receiver of it.
    Server,
}

impl Role {
    /// Both roles, the client first.
    pub const BOTH: [Self; 2] = [Self::Client, Self::Server];

    /// The other host.
    #[must_use]
    pub const fn peer(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }

    /// The direction in which this host sends.
    pub const fn sends(self) -> Direction {
        match self {
            Self::Client => Direction::ClientToServer,
            Self::Server => Direction::ServerToClient,
        }
    }
}

/// Direction of travel, always at the level of the connection, whoever opened the subflow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the connection's client.
    ClientToServer,
    /// From the connection's server.
    ServerToClient,
}

impl Direction {
    /// Both directions, the client's first.
    pub const BOTH: [Self; 2] = [Self::ClientToServer, Self::ServerToClient];

    /// The host that sends in this direction.
    pub const fn sender(self) -> Role {
        match self {
            Self::ClientToServer => Role::Client,
            Self::ServerToClient => Role::Server,
        }
    }
}

/// A value of the client's and one of the server's. What belongs to a direction stands with the
/// host that sends in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PerRole<T> {
    /// The client's.
    pub client: T,
    /// The server's.
    pub server: T,
}

impl<T> PerRole<T> {
    /// The value of `role`.
    pub const fn of(&self, role: Role) -> &T {
        match role {
            Role::Client => &self.client,
            Role::Server => &self.server,
        }
    }

    /// The value of `role`, to change it.
    pub const fn of_mut(&mut self, role: Role) -> &mut T {
        match role {
            Role::Client => &mut self.client,
            Role::Server => &mut self.server,
        }
    }

    /// The sender's and the receiver's value in `direction`, to change both.
    pub const fn along_mut(&mut self, direction: Direction) -> (&mut T, &mut T) {
        match direction {
            Direction::ClientToServer => (&mut self.client, &mut self.server),
            Direction::ServerToClient => (&mut self.server, &mut self.client),
        }
    }

    /// Exchanges the two, when it turns out that the roles were guessed wrongly.
    pub const fn swap(&mut self) {
        std::mem::swap(&mut self.client, &mut self.server);
    }
}
