//! The terminal wallet, driven as a script drives it: a line in, and what it says before the next question.

use std::io::Write as _;
use std::process::{Child, ChildStdin, Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use e2e::node::Node;
use e2e::output::Output;
use e2e::setting;
use shared::words::Words;

use e2e::wallet::key;

const COMMAND: &str = "Command: ";
const BALANCE_OF: &str = "Address (Enter alone goes back): ";

#[test]
fn the_tutorials_menu_works() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let miner = key(1)?.public_key().address().to_text("dev");
    let node = Node::start(folder.path(), 0, &["--chain", "dev", "--miner", &miner])?;
    let mut client = Client::start(&node.port()?.to_string())?;
    client.expect(COMMAND)?;

    client.say("1")?;
    let wallet = client.expect(COMMAND)?;
    let receiver =
        wallet.split_whitespace().find(|word| word.starts_with("dev1")).context("no address")?.to_owned();

    client.say("2")?;
    client.expect(BALANCE_OF)?;
    client.say(&format!("{receiver}x"))?;
    client.expect("Error: ")?;
    client.say(&receiver)?;
    ensure!(client.expect(COMMAND)?.contains("Balance: 0 coins"), "a new wallet has coins");

    // Two blocks pay for it, and the miner gets the fee back.
    node.output
        .wait("second block", |text| text.lines().find(|line| line.trim().starts_with("2 ")).map(|_| ()))?;
    client.say("3")?;
    client.expect("key file")?;
    client.say(&Words::from_entropy(&[1; 32])?.words().collect::<Vec<_>>().join(" "))?;
    client.expect("Receiver's address")?;
    client.say(&receiver)?;
    client.expect("Amount in coins")?;
    client.say("1.5")?;
    client.expect("digits only")?;
    client.say("15")?;
    client.expect("Fee for the miner")?;
    client.say("2")?;
    client.expect("Comment")?;
    client.say("from the terminal")?;
    let summary = client.expect("[y/N] ")?;
    for part in [receiver.as_str(), "15 coins", "2 coins", "17 coins", "from the terminal"] {
        ensure!(summary.contains(part), "{part} is not in {summary}");
    }
    client.say("y")?;
    ensure!(client.expect(COMMAND)?.contains("Mined in block"), "the payment was not mined");

    client.say("2")?;
    client.expect(BALANCE_OF)?;
    client.say(&receiver)?;
    ensure!(client.expect(COMMAND)?.contains("Balance: 15 coins"), "the receiver has another balance");
    client.say("q")?;
    client.end()?;
    node.stop()?;
    Ok(())
}

#[test]
fn a_node_that_is_not_there_is_said_to_be() -> Result<()> {
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let mut client = Client::start(&port.to_string())?;
    client.expect(COMMAND)?;
    client.say("2")?;
    let answer = client.expect(COMMAND)?;
    ensure!(answer.contains("Error: ") && answer.contains(&port.to_string()), "the client says: {answer}");
    client.end()
}

/// A running client.
struct Client {
    child: Child,
    input: Option<ChildStdin>,
    output: Output,
    /// How much of the output has been looked at.
    seen: usize,
}

impl Client {
    fn start(node: &str) -> Result<Self> {
        let mut child = Command::new(setting("E2E_CLIENT")?)
            .arg(node)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start the client")?;
        let output = Output::follow(child.stdout.take().context("no standard output")?);
        Ok(Self { input: child.stdin.take(), child, output, seen: 0 })
    }

    fn say(&mut self, line: &str) -> Result<()> {
        let input = self.input.as_mut().context("the client was ended")?;
        Ok(writeln!(input, "{line}")?)
    }

    /// Waits for `text` and returns what was written since the last time, up to and with it.
    fn expect(&mut self, text: &str) -> Result<String> {
        let seen = self.seen;
        let found = self.output.wait(text, |output| {
            let new = output.get(seen..)?;
            Some(new.get(..new.find(text)? + text.len())?.to_owned())
        })?;
        self.seen += found.len();
        Ok(found)
    }

    /// Ends its input, as Ctrl-D does, and waits for its orderly end.
    fn end(mut self) -> Result<()> {
        drop(self.input.take());
        self.output.wait_for_end()?;
        let status = self.child.wait()?;
        ensure!(status.success(), "the client ended with {status}");
        Ok(())
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // Both fail when it has ended already, and then there is nothing to do.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
