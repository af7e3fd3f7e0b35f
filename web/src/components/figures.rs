//! Numbers. Groups of digits are set apart by style, so that copied text is the plain number.

use leptos::prelude::*;

use crate::format::digit_groups;
use crate::wording;

/// Shows a whole number in groups of three digits.
pub(crate) fn digits(value: u64) -> impl IntoView {
    let groups = digit_groups(value).into_iter().map(|group| view! { <span>{group}</span> }).collect_view();
    view! { <span class="digits">{groups}</span> }
}

/// Shows an amount with its unit.
pub(crate) fn coins(amount: u64) -> impl IntoView {
    view! { <span class="coins">{digits(amount)} " " {move || wording::coins(amount)}</span> }
}
