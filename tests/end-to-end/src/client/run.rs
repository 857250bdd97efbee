//! Runs the rounds: lets the clients talk, hits one of them at a random moment, starts it again; at the end all settles and is checked.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use ringpost_client_native::KeyFileError;
use ringpost_power_loss::PowerLossError;
use ringpost_wire::{ChatId, DeviceAddress, Seq, UserId};

use super::plan::{ClientEnding, ClientPlan};
use super::process::Client;
use super::record::Record;
use super::report::ClientReport;
use crate::check::check;
use crate::{NodeError, NodeProcess, Place, PlaceError, Tokens};

/// How long the clients talk before one of them is hit, in milliseconds.
const MOMENTS_MS: std::ops::RangeInclusive<u64> = 20..=400;
const READ_WAIT: Duration = Duration::from_millis(5);
/// The log must still have what a client that was set back has to read again.
const RETENTION: [&str; 2] = ["--retention-days", "30"];

/// Why rounds could not be run: never an outcome of a fault.
#[derive(Debug, thiserror::Error)]
pub enum ClientRoundsError {
    /// A process could not be worked with.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// The node's folder could not be worked with.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// The recorder or the cut failed.
    #[error(transparent)]
    PowerLoss(#[from] PowerLossError),
    /// A key could not be written.
    #[error(transparent)]
    Key(#[from] KeyFileError),
    /// A process has no pipe.
    #[error("a client has no pipe")]
    NoPipe,
}

/// Runs the rounds and checks what came of them.
///
/// # Errors
/// The rounds could not be run. A client that does not start on what is left is an outcome and in the report.
pub fn run_client_rounds(plan: &ClientPlan) -> Result<ClientReport, ClientRoundsError> {
    let place = Place::new()?;
    let mut options = place.options(1);
    options.flags.extend(RETENTION.map(str::to_owned));
    let mut node = NodeProcess::start(&options)?;
    let mut series = Series::begin(plan, &place)?;
    let mut rounds = 0;
    while rounds < plan.rounds && series.round()? {
        rounds += 1;
    }
    let is_settled = rounds == plan.rounds && series.settle(&place, &node)?;
    let cut_bytes = series.cut_bytes;
    let records: Vec<Record> = series.finish()?;
    let accepted = records.iter().map(Record::accepted).sum();
    let handed_again = records.iter().map(|record| record.handed_again).sum();
    let logs: Vec<_> = records.into_iter().map(Record::finish).collect();
    let mut heads: BTreeMap<ChatId, Seq> = BTreeMap::new();
    for log in &logs {
        if let Ok(head) = place.head(&node, log.chat) {
            heads.insert(log.chat, head);
        }
    }
    node.stop()?;
    let report = ClientReport {
        ending: plan.ending,
        seed: plan.seed,
        rounds,
        accepted,
        handed_again,
        cut_bytes,
        is_settled,
        error_lines: node.error_lines(),
        findings: check(&logs, &heads),
    };
    if !report.is_clean() {
        eprintln!("the folder is kept: {}", place.keep().display());
    }
    Ok(report)
}

/// Rounds under way.
struct Series<'a> {
    plan: &'a ClientPlan,
    random: ChaCha8Rng,
    clients: Vec<Client>,
    cut_bytes: u64,
}

impl<'a> Series<'a> {
    fn begin(plan: &'a ClientPlan, place: &Place) -> Result<Self, ClientRoundsError> {
        let tokens = Tokens::of(&place.data())?;
        let mut series = Self {
            plan,
            random: ChaCha8Rng::seed_from_u64(plan.seed),
            clients: Vec::new(),
            cut_bytes: 0,
        };
        for pair in 0..plan.pairs {
            let names = [format!("ann-{pair}"), format!("bob-{pair}")];
            for (own, other) in [(&names[0], &names[1]), (&names[1], &names[0])] {
                let user = UserId::from_subject(own);
                let record = Record::new(DeviceAddress { user, device: 1 });
                let token = tokens.make(own, 1);
                let whom = (place.native().to_string(), token, other.clone());
                let folder = place.clients().join(own);
                let mut client = Client::new(record, whom, folder)?;
                client.start(plan)?;
                series.clients.push(client);
            }
        }
        series.until(|clients| clients.iter().all(|client| client.record.is_open));
        Ok(series)
    }

