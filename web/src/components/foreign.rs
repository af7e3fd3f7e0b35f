//! Text from outside.

use leptos::prelude::*;

use crate::format::{Piece, mixes_scripts, pieces};
use crate::locale::text;
use crate::wording::code_point;

/// Shows a text that a stranger wrote: as text nodes, isolated from what surrounds it, and with everything in it that
/// cannot be seen made visible. A text whose letters may not be what they look like says so first.
pub(crate) fn foreign(text: &str) -> impl IntoView + use<> {
    let pieces = pieces(text).into_iter().map(|piece| match piece {
        Piece::Visible(run) => run.into_any(),
        Piece::Invisible(character) => {
            view! { <span class="invisible">{code_point(character)}</span> }.into_any()
        }
    });
    let warning = mixes_scripts(text).then(|| {
        view! { <span class="mixed-scripts" data-testid="mixed-scripts">{text::comment_mixed}</span> }
    });
    view! {
        {warning}
        <bdi class="foreign" dir="auto">
            {pieces.collect_view()}
        </bdi>
    }
}
