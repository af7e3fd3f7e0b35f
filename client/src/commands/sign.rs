//! Signs a text.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use getrandom::SysRng;
use serde::Serialize;
use shared::transaction::message_bytes;
use wallet_wasm::WalletError;

use crate::context::Context;
use crate::problem::Problem;
use crate::views::AddressView;

/// Sign a text with the wallet's key, for one chain; needs no node
#[derive(Debug, Args)]
pub(crate) struct Sign {
    /// The text, in quotation marks if it has spaces; every character counts
    #[arg(value_name = "TEXT", allow_hyphen_values = true)]
    text: String,
}

impl Sign {
    pub(crate) fn run(&self, context: &mut Context) -> Result<(), Problem> {
        let keystore = context.keystore()?;
        let chain = context.chain()?;
        let key = context.unlock(&keystore)?;
        let bytes = message_bytes(&self.text, chain.genesis_hash());
        let signature = key.sign(&bytes, &mut SysRng).map_err(WalletError::from)?;
        context.report(&Signed {
            signer: AddressView::new(key.public_key(), &chain),
            text: &self.text,
            signature: STANDARD.encode(signature),
        })
    }
}

/// All that somebody needs to check a signature.
#[derive(Debug, Serialize)]
struct Signed<'a> {
    #[serde(flatten)]
    signer: AddressView,
    text: &'a str,
    /// In base64.
    signature: String,
}

impl fmt::Display for Signed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { signer, text, signature } = self;
        write!(f, "{signer}\nText: {text}\nSignature: {signature}")
    }
}
