//! Connections to Envoy, and the bytes on them.

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use socket2::{Domain, Socket, Type};

use crate::http1;
use crate::http2::Http2;
use crate::message::{Protocol, Request, Response};

const TIMEOUT: Duration = Duration::from_secs(10);

/// Why there is no response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Nothing came within 10 s.
    Timeout,
    /// The connection ended first.
    Closed,
    /// HTTP/2: the stream was reset with this error code.
    Reset(u32),
    /// HTTP/2: the connection was given up with this error code.
    GoAway(u32),
    /// What came isn't HTTP.
    Malformed(String),
}

/// One connection, for several requests in turn.
#[derive(Debug)]
pub struct Connection {
    wire: Wire,
    http2: Option<Http2>,
}

impl Connection {
    /// Connects, from a local address where one is given.
    pub fn open(
        to: SocketAddr,
        protocol: Protocol,
        from: Option<IpAddr>,
    ) -> Result<Connection, Failure> {
        let mut wire = Wire::open(to, from)?;
        let http2 = match protocol {
            Protocol::H1 => None,
            Protocol::H2 => Some(Http2::start(&mut wire)?),
        };
        Ok(Connection { wire, http2 })
    }

    /// Sends a request (in the connection's protocol, whatever the request says)
    /// and reads its response.
    pub fn send(&mut self, request: &Request) -> Result<Response, Failure> {
        self.wire.restart_clock();
        match &mut self.http2 {
            Some(http2) => http2.send(&mut self.wire, request),
            None => {
                self.wire.write(&http1::write(request));
                http1::read(
                    &mut self.wire,
                    request.method.as_deref() == Some(b"HEAD"),
                    request.is_tunnel(),
                )
            }
        }
    }

    /// Whether the peer has neither closed it nor said anything that nobody asked for.
    pub fn is_idle(&self) -> bool {
        self.wire.is_idle()
    }

    /// Sends bytes and reads one HTTP/1.1 response.
    pub fn raw(&mut self, bytes: &[u8]) -> Result<Response, Failure> {
        self.wire.restart_clock();
        self.wire.write(bytes);
        http1::read(&mut self.wire, false, false)
    }

    /// Sends an HTTP/1.1 request, whose response is the `next_response`.
    pub fn start(&mut self, request: &Request) {
        self.wire.write(&http1::write(request));
    }

    /// Reads another HTTP/1.1 response, to a pipelined or smuggled request.
    pub fn next_response(&mut self) -> Result<Response, Failure> {
        self.wire.restart_clock();
        http1::read(&mut self.wire, false, false)
    }
}

/// One request over a connection of its own.
pub(crate) fn ask(to: SocketAddr, request: &Request) -> Result<Response, Failure> {
    Connection::open(to, request.protocol, request.from)?.send(request)
}

/// A socket with a read buffer and a deadline.
#[derive(Debug)]
pub(crate) struct Wire {
    socket: TcpStream,
    buffer: Vec<u8>,
    deadline: Instant,
}

impl Wire {
    fn open(to: SocketAddr, from: Option<IpAddr>) -> Result<Wire, Failure> {
        let socket = Socket::new(Domain::for_address(to), Type::STREAM, None).expect("a socket");
        if let Some(from) = from {
            socket.bind(&SocketAddr::new(from, 0).into()).expect("a local address");
        }
        socket.connect_timeout(&to.into(), TIMEOUT).map_err(|_| Failure::Closed)?;
        let socket = TcpStream::from(socket);
        socket.set_nodelay(true).unwrap();
        socket.set_write_timeout(Some(TIMEOUT)).unwrap();
        Ok(Wire { socket, buffer: Vec::new(), deadline: Instant::now() + TIMEOUT })
    }

    pub(crate) fn restart_clock(&mut self) {
        self.deadline = Instant::now() + TIMEOUT;
    }

    fn is_idle(&self) -> bool {
        self.socket.set_nonblocking(true).unwrap();
        let found = self.socket.peek(&mut [0]);
        self.socket.set_nonblocking(false).unwrap();
        let waits = found.is_err_and(|error| error.kind() == ErrorKind::WouldBlock);
        waits && self.buffer.is_empty()
    }

    /// From here on nothing is waited for longer than this.
    pub(crate) fn hurry(&mut self, at_most: Duration) {
        self.deadline = self.deadline.min(Instant::now() + at_most);
    }

    /// Writes; a peer that has closed already may still have answered, so that
    /// errors show when the answer is read.
    pub(crate) fn write(&mut self, bytes: &[u8]) {
        let _ = self.socket.write_all(bytes);
    }

    /// Waits until at least `count` bytes are there.
    pub(crate) fn need(&mut self, count: usize) -> Result<(), Failure> {
        while self.buffer.len() < count {
            self.fill()?;
        }
        Ok(())
    }

    /// Takes `count` bytes.
    pub(crate) fn take(&mut self, count: usize) -> Result<Vec<u8>, Failure> {
        self.need(count)?;
        Ok(self.buffer.drain(..count).collect())
    }

    /// Takes a line, without its line end.
    pub(crate) fn line(&mut self) -> Result<Vec<u8>, Failure> {
        loop {
            if let Some(end) = self.buffer.iter().position(|byte| *byte == b'\n') {
                let mut line = self.take(end + 1)?;
                line.pop();
                if line.last() == Some(&b'\r') {
                    line.pop();
                }
                return Ok(line);
            }
            self.fill()?;
        }
    }

    /// Takes everything up to the end of the connection, or to the deadline.
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        while self.fill().is_ok() {}
        std::mem::take(&mut self.buffer)
    }

    fn fill(&mut self) -> Result<(), Failure> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Failure::Timeout);
        }
        self.socket.set_read_timeout(Some(left)).unwrap();
        let mut chunk = [0; 16 * 1024];
        match self.socket.read(&mut chunk) {
            Ok(0) => Err(Failure::Closed),
            Ok(count) => {
                self.buffer.extend_from_slice(&chunk[..count]);
                Ok(())
            }
            Err(error) => match error.kind() {
                ErrorKind::WouldBlock | ErrorKind::TimedOut => Err(Failure::Timeout),
                ErrorKind::Interrupted => Ok(()),
                _ => Err(Failure::Closed),
            },
        }
    }
}
