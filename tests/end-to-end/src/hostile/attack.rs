//! `Attack`: what an attacker knows and has: the node's address, tokens of its own people, a seed, an end.

use std::io;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use ringpost_wire::{ChatId, OpenChat, UserId};

use super::tally::Tally;
use crate::Tokens;
use crate::raw::{RawConnection, Said};
use crate::tls::TlsDoor;

/// One attack.
pub struct Attack<'a> {
    /// The native door.
    pub server: SocketAddr,
    /// The door with TLS.
    pub tls: &'a TlsDoor,
    /// Well-behaved people connect with TLS.
    pub is_beside_tls: bool,
    /// Makes tokens of the attacker's people.
    pub tokens: &'a Tokens,
    /// The attack's name, with which the names of its people begin.
    pub name: &'static str,
    /// When it ends.
    pub until: Instant,
    /// Seed of everything by chance.
    pub seed: u64,
    /// Core threads of the node.
    pub cores: usize,
    /// A chat of well-behaved people.
    pub victim: ChatId,
}

impl Attack<'_> {
    /// Whether it is not yet over.
    pub fn goes_on(&self) -> bool {
        Instant::now() < self.until
    }

    /// Waits until the end, or as long as `time`.
    pub fn rest(&self, time: Duration) {
        let left = self.until.saturating_duration_since(Instant::now());
        thread::park_timeout(left.min(time));
    }

    /// Chance, different for each `part` of the attack.
    pub fn random(&self, part: u64) -> ChaCha8Rng {
        ChaCha8Rng::seed_from_u64(self.seed ^ part << 32)
    }

    /// The name of one of its people.
    pub fn person(&self, number: usize) -> String {
        format!("{}-{}-{number}", self.name, self.seed)
    }

    /// The user of one of its people.
    pub fn user(&self, number: usize) -> UserId {
        UserId::from_subject(&self.person(number))
    }

    /// The token of a person's device.
    pub fn token(&self, number: usize, device: u32) -> String {
        self.tokens.make(&self.person(number), device)
    }

    /// A connection that has said nothing.
    ///
    /// # Errors
    /// Nobody listens.
    pub fn stranger(&self, tally: &mut Tally) -> io::Result<RawConnection> {
        tally.connections += 1;
        RawConnection::open(self.server)
    }

    /// A connection of a person's device that is signed in.
    ///
    /// # Errors
    /// It is not let in.
    pub fn member(
        &self,
        number: usize,
        device: u32,
        tally: &mut Tally,
    ) -> io::Result<RawConnection> {
        let mut connection = self.stranger(tally)?;
        connection.sign_in(&self.token(number, device))?;
        Ok(connection)
    }

    /// Makes people known to the node.
    ///
    /// # Errors
    /// One is not let in.
    pub fn register(&self, numbers: std::ops::Range<usize>, tally: &mut Tally) -> io::Result<()> {
        numbers
            .into_iter()
            .try_for_each(|number| self.member(number, 1, tally).map(drop))
    }

    /// Opens the chat of the connection's user with a person who is known.
    ///
    /// # Errors
    /// It is refused.
    pub fn open(
        &self,
        connection: &mut RawConnection,
        own: usize,
        other: usize,
    ) -> io::Result<ChatId> {
        let mut frame = Vec::new();
        let user = self.user(other);
        OpenChat { request: 1, user }.encode(&mut frame);
        connection.write(&frame)?;
        let is_answer = |said: &Said| matches!(said, Said::Other(_) | Said::Failure { .. });
        match connection.next_said_of(is_answer)? {
            Said::Other(ringpost_wire::FrameKind::ChatOpened) => {
                Ok(ChatId::one_to_one(self.user(own), user))
            }
            other => Err(io::Error::other(format!("no chat but {other:?}"))),
        }
    }

    /// Runs `count` attackers at once, each with its number.
    pub fn at_once(
        &self,
        count: usize,
        tally: &mut Tally,
        attacker: impl Fn(usize, &mut Tally) -> io::Result<()> + Sync,
    ) {
        let run = |number| {
            let mut tally = Tally::default();
            let result = attacker(number, &mut tally);
            tally.failed(result);
            tally
        };
        thread::scope(|scope| {
            let run = &run;
            let attackers: Vec<_> = (0..count)
                .map(|number| scope.spawn(move || run(number)))
                .collect();
            for attacker in attackers {
                match attacker.join() {
                    Ok(done) => tally.add(done),
                    Err(_) => tally.odd("an attacker panicked"),
                }
            }
        });
    }

    /// Writes `chunk`, which holds `frames` frames, again and again until the end, while what is said is read and noted. `chunk` makes
    /// the next bytes.
    pub fn flood(
        &self,
        connection: &mut RawConnection,
        tally: &mut Tally,
        mut chunk: impl FnMut(&mut Vec<u8>) -> u64,
    ) -> io::Result<()> {
        let mut reader = connection.reader()?;
        let heard = thread::scope(|scope| {
            let reading = scope.spawn(move || {
                let mut heard = Tally::default();
                heard.end_of(&mut reader);
                heard
            });
            let mut bytes = Vec::new();
            while self.goes_on() {
                bytes.clear();
                let frames = chunk(&mut bytes);
                if connection.write(&bytes).is_err() {
                    break;
                }
                tally.frames += frames;
            }
            connection.end_writing();
            reading.join()
        });
        match heard {
            Ok(heard) => tally.add(heard),
            Err(_) => tally.odd("a reader panicked"),
        }
        Ok(())
    }
}
