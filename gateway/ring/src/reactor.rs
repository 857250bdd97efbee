//! `Reactor`: the turn. Submits what calls since the last turn asked for, waits, and hands out what completed.
//! Invariant: when it is dropped, memory goes back to the allocator only after the kernel has given it up.

use std::io;
use std::mem::ManuallyDrop;
use std::net::SocketAddr;
use std::ptr;
use std::time::{Duration, Instant};

use crate::accept::Listen;
use crate::buffers::ReceiveBuffers;
use crate::close::Close;
use crate::config::{ReactorConfig, StartError};
use crate::connect::ConnectError;
use crate::connection::Connection;
use crate::counters::Counters;
use crate::driver::Driver;
use crate::event::Event;
use crate::limits::DROP_WAIT;
use crate::operation::{Completion, Kind, Operation};
use crate::receive;
use crate::send::WriteError;
use crate::sockets::Sockets;
use crate::waker::Waker;

/// The sockets of one thread on its io_urings. It stays on the thread that made it.
pub struct Reactor {
    driver: ManuallyDrop<Driver>,
    receive_buffers: ManuallyDrop<ReceiveBuffers>,
    /// Those of further rings, in order.
    further_buffers: ManuallyDrop<Vec<ReceiveBuffers>>,
}

impl Reactor {
    /// Sets up the ring, the socket table and the buffers, on the thread that will take the turns.
    pub fn new(config: ReactorConfig) -> Result<Self, StartError> {
        let driver = Driver::new(&config)?;
        let (count, bytes) = (config.receive_buffers, config.receive_buffer_bytes);
        // SAFETY: `Drop` drops them after the ring, and nothing can fail before the reactor is made.
        let receive_buffers = unsafe { ReceiveBuffers::new(driver.rings.first.io(), count, bytes) }
            .map_err(StartError::ReceiveBuffers)?;
        Ok(Self {
            driver: ManuallyDrop::new(driver),
            receive_buffers: ManuallyDrop::new(receive_buffers),
            further_buffers: ManuallyDrop::new(Vec::new()),
        })
    }

    /// Listens on a TCP address and returns the bound one (port 0: the kernel chooses). Accepting begins with the next
    /// turn; with the socket table full, connections wait in the kernel's backlog until a socket is released.
    pub fn listen(&mut self, address: SocketAddr, how: Listen) -> io::Result<SocketAddr> {
        self.driver.listen(address, how)
    }

    /// Stops accepting on all listeners; open connections stay. `Accepted` may still come for connections that the
    /// kernel accepted before the next turn.
    pub fn stop_listening(&mut self) {
        self.driver.stop_listening();
    }

    /// Starts a TCP connection, from `local` if given (port 0: the kernel chooses). Bytes may be written at once; they
    /// leave when it is up. Ends in `Connected` or `ConnectFailed` (or `Closed` if the caller closes it before).
    pub fn connect(
        &mut self,
        local: Option<SocketAddr>,
        remote: SocketAddr,
    ) -> Result<Connection, ConnectError> {
        self.driver.connect(local, remote)
    }

    /// Copies the parts, all or none, behind the bytes queued for the connection; they leave with the next turn, in
    /// one send with whatever else was written until then. Returns the bytes now queued.
    pub fn write(&mut self, connection: Connection, parts: &[&[u8]]) -> Result<usize, WriteError> {
        self.driver.write(connection, parts)
    }

    /// Bytes written that the kernel has not taken yet; none if the connection has ended.
    pub fn queued_bytes(&self, connection: Connection) -> Option<usize> {
        self.driver
            .slab
            .get(connection)
            .map(|slot| slot.queued_bytes())
    }

    /// Bytes of send memory that are lent beyond seven eighths of the limit. While it is more than 0, the caller should close connections
    /// whose peers do not read: past the limit `write` is refused, whoever it is for.
    pub fn send_bytes_short(&self) -> usize {
        self.driver.send_pool.short_bytes()
    }

    /// Closes the connection; its `Closed` comes in a later turn. False if it has ended.
    pub fn close(&mut self, connection: Connection, how: Close) -> bool {
        self.driver.close(connection, how)
    }

