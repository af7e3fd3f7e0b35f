//! Shows how far a long task has come: one line that is written over on a terminal, a line now and then elsewhere.

use std::io::{self, IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use crate::offline::Progress;

/// A line on a terminal changes no more often than the eye can follow.
const TERMINAL_INTERVAL: Duration = Duration::from_millis(200);
/// A log is not to be filled.
const LOG_INTERVAL: Duration = Duration::from_secs(10);

/// The progress of one task, on standard error.
#[derive(Debug)]
pub struct Meter {
    verb: &'static str,
    started: Instant,
    shown: Instant,
    is_terminal: bool,
}

impl Meter {
    /// Begins; `verb` says what was done, as in "checked".
    #[must_use]
    pub fn new(verb: &'static str) -> Self {
        let started = Instant::now();
        Self { verb, started, shown: started, is_terminal: io::stderr().is_terminal() }
    }

    /// Shows `progress`, unless something was shown a moment ago.
    pub fn show(&mut self, progress: Progress) {
        let interval = if self.is_terminal { TERMINAL_INTERVAL } else { LOG_INTERVAL };
        if self.shown.elapsed() < interval {
            return;
        }
        self.shown = Instant::now();
        let text = line(self.verb, progress, self.started.elapsed());
        let (before, after) = if self.is_terminal { ("\r", "\x1b[K") } else { ("", "\n") };
        // Nobody is left to tell when this fails.
        drop(write!(io::stderr(), "{before}{text}{after}"));
    }

    /// Ends the line on a terminal, and shows the whole on standard output.
    pub fn finish(self, progress: Progress) {
        if self.is_terminal {
            drop(write!(io::stderr(), "\r\x1b[K"));
        }
        super::show(&format!("{}\n", line(self.verb, progress, self.started.elapsed())));
    }
}

fn line(verb: &str, progress: Progress, elapsed: Duration) -> String {
    let Progress { height, last, n_transactions } = progress;
    let blocks = match last {
        Some(last) if height < last => {
            let per_cent = u128::from(height) * 100 / u128::from(last);
            format!("{height} of {last} blocks ({per_cent} %)")
        }
        _ => format!("{height} blocks"),
    };
    let per_second = u128::from(n_transactions) * 1_000 / elapsed.as_millis().max(1);
    let transactions = if n_transactions == 0 {
        String::new()
    } else {
        format!(", {n_transactions} transactions ({per_second} a second)")
    };
    format!("{verb} {blocks}{transactions} in {:.1} s", elapsed.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_how_far_and_how_fast() {
        let second = Duration::from_secs(1);
        let progress = Progress { height: 50, last: Some(200), n_transactions: 3_000 };
        assert_eq!(
            line("checked", progress, 2 * second),
            "checked 50 of 200 blocks (25 %), 3000 transactions (1500 a second) in 2.0 s"
        );
        let whole = Progress { height: 200, last: Some(200), n_transactions: 0 };
        assert_eq!(line("exported", whole, second), "exported 200 blocks in 1.0 s");
        let empty = Progress { height: 0, last: Some(0), n_transactions: 0 };
        assert_eq!(line("checked", empty, Duration::ZERO), "checked 0 blocks in 0.0 s");
    }
}
