//! Epoll by hand: non-blocking sockets, level-triggered, one read and one write an event.
//! A peer that does not read its echoes, so that a write does not go through at once, is closed.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::{AsFd, AsRawFd};

use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};

use crate::frame::{READ_BYTES, whole_bytes};

/// Events taken at once.
const EVENTS: usize = 1024;

/// Descriptors are small numbers: they index the table of connections.
type Connections = Vec<Option<Peer>>;

struct Peer {
    stream: TcpStream,
    /// The frame that an earlier read began; no memory while there is none.
    begun: Vec<u8>,
}

pub(crate) fn serve(announce: fn(SocketAddr) -> io::Result<()>) -> io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    listener.set_nonblocking(true)?;
    let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
    let listening = listener.as_raw_fd() as u64;
    watch(&epoll, &listener, listening)?;
    announce(listener.local_addr()?)?;
    let mut connections = Connections::new();
    let mut events = vec![EpollEvent::empty(); EVENTS];
    let mut buffer = vec![0; READ_BYTES];
    loop {
        let count = match epoll.wait(&mut events, EpollTimeout::NONE) {
            Err(nix::Error::EINTR) => continue,
            other => other?,
        };
        for event in &events[..count] {
            if event.data() == listening {
                accept(&epoll, &listener, &mut connections)?;
            } else {
                serve_one(&mut connections, event.data() as usize, &mut buffer);
            }
        }
    }
}

fn watch(epoll: &Epoll, socket: &impl AsFd, data: u64) -> io::Result<()> {
    Ok(epoll.add(socket, EpollEvent::new(EpollFlags::EPOLLIN, data))?)
}

fn accept(epoll: &Epoll, listener: &TcpListener, connections: &mut Connections) -> io::Result<()> {
    loop {
        let stream = match listener.accept() {
            Ok((stream, _)) => stream,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error),
        };
        stream.set_nonblocking(true)?;
        stream.set_nodelay(true)?;
        let index = stream.as_raw_fd() as usize;
        watch(epoll, &stream, index as u64)?;
        if connections.len() <= index {
            connections.resize_with(index + 1, || None);
        }
        let begun = Vec::new();
        connections[index] = Some(Peer { stream, begun });
    }
}

/// Closing the descriptor takes it out of the epoll.
fn serve_one(connections: &mut Connections, index: usize, buffer: &mut [u8]) {
    let Some(Some(peer)) = connections.get_mut(index) else {
        return;
    };
    match echo(peer, buffer) {
        Ok(true) => {}
        Ok(false) => connections[index] = None,
        Err(error) => {
            eprintln!("a connection: {error}");
            connections[index] = None;
        }
    }
}

/// False at the end of the stream.
fn echo(peer: &mut Peer, buffer: &mut [u8]) -> io::Result<bool> {
    let kept = peer.begun.len();
    buffer[..kept].copy_from_slice(&peer.begun);
    let bytes = peer.stream.read(&mut buffer[kept..])?;
    if bytes == 0 {
        return Ok(false);
    }
    let filled = kept + bytes;
    let whole = whole_bytes(&buffer[..filled]).map_err(io::Error::other)?;
    peer.stream.write_all(&buffer[..whole])?;
    peer.begun.clear();
    peer.begun.extend_from_slice(&buffer[whole..filled]);
    Ok(true)
}
