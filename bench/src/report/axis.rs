//! `Axis`: where a value stands between the ends of an axis, and its ticks.

/// Ticks of an axis at about this number.
const TICKS: f64 = 5.0;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Scale {
    Linear,
    Logarithmic,
}

/// How values are written beside an axis.
pub type Label = fn(f64) -> String;

/// An axis, from its low to its high end.
#[derive(Clone, Debug)]
pub struct Axis {
    /// What it shows.
    pub title: String,
    scale: Scale,
    low: f64,
    high: f64,
    ticks: Vec<(f64, String)>,
}

impl Axis {
    /// Linear from 0 to a round number above `most`.
    pub fn from_zero(title: &str, most: f64, label: Label) -> Self {
        let step = round_step(most.max(f64::MIN_POSITIVE) / (TICKS - 1.0));
        let count = (most / step - 1e-9).ceil().max(1.0) as u32;
        let ticks = (0..=count).map(|index| {
            let at = step * f64::from(index);
            (at, label(at))
        });
        Self {
            title: title.to_owned(),
            scale: Scale::Linear,
            low: 0.0,
            high: step * f64::from(count),
            ticks: ticks.collect(),
        }
    }

    /// Linear from `low` to `high`, both exactly, with round ticks between.
    pub fn between(title: &str, low: f64, high: f64, label: Label) -> Self {
        let high = if high > low { high } else { low + 1.0 };
        let step = round_step((high - low) / TICKS);
        let first = (low / step - 1e-9).ceil();
        let count = ((high / step + 1e-9).floor() - first).max(0.0) as u32;
        let ticks = (0..=count).map(|index| {
            let at = step * (first + f64::from(index));
            (at, label(at))
        });
        Self {
            title: title.to_owned(),
            scale: Scale::Linear,
            low,
            high,
            ticks: ticks.collect(),
        }
    }

    /// Logarithmic, from a round number at or below `least` to one at or above `most`. Both must be above 0.
    pub fn logarithmic(title: &str, least: f64, most: f64, label: Label) -> Self {
        let most = most.max(least * 2.0);
        let is_wide = most / least > 50.0;
        let parts: &[f64] = if is_wide { &[1.0] } else { &[1.0, 2.0, 5.0] };
        let exponents = (least.log10().floor() as i32 - 1)..=(most.log10().ceil() as i32 + 1);
        let grid: Vec<f64> = exponents
            .flat_map(|exponent| [1.0, 2.0, 5.0].map(|part| part * 10f64.powi(exponent)))
            .collect();
        let at_or_below = |value: f64| grid.iter().rev().find(|at| **at <= value * (1.0 + 1e-9));
        let at_or_above = |value: f64| grid.iter().find(|at| **at >= value * (1.0 - 1e-9));
        let low = at_or_below(least).copied().unwrap_or(least);
        let high = at_or_above(most).copied().unwrap_or(most);
        let is_tick = |at: &f64| {
            let part = at / 10f64.powf((at * (1.0 + 1e-9)).log10().floor());
            parts.iter().any(|each| (each - part).abs() < 1e-6)
        };
        let inside = grid.iter().copied().filter(|at| (low..=high).contains(at));
        Self {
            title: title.to_owned(),
            scale: Scale::Logarithmic,
            low,
            high,
            ticks: inside.filter(is_tick).map(|at| (at, label(at))).collect(),
        }
    }

    /// Percentiles, each nine as long as the one before; values are nines, [`nines`] of a quantile.
    pub fn percentiles(title: &str, nines_max: f64) -> Self {
        const LABELS: [&str; 8] = [
            "0 %",
            "90 %",
            "99 %",
            "99.9 %",
            "99.99 %",
            "99.999 %",
            "99.9999 %",
            "99.99999 %",
        ];
        let high = nines_max.clamp(1.0, LABELS.len() as f64 - 1.0);
        let labels = LABELS.iter().enumerate();
        let ticks = labels
            .map(|(nines, label)| (nines as f64, (*label).to_owned()))
            .filter(|(at, _)| *at <= high + 1e-9);
        Self {
            title: title.to_owned(),
            scale: Scale::Linear,
            low: 0.0,
            high,
            ticks: ticks.collect(),
        }
    }

