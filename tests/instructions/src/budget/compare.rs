//! Holds measured costs against the budget: each figure of each stage is within, above or far below.

use super::{Budget, StageBudget, Tools};
use crate::measure::Cost;

/// Figures of the file have two decimals: a difference below this is none.
const ROUNDING: f64 = 0.01;

/// How a figure stands to its budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// As it should be.
    Within,
    /// It costs more than is allowed.
    Above,
    /// It costs so much less that the budget no longer guards it.
    FarBelow,
}

/// One figure beside its budget.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// The stage.
    pub stage: String,
    /// What is counted: instructions or allocations.
    pub figure: &'static str,
    /// What one operation may cost.
    pub budget: f64,
    /// What it costs.
    pub measured: f64,
    /// How they stand.
    pub verdict: Verdict,
}

/// Compares `costs`, counted with `tools`, with the budget; `None` when it is for another target, since nothing can be said
/// then. With another compiler or C library the bound above is the wider one, and there is none below.
pub fn compare(budget: &Budget, tools: &Tools, costs: &[(&str, Cost)]) -> Option<Vec<Comparison>> {
    if budget.tools.target != tools.target {
        return None;
    }
    let bounds = Bounds::of(budget, tools);
    let of_stage = |(name, cost): &(&str, Cost)| {
        let stage = budget.stages.get(*name)?;
        Some(bounds.compare(name, stage, cost))
    };
    Some(costs.iter().filter_map(of_stage).flatten().collect())
}

struct Bounds {
    above_percent: f64,
    below_percent: f64,
}

impl Bounds {
    fn of(budget: &Budget, tools: &Tools) -> Self {
        let is_same = budget.tools == *tools;
        Self {
            above_percent: if is_same {
                budget.above_percent
            } else {
                budget.above_percent_other_tools
            },
            below_percent: if is_same { budget.below_percent } else { 100.0 },
        }
    }

    fn compare(&self, stage: &str, budget: &StageBudget, cost: &Cost) -> [Comparison; 2] {
        let comparison = |figure, budget, measured| Comparison {
            stage: stage.to_owned(),
            figure,
            budget,
            measured,
            verdict: self.verdict(budget, measured),
        };
        [
            comparison("instructions", budget.instructions, cost.instructions),
            comparison("allocations", budget.allocations, cost.allocations),
        ]
    }

    fn verdict(&self, budget: f64, measured: f64) -> Verdict {
        let most = budget * (1.0 + self.above_percent / 100.0) + ROUNDING;
        let least = budget * (1.0 - self.below_percent / 100.0) - ROUNDING;
        if measured > most {
            Verdict::Above
        } else if measured < least {
            Verdict::FarBelow
        } else {
            Verdict::Within
        }
    }
}

impl Comparison {
    /// By how much the figure differs from its budget, in percent; 0 where both are 0.
    pub fn change_percent(&self) -> f64 {
        if (self.measured - self.budget).abs() < ROUNDING {
            return 0.0;
        }
        (self.measured / self.budget - 1.0) * 100.0
    }

