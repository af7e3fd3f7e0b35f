//! The chain: one OS thread that alone changes it, and the handle through which everybody else asks.

mod error;
mod handle;
mod state;
mod thread;
mod view;

pub use error::{ChainError, RefusedBlock, SubmitError, SubmitTransactionError, TemplateError};
pub use handle::{ChainHandle, Submitted};
pub(crate) use state::load_tree;
pub use state::{Loading, Options};
pub use thread::{ChainThread, ChainThreadError, start, start_with};
pub use view::{
    Branch, ChainEvent, FORK_DEPTH, Fork, Forks, HeadChange, MAX_BRANCH_HASHES, MAX_FORKS, Tip,
    TransactionChange, View,
};
