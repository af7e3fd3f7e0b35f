//! The conversation with whoever sits at the terminal, or with a script at the other end of a pipe.

use std::fmt::Display;
use std::io::{self, BufRead, IsTerminal as _, Write};

use zeroize::Zeroizing;

use crate::problem::Problem;

/// Nothing that can be asked for takes more; a private key of 4096 bits has 3,300 bytes.
const MAX_LINE_BYTES: u64 = 64 * 1024;

/// Asks and tells.
pub(crate) struct Console<I, O> {
    input: I,
    output: O,
    /// Whether a person types, so that secrets can be hidden.
    is_terminal: bool,
}

impl Console<io::StdinLock<'static>, io::Stdout> {
    /// Talks through standard input and output.
    pub(crate) fn on_output() -> Self {
        Self { input: io::stdin().lock(), output: io::stdout(), is_terminal: io::stdin().is_terminal() }
    }
}

impl Console<io::StdinLock<'static>, Box<dyn Write>> {
    /// Talks through standard input and standard error, so that standard output holds nothing but results. A program
    /// that answers and wants `is_json` is not asked aloud, so that standard error holds nothing but errors.
    pub(crate) fn beside_results(is_json: bool) -> Self {
        let is_terminal = io::stdin().is_terminal();
        let output: Box<dyn Write> =
            if is_json && !is_terminal { Box::new(io::sink()) } else { Box::new(io::stderr()) };
        Self { input: io::stdin().lock(), output, is_terminal }
    }
}

impl<I: BufRead, O: Write> Console<I, O> {
    /// Writes a line.
    pub(crate) fn say(&mut self, line: impl Display) -> Result<(), Problem> {
        writeln!(self.output, "{line}")?;
        Ok(self.output.flush()?)
    }

    /// Asks a question and returns the answer without surrounding white space.
    pub(crate) fn ask(&mut self, question: &str) -> Result<String, Problem> {
        write!(self.output, "{question} ")?;
        self.output.flush()?;
        Ok(self.read_line()?.trim().to_owned())
    }

    /// Asks for a secret, which a terminal does not show.
    pub(crate) fn ask_secret(&mut self, question: &str) -> Result<Zeroizing<String>, Problem> {
        write!(self.output, "{question} ")?;
        self.output.flush()?;
        if !self.is_terminal {
            return self.read_line();
        }
        match rpassword::read_password() {
            Ok(secret) => Ok(Zeroizing::new(secret)),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(Problem::Ended),
            Err(error) => Err(error.into()),
        }
    }

    /// Asks for a new secret; a person, who does not see it, twice.
    pub(crate) fn ask_new_secret(
        &mut self,
        question: &str,
        again: &str,
    ) -> Result<Zeroizing<String>, Problem> {
        let secret = self.ask_secret(question)?;
        if self.is_terminal && self.ask_secret(again)? != secret {
            return Err(Problem::PassphrasesDiffer);
        }
        Ok(secret)
    }

    /// Asks until `check` accepts the answer, and tells what is wrong with those that it does not. An empty answer
    /// gives up: `None`.
    pub(crate) fn ask_until<T, E: Display>(
        &mut self,
        question: &str,
        mut check: impl FnMut(&str) -> Result<T, E>,
    ) -> Result<Option<T>, Problem> {
        loop {
            let answer = self.ask(question)?;
            if answer.is_empty() {
                return Ok(None);
            }
            match check(&answer) {
                Ok(value) => return Ok(Some(value)),
                Err(error) => self.say(format_args!("Error: {error}"))?,
            }
        }
    }

    fn read_line(&mut self) -> Result<Zeroizing<String>, Problem> {
        let mut line = Zeroizing::new(Vec::new());
        let read = io::Read::take(&mut self.input, MAX_LINE_BYTES).read_until(b'\n', &mut line)?;
        if read == 0 {
            // The next line of the terminal should not begin behind the question.
            self.say("")?;
            return Err(Problem::Ended);
        }
        let line = line.strip_suffix(b"\n").unwrap_or(&line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        // What is not UTF-8 becomes a character that no address, word or number has.
        Ok(Zeroizing::new(String::from_utf8_lossy(line).into_owned()))
    }
}

#[cfg(test)]
mod tests;
