//! Rules for the values that a run prints.

use std::str::FromStr;
use std::time::Duration;

use anyhow::{Error, bail};

use crate::line::Line;
use crate::mark::Mark;

/// What must be true of the values of a program.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Rule {
    /// The whole run takes this many seconds or more.
    TakesAtLeast(f64),
    /// The sum is the sum of the times to sleep.
    TheSumIsRight,
    /// The sleeps follow one another.
    OneAtATime,
    /// The elapsed time is about the sum of the sleeps.
    TakesTheSum,
    /// The elapsed time is about the longest sleep: they overlap.
    TakesTheLongest,
}

impl FromStr for Rule {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        if let Some(seconds) = name.strip_prefix("takes-at-least ") {
            return Ok(Self::TakesAtLeast(seconds.parse()?));
        }
        Ok(match name {
            "one-at-a-time" => Self::OneAtATime,
            "the-sum-is-right" => Self::TheSumIsRight,
            "takes-the-longest" => Self::TakesTheLongest,
            "takes-the-sum" => Self::TakesTheSum,
            _ => bail!("no such rule: {name:?}"),
        })
    }
}

/// Why a rule does not hold.
#[derive(Debug)]
pub(crate) struct Broken {
    pub(crate) why: String,
    /// A busy machine alone can bring this about, so that another run may
    /// show that the program is right.
    pub(crate) by_time: bool,
}

/// The printed sum and the printed times are rounded to the millisecond.
const ROUNDING: f64 = 0.0005;

/// The part of the sum that tells 'about the sum' from less. The program's
/// clock starts after the last child did, when some of the first sleep is
/// over.
const MOST_OF_IT: f64 = 0.9;

impl Rule {
    /// Looks at all lines of a run, which took `wall` as a whole.
    pub(crate) fn check(
        self,
        lines: &[Line],
        wall: Duration,
    ) -> Result<(), Broken> {
        let sleeps: Vec<f64> = [Mark::Seconds, Mark::Random]
            .into_iter()
            .flat_map(|mark| numbers(lines, mark))
            .collect();
        let slept: f64 = sleeps.iter().sum();
        let longest = sleeps.iter().copied().fold(0.0, f64::max);
        let sum: f64 = numbers(lines, Mark::Sum).iter().sum();
        let elapsed = elapsed(lines);
        let whole = wall.as_secs_f64();
        let rounding = numbers(lines, Mark::Seconds).len() + 1;
        let rounding =
            ROUNDING * f64::from(u32::try_from(rounding).unwrap_or(0));

        let holds = |condition, by_time, why: String| {
            if condition { Ok(()) } else { Err(Broken { why, by_time }) }
        };
        // No machine is so slow that these three fail: what a program has
        // slept is over when it ends.
        let lasted = |least: f64| {
            let why = format!("took {whole:.3} s, less than {least:.3} s");
            holds(whole >= least - rounding, false, why)
        };
        match self {
            Self::TakesAtLeast(seconds) => lasted(seconds),
            Self::OneAtATime => lasted(slept),
            Self::TheSumIsRight => {
                let why = format!("the sum is {slept:.3}, printed is {sum:.3}");
                holds((sum - slept).abs() <= rounding, false, why)
            }
            Self::TakesTheSum => {
                lasted(elapsed)?;
                let why = format!("{elapsed:.3} s elapsed, not about the sum");
                holds(elapsed >= MOST_OF_IT * sum, true, why)
            }
            Self::TakesTheLongest => {
                lasted(elapsed)?;
                lasted(longest)?;
                let why = format!("{elapsed:.3} s elapsed, about the sum");
                holds(elapsed < MOST_OF_IT * sum, true, why)
            }
        }
    }
}

fn numbers(lines: &[Line], mark: Mark) -> Vec<f64> {
    let values = lines.iter().flat_map(|line| line.values(mark));
    values.filter_map(|value| value.parse().ok()).collect()
}

/// The seconds in `H:MM:SS.ffffff`.
fn elapsed(lines: &[Line]) -> f64 {
    let mut values = lines.iter().flat_map(|l| l.values(Mark::Elapsed));
    let parts = values.next().unwrap_or_default().split(':');
    let parts = parts.filter_map(|part| part.parse::<f64>().ok());
    parts.fold(0.0, |seconds, part| seconds * 60.0 + part)
}