    fn read(&mut self) {
        for client in &mut self.clients {
            client.read(READ_WAIT);
        }
    }

    fn talk(&mut self) {
        let moment = Duration::from_millis(self.random.random_range(MOMENTS_MS));
        self.talk_for(moment);
    }

    fn talk_for(&mut self, time: Duration) {
        let end = Instant::now() + time;
        while Instant::now() < end {
            self.read();
        }
    }

    /// Reads until `is_so`, at most for the longest wait. Answers whether it became so.
    fn until(&mut self, is_so: impl Fn(&[Client]) -> bool) -> bool {
        let end = Instant::now() + self.plan.timeout;
        while !is_so(&self.clients) {
            if Instant::now() > end {
                return false;
            }
            self.read();
        }
        true
    }

    /// One round. Answers whether the client that was hit came back.
    fn round(&mut self) -> Result<bool, ClientRoundsError> {
        self.talk();
        let victim = self.random.random_range(0..self.clients.len());
        if self.plan.ending == ClientEnding::Stop {
            self.clients[victim].signal("STOP")?;
            self.talk_for(self.plan.away);
            self.clients[victim].signal("CONT")?;
            return Ok(true);
        }
        self.clients[victim].kill()?;
        match self.plan.ending {
            ClientEnding::Kill | ClientEnding::Stop => {}
            ClientEnding::PowerLoss => {
                let seed = self.random.random();
                self.cut_bytes += self.clients[victim].lose_power(seed)?;
            }
            ClientEnding::RollBack | ClientEnding::RollBackInPlace => {
                self.clients[victim].copy()?;
                if !self.go_on_and_drain(victim)? {
                    return Ok(false);
                }
                let in_place = self.plan.ending == ClientEnding::RollBackInPlace;
                self.clients[victim].restore(in_place)?;
            }
        }
        self.start(victim)
    }

    /// Starts a client. Answers whether it opened its chat.
    fn start(&mut self, index: usize) -> Result<bool, ClientRoundsError> {
        self.clients[index].record.is_open = false;
        self.clients[index].start(self.plan)?;
        Ok(self.until(|clients| clients[index].record.is_open))
    }

    /// Lets a client talk on, until all that it accepted is answered, and kills it. Answers whether that came.
    fn go_on_and_drain(&mut self, index: usize) -> Result<bool, ClientRoundsError> {
        if !self.start(index)? {
            return Ok(false);
        }
        self.talk();
        self.clients[index].tell("quiet");
        let is_drained = self.ask(index, |_| true);
        self.clients[index].kill()?;
        Ok(is_drained)
    }

    /// Asks a client how far it is, again and again, until its outbox is empty and it has enough. Answers whether it became so.
    fn ask(&mut self, index: usize, has_enough: impl Fn(&Record) -> bool) -> bool {
        let end = Instant::now() + self.plan.timeout;
        while Instant::now() < end {
            self.clients[index].record.status = None;
            self.clients[index].tell("status");
            self.until(|clients| clients[index].record.status.is_some());
            let record = &self.clients[index].record;
            if record.status == Some(0) && has_enough(record) {
                return true;
            }
        }
        false
    }

    /// Lets everything arrive. Answers whether it did.
    fn settle(&mut self, place: &Place, node: &NodeProcess) -> Result<bool, ClientRoundsError> {
        for client in &mut self.clients {
            client.tell("quiet");
        }
        let all = 0..self.clients.len();
        if !all.clone().all(|index| self.ask(index, |_| true)) {
            return Ok(false);
        }
        for index in all {
            let head = place.head(node, self.clients[index].record.chat())?;
            if !self.ask(index, |record| record.messages() >= head) {
                return Ok(false);
            }
        }
        for client in &mut self.clients {
            client.tell("end");
        }
        Ok(self.until(|clients| clients.iter().all(|client| client.record.has_ended)))
    }

    fn finish(mut self) -> Result<Vec<Record>, ClientRoundsError> {
        for client in &mut self.clients {
            client.kill()?;
        }
        Ok(self
            .clients
            .iter()
            .map(|client| client.record.clone())
            .collect())
    }
}
