use std::env;
use std::process::exit;
use std::str::FromStr;

/// What the driver asks a program to measure.
#[derive(Clone, Debug)]
pub struct Job {
    /// The name of the measurement.
    pub measurement: String,
    /// The one number that the measurement varies.
    pub size: usize,
    /// How many samples are wanted.
    pub samples: usize,
    /// In how much time.
    pub budget_ms: u64,
}

impl Job {
    /// Reads it from the command line: MEASUREMENT SIZE SAMPLES `BUDGET_MS`.
    ///
    /// If it is not there, the program ends.
    pub fn from_args() -> Self {
        let arguments: Vec<_> = env::args().skip(1).collect();
        let job = || {
            let [measurement, size, samples, budget_ms, ..] = &arguments[..]
            else {
                return None;
            };
            Some(Self {
                measurement: measurement.clone(),
                size: number(size)?,
                samples: number(samples)?,
                budget_ms: number(budget_ms)?,
            })
        };
        job().unwrap_or_else(|| {
            eprintln!("arguments: MEASUREMENT SIZE SAMPLES BUDGET_MS");
            exit(2)
        })
    }

    /// Ends the program: it has no such measurement.
    pub fn unknown(&self) -> ! {
        eprintln!("there is no measurement {}", self.measurement);
        exit(2)
    }
}

fn number<T: FromStr>(text: &str) -> Option<T> {
    text.parse().ok()
}
