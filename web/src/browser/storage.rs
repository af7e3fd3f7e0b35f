//! What stays in the browser between visits. It belongs to the page's origin, and may be refused or full.

use leptos::prelude::window;

/// What is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Item {
    /// The encrypted keystore.
    Keystore,
    /// That the restore drill of a wallet made here is still to be passed.
    DrillDue,
    /// The language that was chosen, as the tag of a locale.
    Language,
    /// After how many minutes without use the wallet locks itself.
    AutoLock,
    /// When the wallet was locked by hand, which is meant for every tab.
    LockedAt,
    /// That new words were shown which no wallet was made of yet.
    WordsShown,
    /// The address of the node that was chosen.
    Node,
    /// The address of the node that the link which opened this tab names. For this tab only.
    LinkedNode,
    /// The control token of the node that served this page. For this tab only.
    Token,
}

impl Item {
    /// Returns whether `key` is this item's; no key stands for all of them.
    pub(crate) fn is(self, key: Option<&str>) -> bool {
        key.is_none_or(|key| key == self.key())
    }

    const fn key(self) -> &'static str {
        match self {
            Self::Keystore => "ironchain.keystore",
            Self::DrillDue => "ironchain.drill-due",
            Self::Language => "ironchain.language",
            Self::AutoLock => "ironchain.auto-lock",
            Self::LockedAt => "ironchain.locked-at",
            Self::WordsShown => "ironchain.words-shown",
            Self::Node => "ironchain.node",
            Self::LinkedNode => "ironchain.linked-node",
            Self::Token => "ironchain.token",
        }
    }

    fn storage(self) -> Option<web_sys::Storage> {
        match self {
            Self::LinkedNode | Self::Token => window().session_storage(),
            Self::Keystore
            | Self::DrillDue
            | Self::Language
            | Self::AutoLock
            | Self::LockedAt
            | Self::WordsShown
            | Self::Node => window().local_storage(),
        }
        .ok()
        .flatten()
    }
}

/// Returns what was stored.
pub(crate) fn load(item: Item) -> Option<String> {
    item.storage()?.get_item(item.key()).ok().flatten()
}

/// Stores, and returns whether the browser did.
pub(crate) fn store(item: Item, value: &str) -> bool {
    item.storage().is_some_and(|storage| storage.set_item(item.key(), value).is_ok())
}

/// Removes what was stored.
pub(crate) fn remove(item: Item) {
    if let Some(storage) = item.storage() {
        // Where removing fails, storing was not possible either.
        drop(storage.remove_item(item.key()));
    }
}
