//! `PayloadSizes`: draws the sizes of payloads, and knows their distribution.

use crate::scenario::{PAYLOAD_BYTES_MAX, PAYLOAD_BYTES_MIN, Scenario, Sizes};

use super::draw::Draw;
use super::normal;
use super::world;

const STREAM: u64 = 1;

/// Sizes of payloads, in bytes, in an order that the seed gives.
#[derive(Clone, Debug)]
pub struct PayloadSizes {
    sizes: Sizes,
    draw: Draw,
}

/// A payload's size, and whether its user typed it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Drawn {
    pub(super) bytes: u32,
    pub(super) is_typed: bool,
}

impl PayloadSizes {
    /// The sizes of a scenario.
    pub fn new(scenario: &Scenario) -> Self {
        Self {
            sizes: scenario.payload.clone(),
            draw: Draw::new(scenario.seed, STREAM),
        }
    }

    /// The next size.
    pub fn next_bytes(&mut self) -> u32 {
        self.next_drawn().bytes
    }

    pub(super) fn next_drawn(&mut self) -> Drawn {
        match self.sizes {
            Sizes::Fixed { bytes } => Drawn {
                bytes,
                is_typed: true,
            },
            Sizes::LogNormal {
                median_bytes,
                sigma,
                max_bytes,
            } => Drawn {
                bytes: log_normal(&mut self.draw, f64::from(median_bytes), sigma, max_bytes)
                    .max(PAYLOAD_BYTES_MIN),
                is_typed: true,
            },
            Sizes::Ciphertext {} => self.ciphertext(),
        }
    }

    fn ciphertext(&mut self) -> Drawn {
        let draw = &mut self.draw;
        let kind = draw.unit();
        let padding = 1 + draw.below(world::PADDING_BYTES_MAX);
        let is_typed = kind > world::VOICE_SHARE + world::PICTURE_SHARE;
        let content = if is_typed {
            text().draw(draw)
        } else if kind > world::PICTURE_SHARE {
            world::REFERENCE_BYTES
        } else {
            world::REFERENCE_BYTES + preview().draw(draw)
        };
        Drawn {
            bytes: encrypted(content, padding),
            is_typed,
        }
    }

    /// The share of payloads of at most `bytes`.
    pub fn share_up_to(&self, bytes: u32) -> f64 {
        match self.sizes {
            Sizes::Fixed { bytes: size } => f64::from(u8::from(bytes >= size)),
            Sizes::LogNormal {
                median_bytes,
                sigma,
                max_bytes,
            } => {
                if bytes < PAYLOAD_BYTES_MIN {
                    return 0.0;
                }
                let median = f64::from(median_bytes);
                LogNormal(median, sigma, max_bytes).share_up_to(i64::from(bytes))
            }
            Sizes::Ciphertext {} => ciphertext_share_up_to(bytes),
        }
    }

    /// The mean size.
    pub fn mean_bytes(&self) -> f64 {
        if let Sizes::Fixed { bytes } = self.sizes {
            return f64::from(bytes);
        }
        (0..PAYLOAD_BYTES_MAX)
            .map(|bytes| 1.0 - self.share_up_to(bytes))
            .take_while(|above| *above > 1e-12)
            .sum()
    }
}

/// Median, deviation of the logarithm, largest; from 1, in whole bytes, rounded up.
struct LogNormal(f64, f64, u32);

impl LogNormal {
    fn draw(&self, draw: &mut Draw) -> u32 {
        log_normal(draw, self.0, self.1, self.2)
    }

    fn share_up_to(&self, bytes: i64) -> f64 {
        if bytes < 1 {
            return 0.0;
        }
        if bytes >= i64::from(self.2) {
            return 1.0;
        }
        let distance = (bytes as f64 / self.0).ln();
        if self.1 == 0.0 {
            return f64::from(u8::from(distance >= 0.0));
        }
        normal::share_up_to(distance / self.1)
    }
}

