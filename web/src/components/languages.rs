//! The languages of the page.

use leptos::prelude::*;

use crate::locale::{self, Locale, text};

/// A button for each language, named in itself, so that who cannot read the page finds the way.
#[component]
pub(crate) fn Languages() -> impl IntoView {
    let button = |locale: Locale| {
        let tag = locale.language_tag();
        view! {
            <button
                type="button"
                class="quiet"
                lang=tag
                translate="no"
                data-testid=format!("language-{tag}")
                aria-pressed=move || (locale::current() == locale).to_string()
                on:click=move |_| locale::change(locale)
            >
                {locale.own_name()}
            </button>
        }
    };
    view! {
        <div class="languages" role="group" aria-label=text::language_label>
            {Locale::ALL.map(button).collect_view()}
        </div>
    }
}
