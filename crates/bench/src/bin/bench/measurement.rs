//! What can be measured.

use clap::ValueEnum;

/// A measurement, by its name on the command line and in the results.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum Measurement {
    /// Starting and joining an empty child.
    StartJoin,
    /// The time until the start returns.
    StartReturns,
    /// The time until the first line of what the child runs.
    FirstLine,
    /// Starting and joining a child that is given a text.
    StartJoinArgs,
    /// Starting a child, joining it, and reading the bytes that it gives back.
    Result,
    /// Starting many children, then joining them all.
    InFlight,
    /// Acquiring and releasing a lock that nobody else wants.
    Lock,
    /// A counter under a lock that several processes want.
    Counter,
    /// Adding one to a shared value.
    ValueAdd,
    /// Making shared values, and dropping them.
    ValueMake,
    /// A shared array that two children add up, against sending it to them.
    ArraySum,
    /// A large shared array that two processes add up in place, a chunk each,
    /// against two threads.
    ChunkSum,
    /// The memory of a child that waits.
    IdleChild,
    /// From the death of a lock's holder to the next one's holding it.
    OwnerDeath,
    /// The time that the examples take, beyond the sleeps they contain.
    ExampleOverhead,
}

impl Measurement {
    /// Its name.
    pub(crate) fn name(self) -> String {
        self.to_possible_value()
            .map_or_else(String::new, |value| value.get_name().to_owned())
    }

    /// What the programs call the work that it is a part of.
    pub(crate) fn work(self) -> String {
        match self {
            // The same children, looked at at two times.
            Self::StartJoin | Self::StartReturns => "start".to_owned(),
            other => other.name(),
        }
    }
}
