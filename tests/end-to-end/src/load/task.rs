//! One device and its application as a task: obeys orders, tells its progress, hands its log over at the end.

use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ringpost_client_core::Input;
use tokio::sync::watch;
use tokio::time::Instant;

use super::application::Application;
use super::device_log::DeviceLog;
use super::orders::{Orders, Progress};
use crate::device::Device;

/// Longest wait of a turn.
const TURN_MAX: Duration = Duration::from_secs(1);

/// A device with its application and the ways to and from its fleet.
pub(super) struct Task {
    pub(super) device: Device,
    pub(super) application: Application,
    pub(super) orders: watch::Receiver<Orders>,
    pub(super) progress: Arc<Mutex<Progress>>,
    /// Wakes whoever waits for progress; full means that it is awake.
    pub(super) changed: SyncSender<()>,
}

impl Task {
    pub(super) async fn run(mut self) -> DeviceLog {
        let mut obeyed = Orders {
            is_connected: false,
            ..Orders::default()
        };
        loop {
            let orders = self.orders.borrow_and_update().clone();
            self.obey(&obeyed, &orders);
            obeyed = orders;
            self.work(&obeyed);
            self.publish();
            if obeyed.is_finished {
                return self.application.into_log();
            }
            let due = self.application.next_due(&self.device, &obeyed);
            let until = due.unwrap_or_else(|| Instant::now() + TURN_MAX);
            tokio::select! {
                // An error is the end of the fleet, which aborts this task.
                _ = self.orders.changed() => {}
                () = self.device.turn(until) => {}
            }
        }
    }

    fn obey(&mut self, before: &Orders, orders: &Orders) {
        if before.is_connected != orders.is_connected {
            self.device.input(if orders.is_connected {
                Input::Connect
            } else {
                Input::Disconnect
            });
        }
        if before.wakes != orders.wakes {
            self.device.connect_now();
        }
        self.device.only_node = orders.only_node;
        if before.roams != orders.roams {
            self.device.roam();
        }
        self.device.is_reading = orders.is_reading;
        self.device.may_crash = orders.may_crash;
    }

    fn work(&mut self, orders: &Orders) {
        loop {
            while let Some(happening) = self.device.next_happening() {
                self.application.happened(&self.device, happening);
            }
            if !self.application.act(&mut self.device, orders) {
                return;
            }
        }
    }

    fn publish(&self) {
        let now = self.application.progress(&self.device);
        let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        if *progress != now {
            *progress = now;
            // Full: a wake is under way already.
            let _ = self.changed.try_send(());
        }
    }
}
