//! Input fields with a label above and one line below that says what is right or wrong.

use leptos::attr::custom::custom_attribute;
use leptos::prelude::*;

use crate::checks;
use crate::locale::Text;

/// The line below a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Note {
    /// What belongs into it.
    Hint(String),
    /// What is good about it.
    Good(String),
    /// What is wrong.
    Error(String),
}

impl Note {
    pub(crate) fn hint(text: &str) -> Self {
        Self::Hint(text.to_owned())
    }

    pub(crate) fn is_error(&self) -> bool {
        matches!(self, Self::Error(_))
    }

    fn class(&self) -> &'static str {
        match self {
            Self::Hint(_) => "field-note",
            Self::Good(_) => "field-note field-good",
            Self::Error(_) => "field-note field-error",
        }
    }

    fn into_text(self) -> String {
        match self {
            Self::Hint(text) | Self::Good(text) | Self::Error(text) => text,
        }
    }
}

/// What is typed into a field.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Words of a person.
    #[default]
    Prose,
    /// An address, a word of the list: nothing for a spelling checker, which may send it elsewhere.
    Exact,
    /// Digits.
    Digits,
    /// A passphrase that exists.
    Passphrase,
    /// A passphrase that is being chosen.
    NewPassphrase,
}

impl Kind {
    const fn input_type(self) -> &'static str {
        match self {
            Self::Prose | Self::Exact | Self::Digits => "text",
            Self::Passphrase | Self::NewPassphrase => "password",
        }
    }

    const fn autocomplete(self) -> &'static str {
        match self {
            Self::Prose | Self::Exact | Self::Digits => "off",
            Self::Passphrase => "current-password",
            Self::NewPassphrase => "new-password",
        }
    }

    const fn inputmode(self) -> &'static str {
        match self {
            Self::Digits => "numeric",
            _ => "text",
        }
    }

    const fn spellcheck(self) -> &'static str {
        match self {
            Self::Prose => "true",
            _ => "false",
        }
    }
}

/// Takes what was typed. A secret in a field that guards against them is removed at once, from the document too.
fn take(
    typed: String,
    value: RwSignal<String>,
    removed_secret: Option<RwSignal<bool>>,
    clear: impl FnOnce(),
) {
    let is_secret = removed_secret.is_some() && checks::is_secret(&typed);
    if let Some(removed_secret) = removed_secret {
        removed_secret.set(is_secret);
    }
    if is_secret {
        // By hand: the signal may not change, and then the document would not either.
        clear();
        value.set(String::new());
    } else {
        value.set(typed);
    }
}

/// One line of text.
#[component]
pub(crate) fn TextField(
    /// The element's `id` and `data-testid`.
    #[prop(into)]
    id: String,
    #[prop(into)] label: Signal<String>,
    value: RwSignal<String>,
    #[prop(into)] note: Signal<Note>,
    #[prop(optional)] kind: Kind,
    /// Whether the page begins here, instead of at its heading.
    #[prop(optional)]
    is_first: bool,
    /// Makes the field refuse private keys and words; set to whether the last text was one.
    #[prop(optional)]
    removed_secret: Option<RwSignal<bool>>,
) -> impl IntoView {
    let on_input = move |event| {
        let input = event_target::<web_sys::HtmlInputElement>(&event);
        take(input.value(), value, removed_secret, || input.set_value(""));
    };
    let note_id = format!("{id}-note");
    view! {
        <div class="field">
            <label for=id.clone()>{label}</label>
            <input
                id=id.clone()
                data-testid=id
                type=kind.input_type()
                inputmode=kind.inputmode()
                autocomplete=kind.autocomplete()
                spellcheck=kind.spellcheck()
                data-first=is_first.then_some("")
                autocapitalize="off"
                {..custom_attribute("autocorrect", "off")}
                aria-describedby=note_id.clone()
                aria-invalid=move || note.with(Note::is_error).to_string()
                prop:value=value
                on:input=on_input
            />
            <FieldNote id=note_id note />
        </div>
    }
}

/// Several lines of exact text.
#[component]
pub(crate) fn TextArea(
    /// The element's `id` and `data-testid`.
    id: &'static str,
    label: Text,
    value: RwSignal<String>,
    #[prop(into)] note: Signal<Note>,
    /// The visible number of lines.
    rows: u8,
) -> impl IntoView {
    let note_id = format!("{id}-note");
    view! {
        <div class="field">
            <label for=id>{label}</label>
            <textarea
                id=id
                data-testid=id
                rows=rows
                class="mono"
                autocomplete="off"
                spellcheck="false"
                autocapitalize="off"
                {..custom_attribute("autocorrect", "off")}
                aria-describedby=note_id.clone()
                aria-invalid=move || note.with(Note::is_error).to_string()
                prop:value=value
                on:input=move |event| value.set(event_target_value(&event))
            ></textarea>
            <FieldNote id=note_id note />
        </div>
    }
}

/// The line below a field, which keeps its height.
#[component]
fn FieldNote(id: String, note: Signal<Note>) -> impl IntoView {
    let testid = id.clone();
    view! {
        <p id=id class=move || note.with(Note::class) data-testid=testid aria-live="polite">
            {move || note.get().into_text()}
        </p>
    }
}
