//! Shows how far a long task has come: a bar on a terminal, a line now and then elsewhere.

use std::io::{self, IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tracing::info;

use crate::chain::Loading;
use crate::offline::Progress;

/// What takes less is over before anybody has read how far it is.
const QUIET: Duration = Duration::from_secs(1);
/// A log is not to be filled.
const LOG_INTERVAL: Duration = Duration::from_secs(10);

/// For a task whose end is known, and for one whose end is not.
const BAR: &str = "{prefix} {pos} of {len} {msg} [{wide_bar}] {percent} %, {per_sec:.0}, {eta} left";
const COUNT: &str = "{prefix} {pos} {msg} in {elapsed}, {per_sec:.0}";

/// The progress of one task, on standard error.
#[derive(Debug)]
pub struct Meter {
    verb: &'static str,
    /// What the bar counts.
    unit: &'static str,
    started: Instant,
    shown: Instant,
    place: Place,
}

#[derive(Debug)]
enum Place {
    Terminal(ProgressBar),
    Lines,
    Json,
}

impl Meter {
    /// Begins; `verb` says what was done, as in "checked".
    pub(super) fn new(verb: &'static str, is_json: bool) -> Self {
        let started = Instant::now();
        let place = if is_json {
            Place::Json
        } else if io::stderr().is_terminal() {
            Place::Terminal(
                ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()).with_prefix(verb),
            )
        } else {
            Place::Lines
        };
        Self { verb, unit: "", started, shown: started, place }
    }

    /// Shows how far a task on blocks has come.
    pub fn show(&mut self, progress: Progress) {
        let Progress { height, last, .. } = progress;
        let elapsed = self.started.elapsed();
        self.update("blocks", height, last, |verb| line(verb, progress, elapsed));
    }

    /// Shows how much of a store is read.
    pub fn show_loading(&mut self, loading: Loading) {
        let Loading { what, done, all } = loading;
        self.update(what, done, Some(all), |verb| format!("{verb} {done} of {all} {what}"));
    }

    fn update(
        &mut self,
        unit: &'static str,
        done: u64,
        all: Option<u64>,
        line: impl FnOnce(&'static str) -> String,
    ) {
        if let Place::Terminal(bar) = &self.place {
            if self.unit != unit {
                self.unit = unit;
                bar.reset();
                bar.set_style(style(all.is_some()));
                bar.set_message(unit);
                bar.set_length(all.unwrap_or(0));
            }
            if self.started.elapsed() >= QUIET {
                bar.set_position(done);
            }
        } else if self.shown.elapsed() >= LOG_INTERVAL {
            self.shown = Instant::now();
            if let Place::Json = self.place {
                info!(target: "console", done, all, "{} {unit}", self.verb);
            } else {
                // Nobody is left to tell when this fails.
                drop(writeln!(io::stderr(), "{}", line(self.verb)));
            }
        }
    }

    /// Takes the bar away.
    pub fn clear(self) {
        if let Place::Terminal(bar) = self.place {
            bar.finish_and_clear();
        }
    }

    /// Takes the bar away, and shows the whole on standard output.
    pub fn finish(self, progress: Progress) {
        let text = line(self.verb, progress, self.started.elapsed());
        self.clear();
        super::show(&format!("{text}\n"));
    }
}

fn style(is_end_known: bool) -> ProgressStyle {
    let style = ProgressStyle::with_template(if is_end_known { BAR } else { COUNT });
    style.expect("the template is one because it is a constant").progress_chars("=> ")
}

fn line(verb: &str, progress: Progress, elapsed: Duration) -> String {
    let Progress { height, last, n_transactions } = progress;
    let blocks = match last {
        Some(last) if height < last => {
            let per_cent = u128::from(height) * 100 / u128::from(last);
            format!("{height} of {last} blocks ({per_cent} %)")
        }
        _ if height == 0 => "0 blocks, for there is none after genesis yet,".to_owned(),
        _ => super::counted(height, "block"),
    };
    let per_second = u128::from(n_transactions) * 1_000 / elapsed.as_millis().max(1);
    let transactions = if n_transactions == 0 {
        String::new()
    } else {
        format!(", {} ({per_second} a second)", super::counted(n_transactions, "transaction"))
    };
    format!("{verb} {blocks}{transactions} in {:.1} s", elapsed.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_bars_can_be_drawn() {
        let bar = ProgressBar::hidden();
        for is_end_known in [true, false] {
            bar.set_style(style(is_end_known));
            bar.set_position(1);
        }
    }

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
        let unknown = Progress { height: 50, last: None, n_transactions: 0 };
        assert_eq!(line("imported", unknown, second), "imported 50 blocks in 1.0 s");
        let first = Progress { height: 1, last: Some(1), n_transactions: 1 };
        assert_eq!(line("checked", first, second), "checked 1 block, 1 transaction (1 a second) in 1.0 s");
        let empty = Progress { height: 0, last: Some(0), n_transactions: 0 };
        assert_eq!(
            line("checked", empty, Duration::ZERO),
            "checked 0 blocks, for there is none after genesis yet, in 0.0 s"
        );
    }
}
