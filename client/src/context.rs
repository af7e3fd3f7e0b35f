//! What every command works with: the options, the conversation, and where results go.

use std::fmt::Display;
use std::io::{self, StdinLock, Write};
use std::path::PathBuf;

use serde::Serialize;
use shared::address::Address;
use shared::keys::{PublicKey, SigningKey};
use shared::spec::ChainSpec;
use wallet_wasm::error::KeystoreProblem;
use wallet_wasm::keystore::{Keystore, check_passphrase};
use zeroize::Zeroizing;

use crate::cli::Options;
use crate::console::Console;
use crate::node::Node;
use crate::problem::Problem;
use crate::{account, keystore_file, secrets};

/// See the module.
pub(crate) struct Context {
    pub(crate) options: Options,
    /// Questions and what belongs to them, apart from the results.
    pub(crate) console: Console<StdinLock<'static>, Box<dyn Write>>,
}

impl Context {
    pub(crate) fn new(options: Options) -> Self {
        let console = Console::beside_results(options.json);
        Self { options, console }
    }

    /// Connects to the node, and makes sure that it is on the chain that was asked for.
    pub(crate) fn connect(&self) -> Result<Node, Problem> {
        Ok(Node::connect(&self.options.endpoint())?)
    }

    /// Returns the chain for a command that needs no node: the one that was named, else that of a node that was
    /// named, else main.
    pub(crate) fn chain(&self) -> Result<ChainSpec, Problem> {
        match (&self.options.chain, &self.options.node) {
            (Some(chain), _) => Ok(chain.clone()),
            (None, Some(_)) => Ok(self.connect()?.chain().clone()),
            (None, None) => Ok(ChainSpec::main()),
        }
    }

    /// Returns where the wallet's file is.
    pub(crate) fn keystore_path(&self) -> Result<PathBuf, Problem> {
        self.options.keystore.clone().map_or_else(keystore_file::default_path, Ok)
    }

    /// Returns the wallet, closed: its public keys can be read.
    pub(crate) fn keystore(&self) -> Result<Keystore, Problem> {
        keystore_file::read(&self.keystore_path()?)
    }

    /// Returns the address that was named, else the wallet's own.
    pub(crate) fn address_or_own(&self, named: Option<&str>, chain: &ChainSpec) -> Result<Address, Problem> {
        match named {
            Some(text) => account::parse_address(text, chain),
            None => Ok(first_public_key(&self.keystore()?)?.address()),
        }
    }

    /// Opens the wallet with its passphrase and returns the key of its first account.
    pub(crate) fn unlock(&mut self, keystore: &Keystore) -> Result<SigningKey, Problem> {
        let passphrase = match self.passphrase_from_file()? {
            Some(passphrase) => passphrase,
            None => self.console.ask_secret("The wallet's passphrase:")?,
        };
        let key = secrets::first_key(&keystore.open(&passphrase)?)?;
        if key.public_key() == first_public_key(keystore)? {
            Ok(key)
        } else {
            Err(KeystoreProblem::Content.into())
        }
    }

    /// Returns a passphrase for a new wallet.
    pub(crate) fn new_passphrase(&mut self) -> Result<Zeroizing<String>, Problem> {
        let passphrase = match self.passphrase_from_file()? {
            Some(passphrase) => passphrase,
            None => self.console.ask_new_secret("A passphrase for this wallet:", "The same again:")?,
        };
        check_passphrase(&passphrase)?;
        Ok(passphrase)
    }

    fn passphrase_from_file(&self) -> Result<Option<Zeroizing<String>>, Problem> {
        let Some(path) = &self.options.passphrase_file else { return Ok(None) };
        let text = secrets::read_file(path)
            .map_err(|source| Problem::PassphraseFile { path: path.clone(), source })?;
        Ok(Some(Zeroizing::new(text.lines().next().unwrap_or_default().to_owned())))
    }

    /// Prints what a command found out: for people, or for programs as one line of JSON.
    pub(crate) fn report(&self, found: &(impl Serialize + Display)) -> Result<(), Problem> {
        let mut output = io::stdout().lock();
        if self.options.json {
            serde_json::to_writer(&mut output, found).map_err(io::Error::from)?;
            writeln!(output)?;
        } else {
            writeln!(output, "{found}")?;
        }
        Ok(output.flush()?)
    }
}

/// Returns the public key of the first account.
pub(crate) fn first_public_key(keystore: &Keystore) -> Result<&PublicKey, Problem> {
    Ok(keystore.public_keys().first().ok_or(KeystoreProblem::NotAKeystore)?)
}
