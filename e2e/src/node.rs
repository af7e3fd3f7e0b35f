//! The real program `node` as a process, with a real store.

use std::ffi::OsString;
use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::output::Output;
use crate::setting;

/// A running node. It is killed when it is dropped without [`Node::stop`].
#[derive(Debug)]
pub struct Node {
    child: Child,
    /// What it wrote on standard output; on a terminal also what it wrote on standard error.
    pub output: Output,
    errors: Option<Output>,
    /// Its page, with a slash at the end.
    pub url: String,
    /// What lets a session control it, from the link that it printed.
    pub token: String,
}

impl Node {
    /// Starts a node that writes into pipes. `port` is 0 for any free one.
    ///
    /// # Errors
    /// When it does not start, or does not say where its page is.
    pub fn start(data_dir: &Path, port: u16, arguments: &[&str]) -> Result<Self> {
        Self::start_in(None, data_dir, port, arguments)
    }

    /// As [`Node::start`], in the network namespace that is at this path.
    ///
    /// # Errors
    /// As [`Node::start`].
    pub fn start_in(
        namespace: Option<&Path>,
        data_dir: &Path,
        port: u16,
        arguments: &[&str],
    ) -> Result<Self> {
        let mut command = command(namespace, data_dir, port, arguments)?;
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {command:?}"))?;
        let output = Output::follow(child.stdout.take().context("no standard output")?);
        let errors = Output::follow(child.stderr.take().context("no standard error")?);
        Self::announced(child, output, Some(errors))
    }

    /// Starts a node on a terminal of its own, as a person does.
    ///
    /// # Errors
    /// As [`Node::start`].
    pub fn start_on_terminal(data_dir: &Path, port: u16, arguments: &[&str]) -> Result<Self> {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).context("cannot open a terminal")?;
        grantpt(&master)?;
        unlockpt(&master)?;
        let name = ptsname(&master, Vec::new())?;
        let terminal = File::options().read(true).write(true).open(name.to_str()?).context("no terminal")?;
        let mut command = command(None, data_dir, port, arguments)?;
        let child = command
            .stdin(terminal.try_clone()?)
            .stdout(terminal.try_clone()?)
            .stderr(terminal)
            .spawn()
            .with_context(|| format!("cannot start {command:?}"))?;
        // It holds our copies of the terminal, without which the node's end could not be seen.
        drop(command);
        Self::announced(child, Output::follow(File::from(master)), None)
    }

    fn announced(child: Child, output: Output, errors: Option<Output>) -> Result<Self> {
        let mut node = Self { child, output, errors, url: String::new(), token: String::new() };
        let link = node.output.wait("link", |text| {
            // The table's head is the last that is written at the start.
            let (start, _) = text.split_once("hash rate")?;
            start.split_whitespace().find(|word| word.starts_with("http://")).map(str::to_owned)
        });
        let link = link.with_context(|| format!("the node did not start; errors:\n{}", node.errors()))?;
        let (url, token) = link.split_once("#token=").with_context(|| format!("no token in {link}"))?;
        (node.url, node.token) = (url.to_owned(), token.to_owned());
        Ok(node)
    }

    /// Returns what it wrote on standard error, when that is no terminal.
    #[must_use]
    pub fn errors(&self) -> String {
        self.errors.as_ref().map(Output::text).unwrap_or_default()
    }

    /// Returns the port of its page.
    ///
    /// # Errors
    /// When its link has none.
    pub fn port(&self) -> Result<u16> {
        let port = self.url.trim_end_matches('/').rsplit(':').next();
        port.and_then(|port| port.parse().ok()).with_context(|| format!("no port in {}", self.url))
    }

    /// Returns the number of its process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Presses Ctrl-C, waits for the orderly end, and returns all that it wrote.
    ///
    /// # Errors
    /// When it does not end with code 0.
    pub fn stop(mut self) -> Result<String> {
        kill_process(Pid::from_child(&self.child), Signal::INT)?;
        self.output.wait_for_end()?;
        let status = self.child.wait()?;
        let text = self.output.text() + &self.errors();
        ensure!(status.success(), "the node ended with {status}; it wrote:\n{text}");
        Ok(text)
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // Both fail when it has ended already, and then there is nothing to do.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn command(namespace: Option<&Path>, data_dir: &Path, port: u16, arguments: &[&str]) -> Result<Command> {
    let node = setting("E2E_NODE")?;
    let mut command = match namespace {
        None => Command::new(node),
        Some(namespace) => {
            // It becomes the node, so that what happens to the process happens to the node.
            let mut command = Command::new("nsenter");
            let mut option = OsString::from("--net=");
            option.push(namespace);
            command.arg(option).arg("--").arg(node);
            command
        }
    };
    command.arg(port.to_string()).arg("--data-dir").arg(data_dir).args(arguments).env("NO_COLOR", "1");
    Ok(command)
}
