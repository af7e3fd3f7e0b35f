//! Log lines: standard error, one line an event, and no control character of what was logged.

use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

use crate::rate::{Rate, TokenBucket};

/// Returns `text` with every control character shown as its escape, so that none reaches the terminal.
pub(super) fn plain(text: &str) -> String {
    escape(text, |character| character.escape_default().collect())
}

fn escape(text: &str, escaped: impl Fn(char) -> String) -> String {
    let mut plain = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() { plain += &escaped(character) } else { plain.push(character) }
    }
    plain
}

/// What each place in the program may log: a hundred warnings at once, then one every ten seconds, 2 MB a day. So nobody
/// fills the disk by what makes a node warn again and again. A line costs ten tokens.
const LINES: Rate = Rate { per_second: 1, burst: 1_000 };
const LINE_TOKENS: usize = 10;

/// Where log lines go.
#[derive(Debug, Clone)]
pub struct LogWriter {
    is_json: bool,
    since: Instant,
    places: Arc<Mutex<Places>>,
}

/// By module and line.
type Places = HashMap<(String, Option<u32>), Place>;

/// A place in the program that logs.
#[derive(Debug)]
struct Place {
    bucket: TokenBucket,
    /// Lines that were left out since the last one.
    left_out: u64,
}

impl LogWriter {
    /// For people.
    #[must_use]
    pub fn text() -> Self {
        Self { is_json: false, since: Instant::now(), places: Arc::default() }
    }

    /// For machines.
    #[must_use]
    pub fn json() -> Self {
        Self { is_json: true, ..Self::text() }
    }

    /// Returns how many lines of a place were left out before this one, or `None` to leave out this one as well. `now` is
    /// the time since the log began.
    pub(super) fn admit(&self, module: &str, line: Option<u32>, now: Duration) -> Option<u64> {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || Place { bucket: TokenBucket::new(LINES), left_out: 0 };
        let place = places.entry((module.to_owned(), line)).or_insert_with(new);
        if place.bucket.take_many(LINE_TOKENS, now) {
            return Some(std::mem::take(&mut place.left_out));
        }
        place.left_out += 1;
        None
    }
}

impl<'a> MakeWriter<'a> for LogWriter {
    type Writer = LineWriter;

    fn make_writer(&'a self) -> LineWriter {
        LineWriter { is_json: self.is_json, left_out: Some(0) }
    }

    fn make_writer_for(&'a self, metadata: &Metadata<'_>) -> LineWriter {
        // Whoever asks for more than warnings wants all of it.
        if *metadata.level() > Level::WARN {
            return self.make_writer();
        }
        LineWriter {
            is_json: self.is_json,
            left_out: self.admit(metadata.target(), metadata.line(), self.since.elapsed()),
        }
    }
}

/// Writes one line, or leaves it out.
#[derive(Debug, Clone, Copy)]
pub struct LineWriter {
    pub(super) is_json: bool,
    /// Before this one; `None` when this one is left out as well.
    pub(super) left_out: Option<u64>,
}

impl LineWriter {
    /// Returns the line as it is written.
    pub(super) fn line(self, text: &str) -> Option<String> {
        let left_out = self.left_out?;
        let text = text.trim_end_matches('\n');
        // JSON may hold the control characters from U+007F on as they are.
        let line =
            if self.is_json { escape(text, |c| format!("\\u{:04x}", u32::from(c))) } else { plain(text) };
        Some(match (left_out, line.strip_suffix('}')) {
            (0, _) => line,
            (_, Some(object)) if self.is_json => format!("{object},\"left_out\":{left_out}}}"),
            _ => format!("{line} (and {left_out} more from here since the last one that was shown)"),
        })
    }
}

impl Write for LineWriter {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if let Some(line) = self.line(&String::from_utf8_lossy(line)) {
            writeln!(io::stderr().lock(), "{line}")?;
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}
