//! The two applications: real sockets at both ends, both driven by the test. What they send is a
//! pattern by position, and both ends hash what they sent and what they received.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sha2::{Digest, Sha256};
use socket2::SockRef;

use super::host::Host;
use super::socket::SocketInfo;
use super::view::Side;
use super::wait::PATIENCE;

/// What was said on a connection, for the comparison at the end.
#[derive(Debug, Clone, Default)]
pub(crate) struct Said {
    /// The client's port: it tells the connections of a scenario apart.
    pub(crate) client_port: u16,
    /// Bytes that went with the SYN.
    pub(crate) in_syn: usize,
    /// What the kernels of client and server said about their sockets in the end.
    pub(crate) sockets: Option<[Option<SocketInfo>; 2]>,
    /// From the client.
    pub(crate) up: Stream,
    /// From the server.
    pub(crate) down: Stream,
}

/// One direction.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stream {
    /// SHA-256 of what the sender wrote, in hexadecimal.
    pub(crate) sent: String,
    /// SHA-256 of what the receiver read.
    pub(crate) received: String,
}

/// Where the connections of a scenario leave what was said.
pub(crate) type Minutes = Arc<Mutex<Vec<Said>>>;

/// A connection, by its two sockets.
pub(crate) struct Talk {
    pub(crate) client: Peer,
    pub(crate) server: Peer,
    hosts: [Arc<Host>; 2],
    said: Said,
    minutes: Minutes,
}

/// One application.
pub(crate) struct Peer {
    socket: Option<TcpStream>,
    factor: usize,
    sent: Sha256,
    sent_len: usize,
    received: Sha256,
}

impl Talk {
    pub(crate) fn new(
        [client, server]: [TcpStream; 2],
        hosts: [&Arc<Host>; 2],
        minutes: &Minutes,
    ) -> Self {
        let client_port = client.local_addr().map_or(0, |address| address.port());
        Self {
            client: Peer::new(client, 7),
            server: Peer::new(server, 11),
            hosts: hosts.map(Arc::clone),
            said: Said { client_port, ..Said::default() },
            minutes: Arc::clone(minutes),
        }
    }

    /// The client sent this when it connected, and so much of it with the SYN.
    pub(crate) fn sent_at_once(&mut self, bytes: &[u8], in_syn: usize) {
        self.client.wrote(bytes);
        self.said.in_syn = in_syn;
        self.server.read(bytes.len());
    }

    /// The client sends so many bytes, then the server does.
    pub(crate) fn exchange(&mut self, up: usize, down: usize) {
        self.up(up);
        self.down(down);
    }

    /// The client sends, and the server reads all of it.
    pub(crate) fn up(&mut self, len: usize) {
        transfer(&mut self.client, &mut self.server, len);
    }

    /// The server sends, and the client reads all of it.
    pub(crate) fn down(&mut self, len: usize) {
        transfer(&mut self.server, &mut self.client, len);
    }

    /// The client closes its direction, the server sees the end of it and closes, too.
    pub(crate) fn close(mut self) {
        self.note_sockets();
        self.client.shut_down();
        self.server.expect_end();
        self.server.shut_down();
        self.client.expect_end();
    }

    /// The server closes its direction first.
    pub(crate) fn close_by_server(mut self) {
        self.note_sockets();
        self.server.shut_down();
        self.client.expect_end();
        self.client.shut_down();
        self.server.expect_end();
    }

    /// The client sends, and the server does not read for a while.
    pub(crate) fn up_unread(&mut self, len: usize, milliseconds: u64) {
        std::thread::scope(|scope| {
            scope.spawn(|| self.client.write(len));
            std::thread::sleep(Duration::from_millis(milliseconds));
            self.server.read(len);
        });
    }

    /// Both close before either knows.
    pub(crate) fn close_at_once(mut self) {
        self.note_sockets();
        self.client.shut_down();
        self.server.shut_down();
        self.client.expect_end();
        self.server.expect_end();
    }