fn log_normal(draw: &mut Draw, median: f64, sigma: f64, max: u32) -> u32 {
    let size = median * (sigma * draw.normal()).exp();
    (size.ceil() as u32).clamp(1, max)
}

fn text() -> LogNormal {
    LogNormal(
        world::TEXT_BYTES_MEDIAN,
        world::TEXT_SIGMA,
        world::TEXT_BYTES_MAX,
    )
}

fn preview() -> LogNormal {
    LogNormal(
        world::PREVIEW_BYTES_MEDIAN,
        world::PREVIEW_SIGMA,
        world::PREVIEW_BYTES_MAX,
    )
}

/// The size of a content, padded and encrypted.
fn encrypted(content: u32, padding: u32) -> u32 {
    let plain = content + world::CONTENT_BYTES + padding;
    (plain / world::BLOCK_BYTES + 1) * world::BLOCK_BYTES + world::RATCHET_BYTES
}

/// The largest content that, padded and encrypted, is at most `bytes`; negative where none is.
fn content_up_to(bytes: u32, padding: u32) -> i64 {
    let blocks = i64::from(bytes.saturating_sub(world::RATCHET_BYTES) / world::BLOCK_BYTES);
    blocks * i64::from(world::BLOCK_BYTES) - 1 - i64::from(world::CONTENT_BYTES + padding)
}

fn ciphertext_share_up_to(bytes: u32) -> f64 {
    let text_share = 1.0 - world::VOICE_SHARE - world::PICTURE_SHARE;
    let reference = i64::from(world::REFERENCE_BYTES);
    let with_padding = |padding: u32| {
        let content = content_up_to(bytes, padding);
        text_share * text().share_up_to(content)
            + world::VOICE_SHARE * f64::from(u8::from(content >= reference))
            + world::PICTURE_SHARE * preview().share_up_to(content - reference)
    };
    let paddings = 1..=world::PADDING_BYTES_MAX;
    paddings.map(with_padding).sum::<f64>() / f64::from(world::PADDING_BYTES_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_text_is_about_two_hundred_bytes_on_the_wire() {
        let header = ringpost_wire::MESSAGE_HEADER_BYTES as u32;
        let bytes = encrypted(world::TEXT_BYTES_MEDIAN as u32, 8) + header;
        assert!((190..=220).contains(&bytes), "{bytes}");
    }

    #[test]
    fn the_content_bound_is_the_inverse_of_the_size() {
        for content in 1..2000 {
            for padding in 1..=world::PADDING_BYTES_MAX {
                let bytes = encrypted(content, padding);
                assert!(content_up_to(bytes, padding) >= i64::from(content));
                assert!(content_up_to(bytes - 1, padding) < i64::from(content));
            }
        }
    }

    #[test]
    fn the_mean_is_that_of_what_is_drawn() {
        for settings in [
            &[][..],
            &[("payload.kind", "fixed"), ("payload.bytes", "77")][..],
            &[
                ("payload.kind", "log-normal"),
                ("payload.median_bytes", "300"),
                ("payload.sigma", "0.7"),
                ("payload.max_bytes", "4000"),
            ][..],
        ] {
            let scenario = Scenario::built_in("pairs").and_then(|scenario| scenario.with(settings));
            let mut sizes = PayloadSizes::new(&scenario.expect("within bounds"));
            let count = 100_000;
            let drawn: Vec<f64> = (0..count).map(|_| f64::from(sizes.next_bytes())).collect();
            let mean = drawn.iter().sum::<f64>() / f64::from(count);
            let square = drawn
                .iter()
                .map(|bytes| (bytes - mean).powi(2))
                .sum::<f64>();
            let error = (square / f64::from(count) / f64::from(count)).sqrt();
            let off = (sizes.mean_bytes() - mean).abs();
            assert!(off <= 4.0 * error, "{off} with {error} of {mean}");
        }
    }
}