    /// Whether the connection is up and not closing.
    pub fn is_open(&self, connection: Connection) -> bool {
        self.driver
            .slab
            .get(connection)
            .is_some_and(|slot| slot.is_usable() && slot.is_announced)
    }

    /// Connections that were accepted or connected and whose `Closed` has not been handed out.
    pub fn open_connections(&self) -> usize {
        self.driver.open_connections as usize
    }

    /// Stops taking bytes from the kernel, so that the peer is slowed down. Bytes already taken still come, and while
    /// paused the end of the peer's stream is not seen. False if the connection has ended.
    pub fn pause_receiving(&mut self, connection: Connection) -> bool {
        self.driver.pause_receiving(connection)
    }

    /// Takes bytes again. False if the connection has ended.
    pub fn resume_receiving(&mut self, connection: Connection) -> bool {
        self.driver.resume_receiving(connection)
    }

    /// A handle with which other threads end this reactor's wait.
    pub fn waker(&self) -> Waker {
        self.driver.parking.waker()
    }

    /// Totals since the start.
    pub fn counters(&self) -> &Counters {
        &self.driver.counters
    }

    /// Submits queued work, waits at most `wait` (zero: not at all; none: until something completes), and hands out
    /// the events. Returns how many. It may return without any: after a signal, or when only inner work completed.
    ///
    /// # Errors
    ///
    /// The kernel refused the call itself, or lost completions for want of memory: the reactor is of no more use.
    pub fn turn(
        &mut self,
        wait: Option<Duration>,
        mut on_event: impl FnMut(Event<'_>),
    ) -> io::Result<usize> {
        self.turn_with(wait, |_, event| on_event(event))
    }

    /// As [`Reactor::turn`]; the callback can use the sockets while it looks at the event.
    pub fn turn_with(
        &mut self,
        wait: Option<Duration>,
        mut on_event: impl FnMut(&mut Sockets<'_>, Event<'_>),
    ) -> io::Result<usize> {
        self.driver.flush();
        self.take_buffers();
        let woken = self.enter(wait)?;
        let mut events = 0;
        if woken {
            events += 1;
            on_event(&mut Sockets::new(&mut self.driver), Event::Woken);
        }
        // Only those that are here now: completions of work that the callback starts belong to the next turn.
        for _ in 0..self.driver.rings.first.completions_ready() {
            let Some(completion) = self.driver.rings.first.next_completion() else {
                break;
            };
            let buffers = &mut *self.receive_buffers;
            events += dispatch(&mut self.driver, buffers, completion, &mut on_event);
        }
        for ring in 0..self.further_buffers.len() {
            events += self.dispatch_further(ring, &mut on_event);
        }
        Ok(events)
    }

    fn take_buffers(&mut self) {
        if let Some(buffers) = self.driver.rings.take_buffers() {
            self.further_buffers.extend(buffers);
        }
    }

    fn dispatch_further(
        &mut self,
        ring: usize,
        on_event: &mut impl FnMut(&mut Sockets<'_>, Event<'_>),
    ) -> usize {
        let mut events = 0;
        for _ in 0..self.driver.rings.further()[ring].completions_ready() {
            let Some(completion) = self.driver.rings.further()[ring].next_completion() else {
                break;
            };
            let buffers = &mut self.further_buffers[ring];
            events += dispatch(&mut self.driver, buffers, completion, on_event);
        }
        events
    }

    /// Enters the kernel; returns whether a wake came.
    fn enter(&mut self, wait: Option<Duration>) -> io::Result<bool> {
        let driver = &mut *self.driver;
        driver.rings.enter_further(&mut driver.counters)?;
        let can_park = wait != Some(Duration::ZERO)
            && !driver.has_listed()
            && driver.rings.first.completions_ready() == 0
            && driver
                .parking
                .arm(&mut driver.rings.first, &mut driver.counters)
            && driver.rings.may_sleep()
            && driver.parking.park();
        let (want, timeout) = if can_park {
            let deadline = driver.until_deadline();
            (1, [wait, deadline].into_iter().flatten().min())
        } else {
            (0, None)
        };
        let entered = driver
            .rings
            .first
            .enter(want, timeout, &mut driver.counters);
        let woken = driver.parking.unpark();
        entered?;
        driver.rings.enter_further(&mut driver.counters)?;
        if driver.rings.all().any(|ring| ring.completions_lost() > 0) {
            return Err(io::Error::other(
                "the kernel lost completions for want of memory",
            ));
        }
        Ok(woken)
    }
}

impl Drop for Reactor {
    fn drop(&mut self) {
        self.take_buffers();
        let is_quiet = self.driver.quiesce(Instant::now() + DROP_WAIT);
        // SAFETY: each part is dropped at most once, here, and not used again; the rings go before the memory that
        // they were given. If the kernel may still work with that memory, only the rings go: leaking the rest is safe.
        unsafe {
            if is_quiet {
                ManuallyDrop::drop(&mut self.driver);
                ManuallyDrop::drop(&mut self.receive_buffers);
                ManuallyDrop::drop(&mut self.further_buffers);
            } else {
                ptr::drop_in_place(&raw mut self.driver.rings);
            }
        }
    }
}

/// Hands a completion to what it belongs to; `buffers` are those of the completion's ring.
fn dispatch(
    driver: &mut Driver,
    buffers: &mut ReceiveBuffers,
    completion: Completion,
    on_event: &mut impl FnMut(&mut Sockets<'_>, Event<'_>),
) -> usize {
    let Some(operation) = Operation::unpack(completion.user_data) else {
        driver.counters.stale_completions += 1;
        return 0;
    };
    let connection = Connection::new(operation.index, operation.generation);
    let event = match operation.kind {
        Kind::Receive => {
            return receive::deliver(driver, buffers, connection, completion, on_event);
        }
        Kind::Send => driver.send_completed(connection, completion),
        Kind::Accept => driver.accept_completed(operation, completion),
        Kind::Socket | Kind::SetOption | Kind::Bind | Kind::Connect => {
            driver.connect_completed(connection, operation.kind, completion)
        }
        Kind::Close => driver.release_completed(connection),
        Kind::Shutdown => {
            driver.shutdown_completed(connection);
            None
        }
        Kind::Wake => {
            driver.parking.read_completed();
            None
        }
        Kind::Poll => {
            driver.poll_completed(connection);
            None
        }
        Kind::Cancel => None,
    };
    match event {
        Some(event) => {
            on_event(&mut Sockets::new(driver), event);
            1
        }
        None => 0,
    }
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};
    use std::os::fd::{FromRawFd, OwnedFd};