    /// Places in a row, with a label for the first and the last.
    pub fn places(title: &str, labels: &[String]) -> Self {
        let last = labels.len().saturating_sub(1);
        let mut ends = vec![0];
        if last > 0 {
            ends.push(last);
        }
        Self {
            title: title.to_owned(),
            scale: Scale::Linear,
            low: -0.5,
            high: last as f64 + 0.5,
            ticks: ends
                .into_iter()
                .filter_map(|index| Some((index as f64, labels.get(index)?.clone())))
                .collect(),
        }
    }

    /// Where a value stands: 0 at the low end, 1 at the high end; values beyond stand at the end.
    pub fn position(&self, value: f64) -> f64 {
        let (value, low, high) = match self.scale {
            Scale::Linear => (value, self.low, self.high),
            Scale::Logarithmic => (value.max(self.low).ln(), self.low.ln(), self.high.ln()),
        };
        ((value - low) / (high - low)).clamp(0.0, 1.0)
    }

    /// The ticks: value and label.
    pub fn ticks(&self) -> &[(f64, String)] {
        &self.ticks
    }
}

/// A quantile as nines: 0.9 is 1, 0.99 is 2.
pub fn nines(quantile: f64) -> f64 {
    -(1.0 - quantile).max(1e-12).log10()
}

/// The round number (1, 2, 2.5 or 5 times a power of ten) at or above `step`.
fn round_step(step: f64) -> f64 {
    let power = 10f64.powf(step.log10().floor());
    let part = step / power;
    let round = [1.0, 2.0, 2.5, 5.0, 10.0]
        .into_iter()
        .find(|round| part <= round + 1e-9);
    round.unwrap_or(10.0) * power
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(value: f64) -> String {
        format!("{value}")
    }

    fn ticks(axis: &Axis) -> Vec<String> {
        axis.ticks()
            .iter()
            .map(|(_, label)| label.clone())
            .collect()
    }

    #[test]
    fn a_linear_axis_ends_at_a_round_number() {
        let axis = Axis::from_zero("x", 87.0, label);
        assert_eq!(ticks(&axis), ["0", "25", "50", "75", "100"]);
        assert_eq!(axis.position(50.0), 0.5);
        assert_eq!(axis.position(1e9), 1.0);
        assert_eq!(ticks(&Axis::from_zero("x", 0.0, label)).len(), 2);
    }

    #[test]
    fn an_exact_axis_has_round_ticks_between() {
        let axis = Axis::between("t", 1.0, 119.0, label);
        assert_eq!(ticks(&axis), ["25", "50", "75", "100"]);
        assert_eq!(axis.position(1.0), 0.0);
        assert_eq!(axis.position(119.0), 1.0);
    }

    #[test]
    fn a_logarithmic_axis_has_decades_or_finer() {
        let wide = Axis::logarithmic("x", 0.03, 900.0, |value| format!("{value:.2}"));
        assert_eq!(ticks(&wide), ["0.10", "1.00", "10.00", "100.00", "1000.00"]);
        let narrow = Axis::logarithmic("x", 3.0, 17.0, |value| format!("{value:.0}"));
        assert_eq!(ticks(&narrow), ["2", "5", "10", "20"]);
        assert_eq!(narrow.position(2.0), 0.0);
        assert_eq!(narrow.position(0.0), 0.0);
        assert!((narrow.position(20.0) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn each_nine_is_a_step() {
        let axis = Axis::percentiles("p", 3.4);
        assert_eq!(ticks(&axis), ["0 %", "90 %", "99 %", "99.9 %"]);
        assert!((nines(0.999) - 3.0).abs() < 1e-9);
        assert_eq!(axis.position(nines(1.0)), 1.0);
    }
}
