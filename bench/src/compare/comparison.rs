//! A comparison: runs the sides in turns, keeps every run, and gives the ratio B/A of each figure with its spread.
//!
//! The ratio is taken within a round, between runs that are neighbours in time; a round with an invalid run gives none.

use serde::Serialize;

use super::figure::Figure;
use super::figures::Figures;
use super::settings::SideSettings;
use super::side::{Side, order};
use super::statistics::{Spread, median, spread};

/// Below this confidence no difference is claimed: under five rounds.
const CONFIDENCE_LEAST: f64 = 0.9;

/// What is compared, and all runs so far.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// Name of the scenario.
    pub scenario: String,
    /// Rounds wanted; each has a run of A and one of B.
    pub rounds: u32,
    /// What is compared with.
    pub a: SideSettings,
    /// What is compared.
    pub b: SideSettings,
    /// Runs, in their order.
    pub runs: Vec<Run>,
}

/// One run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Run {
    /// Whose.
    pub side: Side,
    /// From 1.
    pub round: u32,
    /// What it gave.
    pub figures: Figures,
}

/// A figure's ratio B/A.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Ratio {
    /// The figure.
    pub figure: Figure,
    /// Its median over A's runs.
    pub a: f64,
    /// Its median over B's runs.
    pub b: f64,
    /// B/A of each round.
    pub by_round: Vec<f64>,
    /// Their median and spread.
    pub spread: Spread,
    /// Whether the interval leaves out 1 and there are rounds enough to say so.
    pub differs: bool,
}

/// A run could not be made; the comparison ends there.
#[derive(Debug, thiserror::Error)]
#[error("{side} of round {round}: {source}")]
pub struct Stopped<E: std::error::Error + 'static> {
    /// Whose run.
    pub side: Side,
    /// Its round.
    pub round: u32,
    /// Why.
    pub source: E,
}

/// Runs what is left of a comparison, each run by `run`, which starts a fresh node and puts the scenario on it.
///
/// # Errors
/// A run could not be made. `comparison` holds the runs until then.
pub fn compare<E: std::error::Error + 'static>(
    comparison: &mut Comparison,
    mut run: impl FnMut(Side, u32) -> Result<Figures, E>,
) -> Result<(), Stopped<E>> {
    for (side, round) in order(comparison.rounds).skip(comparison.runs.len()) {
        let figures = run(side, round).map_err(|source| Stopped {
            side,
            round,
            source,
        })?;
        comparison.runs.push(Run {
            side,
            round,
            figures,
        });
    }
    Ok(())
}

impl Comparison {
    /// The settings of a side.
    pub fn side(&self, side: Side) -> &SideSettings {
        match side {
            Side::A => &self.a,
            Side::B => &self.b,
        }
    }

    /// Whether all runs were made and every one is valid.
    pub fn is_valid(&self) -> bool {
        self.runs.len() == 2 * self.rounds as usize
            && self.runs.iter().all(|run| run.figures.is_valid())
    }

    /// The ratio of every figure that both sides have, in the order of the table.
    pub fn ratios(&self) -> Vec<Ratio> {
        let pairs = self.pairs();
        let ratios = Figure::ALL.iter();
        ratios.filter_map(|figure| ratio(*figure, &pairs)).collect()
    }

    /// The valid runs of each round that has both.
    fn pairs(&self) -> Vec<(&Figures, &Figures)> {
        let valid = |side: Side, round: u32| {
            let mut runs = self.runs.iter();
            runs.find(|run| run.side == side && run.round == round)
                .map(|run| &run.figures)
                .filter(|figures| figures.is_valid())
        };
        let pair = |round| Some((valid(Side::A, round)?, valid(Side::B, round)?));
        (1..=self.rounds).filter_map(pair).collect()
    }
}

fn ratio(figure: Figure, pairs: &[(&Figures, &Figures)]) -> Option<Ratio> {
    let values = pairs
        .iter()
        .filter_map(|(a, b)| Some((figure.of(a)?, figure.of(b)?)));
    let (a, b): (Vec<f64>, Vec<f64>) = values
        .filter(|(a, b)| *a > 0.0 && a.is_finite() && b.is_finite())
        .unzip();
    let by_round: Vec<f64> = a.iter().zip(&b).map(|(a, b)| b / a).collect();
    let spread = spread(&by_round)?;
    let leaves_out_one = spread.low > 1.0 || spread.high < 1.0;
    Some(Ratio {
        figure,
        a: median(&a)?,
        b: median(&b)?,
        by_round,
        differs: leaves_out_one && spread.confidence >= CONFIDENCE_LEAST,
        spread,
    })
}
