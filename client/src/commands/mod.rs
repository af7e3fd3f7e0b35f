//! One file a command.

pub(crate) mod address;
pub(crate) mod balance;
pub(crate) mod completions;
pub(crate) mod history;
pub(crate) mod new;
pub(crate) mod send;
pub(crate) mod sign;
pub(crate) mod verify;
pub(crate) mod watch;
pub(crate) mod words;