    /// What is wrong and what to do; `None` within the bounds.
    pub fn advice(&self) -> Option<String> {
        let (stage, figure) = (&self.stage, self.figure);
        let figures = format!(
            "{stage}: {:.2} {figure} an operation, the budget is {:.2} ({:+.1} %)",
            self.measured,
            self.budget,
            self.change_percent()
        );
        match self.verdict {
            Verdict::Within => None,
            Verdict::Above => Some(format!(
                "{figures}: find what it does more, or raise the budget and say why"
            )),
            Verdict::FarBelow => Some(format!(
                "{figures}: lower the budget (`instructions budget write`), so that the gain is kept"
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUSTC: &str = "rustc 1.95.0";
    const TARGET: &str = "x86_64-unknown-linux-gnu";

    fn budget() -> Budget {
        let stages = [("splitter", 1_000.0, 0.0), ("trace", 20_000.0, 8.0)];
        let stage = |(name, instructions, allocations): (&str, f64, f64)| {
            let budget = StageBudget {
                instructions,
                allocations,
            };
            (name.to_owned(), budget)
        };
        Budget {
            tools: tools(RUSTC, TARGET),
            above_percent: 3.0,
            above_percent_other_tools: 15.0,
            below_percent: 10.0,
            stages: stages.into_iter().map(stage).collect(),
        }
    }

    fn tools(rustc: &str, target: &str) -> Tools {
        Tools {
            rustc: rustc.to_owned(),
            target: target.to_owned(),
            c_library: "glibc 2.36".to_owned(),
        }
    }

    fn verdicts(rustc: &str, instructions: f64, allocations: f64) -> [Verdict; 2] {
        let cost = Cost {
            instructions,
            allocations,
        };
        let compared = compare(&budget(), &tools(rustc, TARGET), &[("trace", cost)]).unwrap();
        [0, 1].map(|index| compared[index].verdict)
    }

    #[test]
    fn the_bounds_are_those_of_the_file() {
        use Verdict::{Above, FarBelow, Within};
        assert_eq!(verdicts(RUSTC, 20_000.0, 8.0), [Within, Within]);
        assert_eq!(verdicts(RUSTC, 20_599.0, 8.24), [Within, Within]);
        assert_eq!(verdicts(RUSTC, 20_601.0, 8.0), [Above, Within]);
        assert_eq!(verdicts(RUSTC, 20_000.0, 9.0), [Within, Above]);
        assert_eq!(verdicts(RUSTC, 18_001.0, 7.3), [Within, Within]);
        assert_eq!(verdicts(RUSTC, 17_999.0, 7.0), [FarBelow, FarBelow]);
    }

    #[test]
    fn other_tools_have_a_wider_bound_and_none_below() {
        use Verdict::{Above, Within};
        assert_eq!(verdicts("rustc 1.96.0", 22_999.0, 1.0), [Within, Within]);
        assert_eq!(verdicts("rustc 1.96.0", 23_001.0, 8.0), [Above, Within]);
        assert_eq!(verdicts("rustc 1.96.0", 1.0, 0.0), [Within, Within]);
    }

    #[test]
    fn another_c_library_is_another_tool() {
        let cost = Cost {
            instructions: 22_999.0,
            allocations: 8.0,
        };
        let tools = Tools {
            c_library: "glibc 2.41".to_owned(),
            ..tools(RUSTC, TARGET)
        };
        let compared = compare(&budget(), &tools, &[("trace", cost)]).unwrap();
        assert!(compared.iter().all(|figure| figure.advice().is_none()));
    }

    #[test]
    fn of_another_target_nothing_is_said() {
        let tools = tools(RUSTC, "aarch64-unknown-linux-gnu");
        assert_eq!(compare(&budget(), &tools, &[]), None);
    }

    #[test]
    fn planted_work_is_told_with_stage_budget_and_measured() {
        let (instructions, allocations) = (1_100.0, 1.0);
        let cost = Cost {
            instructions,
            allocations,
        };
        let costs = [("splitter", cost)];
        let compared = compare(&budget(), &tools(RUSTC, TARGET), &costs).unwrap();
        let advice: Vec<String> = compared.iter().filter_map(Comparison::advice).collect();
        assert_eq!(advice.len(), 2);
        assert!(advice[0].starts_with(
            "splitter: 1100.00 instructions an operation, the budget is 1000.00 (+10.0 %)"
        ));
        assert!(advice[1].contains("1.00 allocations"), "{}", advice[1]);
    }

    #[test]
    fn a_gain_is_told_to_be_kept() {
        let cost = Cost {
            instructions: 500.0,
            allocations: 0.0,
        };
        let costs = [("splitter", cost)];
        let compared = compare(&budget(), &tools(RUSTC, TARGET), &costs).unwrap();
        let advice: Vec<String> = compared.iter().filter_map(Comparison::advice).collect();
        assert_eq!(advice.len(), 1);
        assert!(advice[0].contains("lower the budget"), "{}", advice[0]);
    }
}
