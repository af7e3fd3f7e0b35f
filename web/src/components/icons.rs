//! The mark, and the signs of the page, drawn for it.

use leptos::prelude::*;

/// Two links of a chain, as in the favicon.
#[component]
pub(crate) fn Mark(
    /// Width and height in pixels.
    size: u16,
) -> impl IntoView {
    view! { <img src="assets/icon.svg" alt="" width=size height=size /> }
}

/// A sign beside a word that says the same; it is hidden from screen readers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Icon {
    Home,
    Send,
    Receive,
    History,
    Network,
    Settings,
    Lock,
    Pending,
    Outgoing,
    Incoming,
    Own,
    Reward,
}

impl Icon {
    const fn path(self) -> &'static str {
        match self {
            Self::Home => "M4 11 12 4l8 7v9h-5v-6H9v6H4z",
            Self::Send => "M7 17 17 7M9 7h8v8",
            Self::Receive => "M17 7 7 17M15 17H7V9",
            Self::History => "M5 6h14M5 12h14M5 18h9",
            Self::Network => {
                "M12 3.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5M5.5 15.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5M18.5 15.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5M10.8 8.2 6.7 15.8M13.2 8.2l4.1 7.6M8 18h8"
            }
            Self::Settings => {
                "M4 7h10m4 0h2M4 17h2m4 0h10M14 7a2 2 0 1 0 4 0 2 2 0 0 0-4 0M6 17a2 2 0 1 0 4 0 2 2 0 0 0-4 0"
            }
            Self::Lock => "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
            Self::Pending => "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16M12 8v4l3 2",
            Self::Outgoing => "M12 19V5M6 11l6-6 6 6",
            Self::Incoming => "M12 5v14M6 13l6 6 6-6",
            Self::Own => "M5 9h12l-3-3M19 15H7l3 3",
            Self::Reward => "M12 4l7 4v8l-7 4-7-4V8zM12 12l7-4M12 12 5 8M12 12v8",
        }
    }
}

/// Draws a sign.
pub(crate) fn icon(icon: Icon) -> impl IntoView {
    view! {
        <svg
            viewBox="0 0 24 24"
            width="1.25rem"
            height="1.25rem"
            fill="none"
            stroke="currentColor"
            stroke-width="1.8"
            stroke-linecap="round"
            stroke-linejoin="round"
            aria-hidden="true"
        >
            <path d=icon.path() />
        </svg>
    }
}
