//! What a session may do once it has shown that its user started this node.

use aws_lc_rs::constant_time::verify_slices_are_equal;

use crate::miner::MinerHandle;
use crate::network::NetworkHandle;

/// What the API may steer.
#[derive(Debug, Clone)]
pub struct Control {
    /// What `authorize` asks for.
    pub token: ControlToken,
    /// The miner.
    pub miner: MinerHandle,
    /// The connections to other nodes; `None` where there can be none.
    pub network: Option<NetworkHandle>,
}

/// The secret in the page's link: whoever has it reads this node's standard output. It is made at each start, never
/// stored and never logged.
#[derive(Clone)]
pub struct ControlToken(String);

/// The system gave no random number.
#[derive(Debug, thiserror::Error)]
#[error("cannot get a random number for the control token from the system: {0}")]
pub struct TokenError(getrandom::Error);

impl ControlToken {
    /// Makes a token of 128 random bits.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn new() -> Result<Self, TokenError> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(TokenError)?;
        Ok(Self(hex::encode(bytes)))
    }

    /// Returns its text, for the person who started the node alone.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Returns whether `text` is this token. How long that takes tells nothing of the token.
    #[must_use]
    pub fn is(&self, text: &str) -> bool {
        verify_slices_are_equal(self.0.as_bytes(), text.as_bytes()).is_ok()
    }
}

impl std::fmt::Debug for ControlToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ControlToken(hidden)")
    }
}
