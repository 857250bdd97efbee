//! Mailboxes between core threads: one bounded single-producer queue for each ordered pair of cores.
//!
//! A post is seen by the receiver at its next turn; a core that is parked is woken once a turn of the sender, not once a mail.

use ringpost_gateway_core::{CoreId, Mail};
use ringpost_gateway_ring::Waker;
use rtrb::{Consumer, Producer, RingBuffer};

/// Mails that one core may have under way to one other.
pub const MAILBOX_MAILS: usize = 4_096;

/// One core's ends of all its queues.
pub struct Mailboxes {
    own: usize,
    incoming: Vec<Option<Consumer<Mail>>>,
    outgoing: Vec<Option<Producer<Mail>>>,
    posted: Vec<bool>,
}

impl Mailboxes {
    /// The ends for each of `cores` cores.
    pub fn for_cores(cores: usize) -> Vec<Self> {
        let mut boxes: Vec<Self> = (0..cores).map(|own| Self::empty(own, cores)).collect();
        for source in 0..cores {
            for target in (0..cores).filter(|&target| target != source) {
                let (producer, consumer) = RingBuffer::new(MAILBOX_MAILS);
                boxes[source].outgoing[target] = Some(producer);
                boxes[target].incoming[source] = Some(consumer);
            }
        }
        boxes
    }

    fn empty(own: usize, cores: usize) -> Self {
        Self {
            own,
            incoming: (0..cores).map(|_| None).collect(),
            outgoing: (0..cores).map(|_| None).collect(),
            posted: vec![false; cores],
        }
    }

    /// The cores that this one exchanges mail with.
    pub fn peers(&self) -> impl Iterator<Item = CoreId> + use<> {
        let own = self.own;
        (0..self.outgoing.len())
            .filter(move |&core| core != own)
            .map(|core| CoreId(core as u16))
    }

    /// Mails that `target`'s queue has room for.
    pub fn room(&self, target: CoreId) -> usize {
        self.outgoing[usize::from(target.0)]
            .as_ref()
            .map_or(0, Producer::slots)
    }

    /// Mails that wait to be taken from `target`'s queue.
    pub fn depth(&self, target: CoreId) -> usize {
        MAILBOX_MAILS - self.room(target)
    }

    /// Posts a mail. The caller has asked for room.
    pub fn post(&mut self, target: CoreId, mail: Mail) {
        let queue = self.outgoing[usize::from(target.0)]
            .as_mut()
            .expect("no core posts to itself");
        queue.push(mail).expect("the caller asked for room");
        self.posted[usize::from(target.0)] = true;
    }

    /// Wakes every core that was posted to since the last call.
    pub fn wake(&mut self, wakers: &[Waker]) {
        for (posted, waker) in self.posted.iter_mut().zip(wakers) {
            if core::mem::take(posted) {
                waker.wake();
            }
        }
    }

    /// The next mail from a core, in the order of its posts.
    pub fn take(&mut self, from: CoreId) -> Option<Mail> {
        self.incoming[usize::from(from.0)].as_mut()?.pop().ok()
    }
}
