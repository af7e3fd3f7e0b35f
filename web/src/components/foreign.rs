//! Text from outside.

use leptos::prelude::*;

use crate::format::{Piece, pieces};
use crate::wording::code_point;

/// Shows a text that a stranger wrote: as text nodes, isolated from what surrounds it, and with everything in it that
/// cannot be seen made visible.
pub(crate) fn foreign(text: &str) -> impl IntoView + use<> {
    let pieces = pieces(text).into_iter().map(|piece| match piece {
        Piece::Visible(run) => run.into_any(),
        Piece::Invisible(character) => {
            view! { <span class="invisible">{code_point(character)}</span> }.into_any()
        }
    });
    view! {
        <bdi class="foreign" dir="auto">
            {pieces.collect_view()}
        </bdi>
    }
}
