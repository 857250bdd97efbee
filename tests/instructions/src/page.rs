//! Pages of 100 messages, read for a device that was away.

use ringpost_storage_core::{Command, Executed, Outcome};
use ringpost_wire::MessageView;

use crate::Benchmark;
use crate::frames::PAYLOAD_BYTES;
use crate::map_store::MapStore;
use crate::pairs::Pairs;

const CLIENTS: usize = 256;
const MESSAGES: u16 = 100;
const PAGES: usize = 8;

/// A store with a page of messages in every chat, all of them for the odd client of the pair.
struct Paging {
    store: MapStore,
    pages: Vec<[Command; 1]>,
    executed: Vec<Executed>,
}

impl Benchmark for Paging {
    fn operations(&self) -> u64 {
        PAGES as u64
    }

    fn prepare(&mut self) {
        self.executed.clear();
    }

    fn lap(&mut self) {
        for page in &self.pages {
            self.executed.push(self.store.execute(page));
        }
    }

    fn check(&self) {
        assert_eq!(self.executed.len(), PAGES);
        for executed in &self.executed {
            let [Outcome::Page(page)] = &executed.outcomes[..] else {
                panic!("{:?}", executed.outcomes);
            };
            assert_eq!((page.from, page.to), (1, u64::from(MESSAGES)));
            let view = |frame| MessageView::of_deliver(frame).expect("whole frames are stored");
            let seqs = page.messages.iter().map(|frame| view(frame).seq());
            assert!(seqs.eq(1..=u64::from(MESSAGES)));
        }
    }
}

pub(crate) fn of_100() -> Box<dyn Benchmark> {
    let mut pairs = Pairs::new(CLIENTS);
    let mut store = MapStore::default();
    store.run(&pairs.beginning());
    for sender in (0..CLIENTS).step_by(2) {
        for _ in 0..MESSAGES {
            let append = pairs.append(sender, PAYLOAD_BYTES);
            store.run(&[append]);
            pairs.answered();
        }
    }
    let page = |number: usize| {
        let reader = number * (CLIENTS / PAGES) + 1;
        [Command::ReadPage {
            device: pairs.device(reader),
            chat: pairs.chat(reader),
            from: 1,
            messages_max: MESSAGES,
            bytes_max: 262_144,
        }]
    };
    Box::new(Paging {
        store,
        pages: (0..PAGES).map(page).collect(),
        executed: Vec::with_capacity(PAGES),
    })
}
