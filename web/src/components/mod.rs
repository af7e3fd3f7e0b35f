//! Parts that several pages are made of. One component a file.

mod address;
mod attempt;
mod auto_lock;
mod balance;
mod banners;
mod chain_strip;
mod copy_button;
mod field;
mod figures;
mod foreign;
mod forget;
mod form_end;
mod frame;
mod history_list;
mod icons;
mod languages;
mod network_tabs;
mod passphrase;
mod progress;
mod qr;

pub(crate) use self::address::AddressText;
pub(crate) use self::attempt::{Attempt, ErrorNotice};
pub(crate) use self::balance::Balance;
pub(crate) use self::chain_strip::ChainStrip;
pub(crate) use self::copy_button::CopyButton;
pub(crate) use self::field::{Kind, Note, TextArea, TextField};
pub(crate) use self::figures::{coins, digits};
pub(crate) use self::foreign::foreign;
pub(crate) use self::forget::ForgetWallet;
pub(crate) use self::form_end::FormEnd;
pub(crate) use self::frame::Frame;
pub(crate) use self::history_list::{HistoryList, confirmations};
pub(crate) use self::icons::{Icon, Mark, icon};
pub(crate) use self::network_tabs::NetworkTabs;
pub(crate) use self::passphrase::{NewPassphrase, new_passphrase};
pub(crate) use self::qr::QrCode;