    use io_uring::{opcode, types};

    use super::*;

    /// An ordinary descriptor of a direct one, to look at the socket with.
    fn installed(reactor: &mut Reactor, connection: Connection) -> TcpStream {
        let driver = &mut *reactor.driver;
        let entry = opcode::FixedFdInstall::new(types::Fixed(connection.slot()), 0).build();
        assert!(driver.rings.first.has_room(1, &mut driver.counters));
        // SAFETY: the entry names no memory.
        unsafe {
            driver
                .rings
                .first
                .push(entry, Operation::new(Kind::Wake, 1, 0))
        };
        driver
            .rings
            .first
            .enter(1, None, &mut driver.counters)
            .expect("enter");
        let completion = driver.rings.first.next_completion().expect("completion");
        assert!(completion.result >= 0, "{completion:?}");
        // SAFETY: the descriptor was just made and is owned by nobody else.
        unsafe { OwnedFd::from_raw_fd(completion.result) }.into()
    }

    #[test]
    fn connected_sockets_do_not_delay() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("listen");
        let mut reactor = Reactor::new(ReactorConfig {
            slots: 4,
            ..Default::default()
        })
        .expect("io_uring");
        let connection = reactor
            .connect(None, listener.local_addr().expect("address"))
            .expect("slot");
        while !reactor.is_open(connection) {
            reactor.turn(None, |_| {}).expect("turn");
        }
        assert!(
            installed(&mut reactor, connection)
                .nodelay()
                .expect("option")
        );
    }
}
