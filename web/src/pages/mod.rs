//! The pages, one a file.

mod create;
mod drill;
mod forks;
mod history;
mod home;
mod import;
mod network;
mod receive;
mod send;
mod settings;
mod unlock;
mod welcome;

pub(crate) use self::create::Create;
pub(crate) use self::drill::Drill;
pub(crate) use self::forks::Forks;
pub(crate) use self::history::History;
pub(crate) use self::home::Home;
pub(crate) use self::import::Import;
pub(crate) use self::network::Network;
pub(crate) use self::receive::Receive;
pub(crate) use self::send::Send;
pub(crate) use self::settings::{NodeSettings, Settings, save_backup};
pub(crate) use self::unlock::Unlock;
pub(crate) use self::welcome::{Opening, Welcome};
