//! Asks for a balance.

use clap::Args;

use crate::account;
use crate::context::Context;
use crate::problem::Problem;

/// Show the balance of the wallet or of an address
#[derive(Debug, Args)]
pub(crate) struct Balance {
    /// An address in either form [default: the wallet's own]
    #[arg(value_name = "ADDRESS", allow_hyphen_values = true)]
    address: Option<String>,
}

impl Balance {
    pub(crate) fn run(&self, context: &mut Context) -> Result<(), Problem> {
        let mut node = context.connect()?;
        let owner = context.address_or_own(self.address.as_deref(), node.chain())?;
        let account = account::ask(&mut node, &owner)?;
        context.report(&account::Balance::new(node.chain(), &account))
    }
}
