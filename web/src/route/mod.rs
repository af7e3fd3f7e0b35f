//! The fragment: routes, which live in it, and what links bring along. And which page a wallet's state allows.

use wallet_wasm::protocol::WalletView;

/// A fragment such as `#/send`, `#token=…` or `#/settings?node=192.168.1.5:1111`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fragment {
    pub(crate) route: Route,
    /// Which node to talk to.
    pub(crate) node: Option<String>,
    /// What allows to steer the node that served this page.
    pub(crate) token: Option<String>,
}

impl Fragment {
    /// Reads a fragment. What is unknown in it is ignored.
    pub(crate) fn parse(fragment: &str) -> Self {
        let text = fragment.trim_start_matches('#');
        // A link that wants nothing but a parameter has no path.
        let (path, query) = match text.split_once('?') {
            Some(parts) => parts,
            None if text.contains('=') => ("", text),
            None => (text, ""),
        };
        let parameter = |name| {
            let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            pairs.find(|(other, _)| *other == name).map(|(_, value)| decode(value))
        };
        Self { route: Route::parse(path), node: parameter("node"), token: parameter("token") }
    }
}

/// Undoes the percent signs that some programs put into links.
fn decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digits = after.split_at_checked(2).filter(|_| *first == b'%').and_then(|(digits, after)| {
            let digits = core::str::from_utf8(digits).ok()?;
            Some((u8::from_str_radix(digits, 16).ok()?, after))
        });
        let (byte, after) = digits.unwrap_or((*first, after));
        bytes.push(byte);
        rest = after;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What the fragment asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Route {
    Home,
    Receive,
    Send,
    /// A payment to be confirmed.
    Confirm,
    /// A payment that was sent.
    Sent,
    History,
    /// The other nodes.
    Network,
    /// The branches beside the best chain.
    Forks,
    Settings,
    Create,
    /// The passphrase of a new wallet.
    CreatePassphrase,
    Import,
    Drill,
}

/// What is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Page {
    /// The worker has not spoken yet.
    Opening,
    Welcome,
    /// Which node, before there is a wallet.
    Node,
    Create,
    Import,
    Unlock,
    Drill,
    Home,
    Receive,
    Send,
    History,
    Network,
    Forks,
    Settings,
}

impl Route {
    /// Reads a fragment's path such as `/send`; an unknown one leads home.
    fn parse(path: &str) -> Self {
        match path.trim_matches('/') {
            "receive" => Self::Receive,
            "send" => Self::Send,
            "send/confirm" => Self::Confirm,
            "send/sent" => Self::Sent,
            "history" => Self::History,
            "network" => Self::Network,
            "network/branches" => Self::Forks,
            "settings" => Self::Settings,
            "create" => Self::Create,
            "create/passphrase" => Self::CreatePassphrase,
            "import" => Self::Import,
            "drill" => Self::Drill,
            _ => Self::Home,
        }
    }

    /// Returns the fragment that leads here.
    pub(crate) const fn fragment(self) -> &'static str {
        match self {
            Self::Home => "#/",
            Self::Receive => "#/receive",
            Self::Send => "#/send",
            Self::Confirm => "#/send/confirm",
            Self::Sent => "#/send/sent",
            Self::History => "#/history",
            Self::Network => "#/network",
            Self::Forks => "#/network/branches",
            Self::Settings => "#/settings",
            Self::Create => "#/create",
            Self::CreatePassphrase => "#/create/passphrase",
            Self::Import => "#/import",
            Self::Drill => "#/drill",
        }
    }

    /// Returns the page for this route. The route itself stays, so that unlocking leads where one wanted to go.
    pub(crate) fn page(self, wallet: Option<&WalletView>, drill_due: bool) -> Page {
        match (wallet, self) {
            (None, _) => Page::Opening,
            // They show nothing of a wallet, so none is needed.
            (Some(_), Self::Network) => Page::Network,
            (Some(_), Self::Forks) => Page::Forks,
            (Some(WalletView::Absent), Self::Create | Self::CreatePassphrase) => Page::Create,
            (Some(WalletView::Absent), Self::Import) => Page::Import,
            (Some(WalletView::Absent), Self::Settings) => Page::Node,
            (Some(WalletView::Absent), _) => Page::Welcome,
            (Some(WalletView::Locked { .. }), _) => Page::Unlock,
            (Some(WalletView::Unlocked { .. }), Self::Receive) => Page::Receive,
            (Some(WalletView::Unlocked { .. }), Self::Send | Self::Confirm | Self::Sent) => Page::Send,
            (Some(WalletView::Unlocked { .. }), Self::History) => Page::History,
            (Some(WalletView::Unlocked { .. }), Self::Settings) => Page::Settings,
            // A wallet that was just created is unlocked while the fragment still says so.
            (Some(WalletView::Unlocked { .. }), Self::Create | Self::CreatePassphrase | Self::Drill)
                if drill_due =>
            {
                Page::Drill
            }
            (
                Some(WalletView::Unlocked { .. }),
                Self::Home | Self::Create | Self::CreatePassphrase | Self::Import | Self::Drill,
            ) => Page::Home,
        }
    }
}

#[cfg(test)]
mod tests;
