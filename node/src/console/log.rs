//! Log lines: standard error, one line an event, and no control character of what was logged.

use std::io::{self, Write};

use tracing_subscriber::fmt::MakeWriter;

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

/// Where log lines go.
#[derive(Debug, Clone, Copy)]
pub struct LogWriter {
    is_json: bool,
}

impl LogWriter {
    /// For people.
    #[must_use]
    pub fn text() -> Self {
        Self { is_json: false }
    }

    /// For machines.
    #[must_use]
    pub fn json() -> Self {
        Self { is_json: true }
    }

    pub(super) fn line(self, text: &str) -> String {
        let text = text.trim_end_matches('\n');
        // JSON may hold the control characters from U+007F on as they are.
        if self.is_json { escape(text, |c| format!("\\u{:04x}", u32::from(c))) } else { plain(text) }
    }
}

impl Write for LogWriter {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        writeln!(io::stderr().lock(), "{}", self.line(&String::from_utf8_lossy(line)))?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

impl<'a> MakeWriter<'a> for LogWriter {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        *self
    }
}
