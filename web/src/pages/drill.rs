//! The restore drill: three words from paper. The page does not know them; the worker compares.

use leptos::prelude::*;
use wallet_wasm::protocol::DrillAnswer;

use crate::components::{Attempt, FormEnd, Kind, Note, TextField};
use crate::locale::{Text, text};
use crate::route::Route;
use crate::wallet::wallet;
use crate::{browser, drill};

/// How many words a wallet that was made here has.
const WORDS: u8 = 24;

/// One word that is asked for.
#[derive(Debug, Clone, Copy)]
struct Question {
    position: u8,
    answer: RwSignal<String>,
    /// The answer that was found wrong.
    wrong: RwSignal<Option<String>>,
}

impl Question {
    fn note(self) -> Note {
        let answer = self.answer.get();
        match self.wrong.get() {
            Some(wrong) if wrong == answer && answer.trim().is_empty() => {
                Note::Error(text::drill_empty(self.position))
            }
            Some(wrong) if wrong == answer => Note::Error(text::drill_wrong(self.position)),
            _ => Note::hint(""),
        }
    }
}

/// Asks for three words.
#[component]
pub(crate) fn Drill() -> impl IntoView {
    let wallet = wallet();
    let attempt = Attempt::new();
    let ask = |position| Question { position, answer: RwSignal::default(), wrong: RwSignal::default() };
    let questions = StoredValue::new(
        drill::positions(WORDS, browser::random).into_iter().map(ask).collect::<Vec<Question>>(),
    );
    let on_submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let questions = questions.get_value();
        let empty = |question: &Question| question.answer.with_untracked(|answer| answer.trim().is_empty());
        if questions.iter().any(empty) {
            for question in questions.iter().filter(|question| empty(question)) {
                question.wrong.set(Some(question.answer.get_untracked()));
            }
            return;
        }
        let answer = |question: &Question| DrillAnswer {
            position: question.position,
            word: question.answer.get_untracked().trim().to_lowercase(),
        };
        let answers = questions.iter().map(answer).collect();
        attempt.run(wallet.drill(answers), move |wrong| {
            if wrong.is_empty() {
                browser::set_fragment(Route::Home.fragment());
            }
            for question in questions.iter().filter(|question| wrong.contains(&question.position)) {
                let answer = question.answer.try_get_untracked();
                question.wrong.try_set(answer);
            }
        });
    };
    let fields = questions.get_value().into_iter().map(|question| {
        view! {
            <TextField
                id=format!("drill-input-{}", question.position)
                label=Signal::derive(move || text::drill_word(question.position))
                value=question.answer
                kind=Kind::Exact
                note=Signal::derive(move || question.note())
            />
        }
    });
    view! {
        <div class="stack narrow">
            <h1 tabindex="-1">{text::drill_title}</h1>
            <p class="lead">{text::drill_lead}</p>
            <form class="sheet stack" on:submit=on_submit>
                {fields.collect_view()}
                <FormEnd
                    attempt
                    label=text::drill_submit
                    testid="drill-submit"
                    busy_label=text::drill_submit as Text
                >
                    <a class="button" href=Route::Home.fragment() data-testid="drill-later">
                        {text::drill_later}
                    </a>
                </FormEnd>
            </form>
            <p class="soft small">{text::drill_lost}</p>
        </div>
    }
}
