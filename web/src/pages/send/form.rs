//! The form, which checks while one types.

use leptos::prelude::*;
use shared::address::AddressError;
use shared::transaction::{MAX_COMMENT_BYTES, MAX_INTEGER};

use crate::amount::{self, AmountIssue};
use crate::components::{Attempt, FormEnd, Kind, Note, TextField};
use crate::format::{is_invisible, shorten};
use crate::locale::{Text, text};
use crate::route::Route;
use crate::store::{Payment, Step, Store, store};
use crate::wallet::wallet;
use crate::{browser, checks, wording};

/// From so many bytes on, a comment's length is shown.
const COUNTED_FROM: usize = MAX_COMMENT_BYTES / 2;

/// What the fields of the form say.
#[derive(Debug, Clone, Copy)]
struct Fields {
    store: Store,
    payment: Payment,
    prefix: Memo<String>,
    /// The form was submitted once, so that empty fields are mistakes now.
    is_tried: RwSignal<bool>,
    removed_from_receiver: RwSignal<bool>,
    removed_from_comment: RwSignal<bool>,
}

impl Fields {
    fn new(store: Store) -> Self {
        Self {
            store,
            payment: store.payment,
            prefix: Memo::new(move |_| store.address_prefix()),
            is_tried: RwSignal::new(false),
            removed_from_receiver: RwSignal::new(false),
            removed_from_comment: RwSignal::new(false),
        }
    }

    fn receiver_note(self) -> Note {
        if self.removed_from_receiver.get() {
            return Note::Error(wording::address_error(&AddressError::PrivateKey));
        }
        let prefix = self.prefix.get();
        let typed = self.payment.receiver.get();
        match checks::receiver(&typed, &prefix) {
            Ok(address) => {
                let address = address.to_text(&prefix);
                if self.store.address().is_some_and(|own| own == address) {
                    Note::hint(text::send_to_self())
                } else if typed.trim().eq_ignore_ascii_case(&address) {
                    Note::Good(text::send_to_good().to_owned())
                } else {
                    Note::Good(text::send_to_tutorial(shorten(&address)))
                }
            }
            Err(AddressError::Empty) if !self.is_tried.get() => Note::Hint(text::send_to_hint(prefix)),
            // Who types by hand is not told at each letter that more must come.
            Err(AddressError::WrongLength { got, expected }) if got < expected && !self.is_tried.get() => {
                Note::Hint(text::send_to_hint(prefix))
            }
            Err(error) => Note::Error(wording::address_error(&error)),
        }
    }

    fn amount(self) -> Result<u64, AmountIssue> {
        self.payment.amount.with(|typed| amount::parse(typed))
    }

    fn fee(self) -> Result<u64, AmountIssue> {
        self.payment.fee.with(|typed| amount::parse(typed))
    }

    fn amount_note(self) -> Note {
        match self.amount() {
            Ok(amount) => {
                let need = amount.saturating_add(self.fee().unwrap_or(0));
                match self.store.available() {
                    _ if need > MAX_INTEGER => Note::Error(wording::amount_issue(AmountIssue::TooLarge)),
                    Some(have) if need > have => Note::Error(text::amount_above(need, have)),
                    _ => self.amount_hint(),
                }
            }
            Err(AmountIssue::Empty) if !self.is_tried.get() => self.amount_hint(),
            Err(issue) => Note::Error(wording::amount_issue(issue)),
        }
    }

    fn amount_hint(self) -> Note {
        Note::Hint(
            self.store
                .available()
                .map_or_else(|| text::send_amount_hint_plain().to_owned(), text::send_amount_hint),
        )
    }

    fn fee_note(self) -> Note {
        match self.fee() {
            Ok(_) => Note::hint(text::send_fee_hint()),
            Err(issue) => Note::Error(wording::amount_issue(issue)),
        }
    }

    fn comment_note(self) -> Note {
        if self.removed_from_comment.get() {
            return Note::Error(text::comment_secret().to_owned());
        }
        self.payment.comment.with(|comment| match checks::comment(comment) {
            Ok(()) if comment.contains(is_invisible) => Note::hint(text::send_comment_invisible()),
            Ok(()) if comment.len() >= COUNTED_FROM => {
                Note::Hint(text::send_comment_count(comment.len(), MAX_COMMENT_BYTES))
            }
            Ok(()) => Note::hint(text::send_comment_hint()),
            Err(issue) => Note::Error(wording::comment_issue(issue)),
        })
    }

    /// Returns amount and fee when every field is right.
    fn accept(self) -> Option<(u64, u64)> {
        self.is_tried.set(true);
        let notes = [self.receiver_note(), self.amount_note(), self.fee_note(), self.comment_note()];
        let (amount, fee) = self.amount().ok().zip(self.fee().ok())?;
        (!notes.iter().any(Note::is_error)).then_some((amount, fee))
    }
}

#[component]
pub(super) fn Form() -> impl IntoView {
    let store = store();
    let wallet = wallet();
    let payment = store.payment;
    let fields = Fields::new(store);
    let attempt = Attempt::new();
    let on_submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let Some((amount, fee)) = untrack(|| fields.accept()) else { return };
        let (receiver, comment) = (payment.receiver.get_untracked(), payment.comment.get_untracked());
        attempt.run(wallet.prepare(receiver, amount, fee, comment), move |prepared| {
            payment.step.set(Step::Confirm(prepared));
            browser::set_fragment(Route::Confirm.fragment());
        });
    };
    let is_empty = move || {
        store.account.with(|account| account.as_ref().is_some_and(|a| a.balance == 0 && a.pending.is_empty()))
    };
    view! {
        <h1 tabindex="-1">{text::send_title}</h1>
        <Show when=is_empty>
            <p class="notice" data-testid="send-nothing">{text::send_nothing}</p>
        </Show>
        <form class="sheet stack" on:submit=on_submit>
            <TextField
                id="send-to"
                label=text::send_to
                value=payment.receiver
                kind=Kind::Exact
                removed_secret=fields.removed_from_receiver
                note=Signal::derive(move || fields.receiver_note())
            />
            <div class="pair">
                <TextField
                    id="send-amount"
                    label=text::send_amount
                    value=payment.amount
                    kind=Kind::Digits
                    note=Signal::derive(move || fields.amount_note())
                />
                <TextField
                    id="send-fee"
                    label=text::send_fee
                    value=payment.fee
                    kind=Kind::Digits
                    note=Signal::derive(move || fields.fee_note())
                />
            </div>
            <TextField
                id="send-comment"
                label=text::send_comment
                value=payment.comment
                removed_secret=fields.removed_from_comment
                note=Signal::derive(move || fields.comment_note())
            />
            <FormEnd
                attempt
                label=text::send_review
                testid="send-review"
                busy_label=text::send_review as Text
            />
        </form>
    }
}