    /// Ends a connection that no report will mention.
    pub(crate) fn forget(mut self) {
        self.minutes = Minutes::default();
        self.close();
    }

    /// The client aborts (SO_LINGER 0); the server sees a reset.
    pub(crate) fn abort(mut self) {
        self.note_sockets();
        self.client.abort();
        self.server.expect_reset();
    }
}

impl Talk {
    /// Asks both kernels what they think of the connection.
    fn note_sockets(&mut self) {
        let port = self.said.client_port;
        let [client, server] = &self.hosts;
        self.said.sockets = Some([
            SocketInfo::of(client, Side::Client, port),
            SocketInfo::of(server, Side::Server, port),
        ]);
    }
}

/// The sender writes while the receiver reads: neither needs more room than the sockets have.
fn transfer(sender: &mut Peer, receiver: &mut Peer, len: usize) {
    std::thread::scope(|scope| {
        scope.spawn(|| sender.write(len));
        receiver.read(len);
    });
}

impl Drop for Talk {
    fn drop(&mut self) {
        let hex = |hash: &Sha256| {
            let bytes = hash.clone().finalize();
            bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
        };
        let mut said = std::mem::take(&mut self.said);
        said.up = Stream { sent: hex(&self.client.sent), received: hex(&self.server.received) };
        said.down = Stream { sent: hex(&self.server.sent), received: hex(&self.client.received) };
        if let Ok(mut minutes) = self.minutes.lock() {
            minutes.push(said);
        }
    }
}

impl Peer {
    fn new(socket: TcpStream, factor: usize) -> Self {
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket.set_write_timeout(Some(PATIENCE)).unwrap();
        let (sent, received) = (Sha256::new(), Sha256::new());
        Self { socket: Some(socket), factor, sent, sent_len: 0, received }
    }

    pub(crate) fn socket(&mut self) -> &mut TcpStream {
        self.socket.as_mut().expect("the socket is open")
    }

    fn wrote(&mut self, bytes: &[u8]) {
        self.sent.update(bytes);
        self.sent_len += bytes.len();
    }

    pub(crate) fn write(&mut self, len: usize) {
        let bytes = pattern(self.factor, self.sent_len, len);
        self.socket().write_all(&bytes).unwrap();
        self.wrote(&bytes);
    }

    pub(crate) fn read(&mut self, len: usize) {
        let mut bytes = vec![0; len];
        self.socket().read_exact(&mut bytes).unwrap();
        self.received.update(&bytes);
    }

    pub(crate) fn shut_down(&mut self) {
        self.socket().shutdown(Shutdown::Write).unwrap();
    }

    pub(crate) fn expect_end(&mut self) {
        let mut rest = Vec::new();
        self.socket().read_to_end(&mut rest).unwrap();
        assert!(rest.is_empty(), "{} octets that nobody asked for", rest.len());
    }

    pub(crate) fn expect_reset(&mut self) {
        let error = self.socket().read_to_end(&mut Vec::new()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    }

    /// Closes without a goodbye.
    pub(crate) fn abort(&mut self) {
        SockRef::from(&*self.socket()).set_linger(Some(Duration::ZERO)).unwrap();
        self.socket = None;
    }

    /// Keeps the window small.
    pub(crate) fn receive_buffer(&mut self, bytes: usize) {
        SockRef::from(&*self.socket()).set_recv_buffer_size(bytes).unwrap();
    }
}

/// Octet number i of a direction depends on i alone.
pub(crate) fn pattern(factor: usize, start: usize, len: usize) -> Vec<u8> {
    (start..start + len).map(|i| u8::try_from((factor * i + factor / 2) % 251).unwrap()).collect()
}

/// Where the server of a scenario listens.
pub(crate) const PORT: u16 = 5001;

/// An address with the server's port.
pub(crate) fn at_port(address: &str) -> SocketAddr {
    SocketAddr::new(address.parse().unwrap(), PORT)
}
