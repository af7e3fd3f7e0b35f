//! Makes the wallet's file, of new words or of what its owner has.

use std::fmt::{self, Display};
use std::path::Path;

use clap::Args;
use getrandom::SysRng;
use serde::Serialize;
use shared::keys::SigningKey;
use wallet_wasm::keystore::Keystore;

use crate::context::{Context, first_public_key};
use crate::problem::Problem;
use crate::views::{AddressView, WordsView};
use crate::{keystore_file, secrets};

/// Make the wallet: of new words, which are shown once, or of words or a key that you have
#[derive(Debug, Args)]
pub(crate) struct New {
    /// Ask for words or a private key instead of making new words
    #[arg(long, conflicts_with = "count")]
    import: bool,
    /// How many new words: 12 or 24
    #[arg(long, value_name = "N", default_value = "24", value_parser = secrets::parse_word_count)]
    count: usize,
}

impl New {
    pub(crate) fn run(&self, context: &mut Context) -> Result<(), Problem> {
        let chain = context.chain()?;
        let path = context.keystore_path()?;
        // Nobody should type words and passphrase in vain.
        keystore_file::check_absent(&path)?;
        let secrets = if self.import {
            secrets::ask(&mut context.console)?.ok_or(Problem::Declined)?
        } else {
            secrets::make(self.count)?
        };
        let passphrase = context.new_passphrase()?;
        let public_keys = secrets.signing_keys(|_| ())?.iter().map(SigningKey::public_key).cloned().collect();
        let keystore = Keystore::seal(&secrets, public_keys, &passphrase, &mut SysRng)?;
        let address = AddressView::new(first_public_key(&keystore)?, &chain);
        keystore_file::create(&path, &keystore)?;
        if self.import {
            return context.report(&Made { wallet: address, keystore: &path });
        }
        let wallet = WordsView { words: secrets::words(&secrets), address };
        context.report(&Made { wallet, keystore: &path }).inspect_err(|_| {
            // Nobody has seen the words, so nobody must be paid at their address. A second failure changes nothing.
            drop(keystore_file::remove(&path));
        })
    }
}

/// A wallet and the file that it is in now.
#[derive(Serialize)]
struct Made<'a, W> {
    #[serde(flatten)]
    wallet: W,
    keystore: &'a Path,
}

impl<W: Display> Display for Made<'_, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\nEncrypted with your passphrase in: {}", self.wallet, self.keystore.display())
    }
}
