//! The figures that are compared: how each follows from a run, its unit, and whether less of it is better.

use serde::Serialize;

use super::figures::{DeliveryLatency, Figures};

/// A figure that is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Figure {
    /// Processor time of the server a delivered message, in microseconds.
    CpuUsPerDelivered,
    /// Messages delivered a second.
    DeliveredPerSecond,
    /// Median from send to deliver, in milliseconds.
    SendToDeliverP50Ms,
    /// 99th percentile from send to deliver, in milliseconds.
    SendToDeliverP99Ms,
    /// 99.9th percentile from send to deliver, in milliseconds.
    SendToDeliverP999Ms,
    /// Bytes on the wire a delivered message, both ways.
    WireBytesPerDelivered,
    /// Frames on the wire a delivered message, both ways.
    WireFramesPerDelivered,
    /// Resident memory of the server at the end, in MiB.
    ResidentMib,
    /// Syncs of the commit log.
    Syncs,
}

/// Which way a figure should go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// Less of it.
    Lower,
    /// More of it.
    Higher,
    /// It depends on the rest.
    Neither,
}

impl Figure {
    /// Every figure, in the order of the table.
    pub const ALL: [Self; 9] = [
        Self::CpuUsPerDelivered,
        Self::DeliveredPerSecond,
        Self::SendToDeliverP50Ms,
        Self::SendToDeliverP99Ms,
        Self::SendToDeliverP999Ms,
        Self::WireBytesPerDelivered,
        Self::WireFramesPerDelivered,
        Self::ResidentMib,
        Self::Syncs,
    ];

    /// What it is, with its unit, for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::CpuUsPerDelivered => "CPU, µs a delivered message",
            Self::DeliveredPerSecond => "delivered a second",
            Self::SendToDeliverP50Ms => "send to deliver p50, ms",
            Self::SendToDeliverP99Ms => "send to deliver p99, ms",
            Self::SendToDeliverP999Ms => "send to deliver p99.9, ms",
            Self::WireBytesPerDelivered => "bytes a delivered message",
            Self::WireFramesPerDelivered => "frames a delivered message",
            Self::ResidentMib => "resident memory, MiB",
            Self::Syncs => "syncs",
        }
    }

    /// Which way it should go.
    pub fn better(self) -> Better {
        match self {
            Self::DeliveredPerSecond => Better::Higher,
            Self::Syncs => Better::Neither,
            _ => Better::Lower,
        }
    }

    /// Its value in a run; `None` where the run does not have it.
    pub fn of(self, figures: &Figures) -> Option<f64> {
        let latency = |of: fn(&DeliveryLatency) -> f64| figures.send_to_deliver.as_ref().map(of);
        let each = |sum: f64| (figures.delivered > 0).then(|| sum / figures.delivered as f64);
        match self {
            Self::CpuUsPerDelivered => each(figures.server_cpu_s * 1e6),
            Self::DeliveredPerSecond => {
                (figures.seconds > 0.0).then(|| figures.delivered as f64 / figures.seconds)
            }
            Self::SendToDeliverP50Ms => latency(|latency| latency.p50_ms),
            Self::SendToDeliverP99Ms => latency(|latency| latency.p99_ms),
            Self::SendToDeliverP999Ms => latency(|latency| latency.p999_ms),
            Self::WireBytesPerDelivered => each(figures.wire_bytes as f64),
            Self::WireFramesPerDelivered => each(figures.wire_frames as f64),
            Self::ResidentMib => Some(figures.resident_bytes as f64 / f64::from(1 << 20)),
            Self::Syncs => Some(figures.syncs as f64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_follows_from_the_run() {
        let figures = Figures {
            seconds: 2.0,
            delivered: 1_000,
            server_cpu_s: 0.005,
            send_to_deliver: Some(DeliveryLatency {
                p50_ms: 1.0,
                p99_ms: 2.0,
                p999_ms: 3.0,
            }),
            wire_bytes: 200_000,
            wire_frames: 4_000,
            resident_bytes: 3 << 20,
            syncs: 7,
            invalid: Vec::new(),
        };
        let values = Figure::ALL.map(|figure| figure.of(&figures).unwrap());
        assert_eq!(values, [5.0, 500.0, 1.0, 2.0, 3.0, 200.0, 4.0, 3.0, 7.0]);
    }

    #[test]
    fn a_run_without_deliveries_has_no_figure_for_each() {
        let figures = Figures {
            seconds: 2.0,
            ..Figures::default()
        };
        assert_eq!(Figure::CpuUsPerDelivered.of(&figures), None);
        assert_eq!(Figure::SendToDeliverP50Ms.of(&figures), None);
        assert_eq!(Figure::DeliveredPerSecond.of(&figures), Some(0.0));
    }
}
