//! Checks the signature of a text.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use serde::Serialize;
use shared::keys::PublicKey;
use shared::signature::{RsaVerifier, Verifier as _};
use shared::spec::ChainSpec;
use shared::transaction::message_bytes;

use crate::account;
use crate::context::Context;
use crate::problem::Problem;

/// Check who signed a text; needs no node
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// The signer's address as the tutorial writes it, which holds the public key; of this wallet's own key, also the
    /// short one
    #[arg(value_name = "ADDRESS", allow_hyphen_values = true)]
    address: String,
    /// The text, exactly as it was signed
    #[arg(value_name = "TEXT", allow_hyphen_values = true)]
    text: String,
    /// The signature, in base64
    #[arg(value_name = "SIGNATURE", allow_hyphen_values = true)]
    signature: String,
}

impl Verify {
    pub(crate) fn run(&self, context: &mut Context) -> Result<(), Problem> {
        let chain = context.chain()?;
        let key = self.public_key(context, &chain)?;
        let signature = STANDARD.decode(self.signature.trim()).or(Err(Problem::NotASignature))?;
        let bytes = message_bytes(&self.text, chain.genesis_hash());
        if !RsaVerifier.verify(key.modulus(), &bytes, &signature) {
            return Err(Problem::WrongSignature { chain: chain.name().to_owned() });
        }
        let address = key.address().to_text(&chain.rules().address_prefix);
        context.report(&Verified { valid: true, chain: chain.name(), address })
    }

    fn public_key(&self, context: &Context, chain: &ChainSpec) -> Result<PublicKey, Problem> {
        let address = account::parse_address(&self.address, chain)?;
        if let Ok(key) = PublicKey::from_tutorial_address(self.address.trim()) {
            return Ok(key);
        }
        // A short address is only a hash of the key. Without a wallet, its own keys are none.
        let own = context.keystore().ok();
        let own = own.as_ref().and_then(|own| own.public_keys().iter().find(|key| key.address() == address));
        own.cloned().ok_or(Problem::NeedsPublicKey)
    }
}

/// A signature is what it claims to be.
#[derive(Debug, Serialize)]
struct Verified<'a> {
    valid: bool,
    chain: &'a str,
    address: String,
}

impl fmt::Display for Verified<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Valid: the owner of {} signed this text for the chain {}", self.address, self.chain)
    }
}
