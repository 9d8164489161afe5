//! One line of the report.

use std::fmt;

/// A measured figure beside its limit, both from the same run.
#[derive(Debug, Clone)]
pub struct Figure {
    /// What was measured.
    pub name: String,
    /// Ours.
    pub value: f64,
    /// The unit of `value` and `limit`.
    pub unit: &'static str,
    /// The limit's value, or another's for comparison; `None` if there is none.
    pub limit: Option<f64>,
    /// What is compared with the target: the median of the rounds' ratios to the limit, or the value itself.
    pub ratio: f64,
    /// What is promised about `ratio`.
    pub target: Target,
}

/// A promise.
#[derive(Debug, Clone, Copy)]
pub enum Target {
    /// At most this much.
    AtMost(f64),
    /// At least this much.
    AtLeast(f64),
    /// No promise; for comparison.
    None,
}

impl Figure {
    /// A figure out of pairs of ours and the limit's, one per round.
    pub fn of_pairs(
        name: impl Into<String>,
        unit: &'static str,
        target: Target,
        pairs: impl IntoIterator<Item = (f64, f64)>,
    ) -> Self {
        let (values, limits): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
        let ratios: Vec<f64> = values.iter().zip(&limits).map(|(value, limit)| value / limit).collect();
        Self {
            name: name.into(),
            value: median(&values),
            unit,
            limit: Some(median(&limits)),
            ratio: median(&ratios),
            target,
        }
    }

    /// A figure that is promised as it is.
    pub fn of_value(name: impl Into<String>, unit: &'static str, target: Target, value: f64) -> Self {
        Self { name: name.into(), value, unit, limit: None, ratio: value, target }
    }

    /// The heading of the lines.
    pub fn heading() -> String {
        format!("{:<44} {:>12} {:>12} {:<6} {:>8}  target", "figure", "value", "limit", "unit", "ratio")
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limit = self.limit.map_or_else(|| "-".to_owned(), |limit| format!("{limit:.3}"));
        write!(
            f,
            "{:<44} {:>12.3} {limit:>12} {:<6} {:>8.3}  ",
            self.name, self.value, self.unit, self.ratio
        )?;
        let verdict = |kept| if kept { "kept" } else { "MISSED" };
        match self.target {
            Target::AtMost(target) => write!(f, "<= {target} {}", verdict(self.ratio <= target)),
            Target::AtLeast(target) => write!(f, ">= {target} {}", verdict(self.ratio >= target)),
            Target::None => write!(f, "-"),
        }
    }
}

/// The middle one; the mean of the two middle ones of an even number; 0 of none.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |index: usize| sorted.get(index).copied().unwrap_or_default();
    match sorted.len() {
        0 => 0.0,
        n if n % 2 == 1 => at(n / 2),
        n => f64::midpoint(at(n / 2 - 1), at(n / 2)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_not_moved_by_one_bad_round() {
        assert_eq!(median(&[2.1, 9.0, 2.0, 2.2, 1.9]), 2.1);
        assert_eq!(median(&[1.0, 2.0]), 1.5);
    }

    #[test]
    fn the_ratio_is_that_of_the_median_pair() {
        // Twice as slow in one round, both of them, is no worse.
        let figure = Figure::of_pairs("x", "us", Target::None, [(2.0, 1.0), (4.0, 2.0), (3.0, 1.0)]);
        assert_eq!((figure.value, figure.limit, figure.ratio), (3.0, Some(1.0), 2.0));
    }

    #[test]
    fn a_line_says_whether_the_promise_is_kept() {
        let mut figure = Figure {
            name: "x".into(),
            value: 9.0,
            unit: "us",
            limit: Some(4.0),
            ratio: 2.25,
            target: Target::AtMost(2.5),
        };
        assert!(figure.to_string().ends_with("2.250  <= 2.5 kept"));
        figure.ratio = 2.75;
        assert!(figure.to_string().ends_with("<= 2.5 MISSED"));
        figure.target = Target::AtLeast(0.5);
        assert!(figure.to_string().ends_with(">= 0.5 kept"));
    }
}
