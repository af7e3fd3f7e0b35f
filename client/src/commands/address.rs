//! Shows the wallet's address.

use clap::Args;

use crate::context::{Context, first_public_key};
use crate::problem::Problem;
use crate::views::AddressView;

/// Show the wallet's address; needs neither passphrase nor node
#[derive(Debug, Args)]
pub(crate) struct Address {}

impl Address {
    pub(crate) fn run(&self, context: &mut Context) -> Result<(), Problem> {
        let keystore = context.keystore()?;
        let chain = context.chain()?;
        context.report(&AddressView::new(first_public_key(&keystore)?, &chain))
    }
}
