//! Who is banned, why and until when; banning and forgiving.

use leptos::prelude::*;
use shared::api::views::BanView;
use wallet_wasm::protocol::PeerOrder;

use crate::browser;
use crate::components::{Attempt, ErrorNotice, FormEnd, Kind, Note, TextField, foreign};
use crate::locale::{Text, text};
use crate::network::{BanIssue, ban_address};
use crate::store::store;
use crate::wallet::wallet;
use crate::wording;

const REASON: &str = "ban-reason";

/// For how long one may ban, in seconds.
const DURATIONS: [(u64, Text); 4] = [
    (3_600, text::network_hour),
    (86_400, text::network_day),
    (604_800, text::network_week),
    (31_536_000, text::network_year),
];
const USUAL: u64 = 86_400;

/// Leads to the form, which somebody else has filled in: what is about to happen is read before it is confirmed.
pub(super) fn begin() {
    browser::focus(REASON);
}

/// The list and the form.
#[component]
pub(super) fn Bans(to_ban: RwSignal<String>) -> impl IntoView {
    let wallet = wallet();
    let bans = store().bans;
    let all = move || bans.with(|view| view.as_ref().map(|view| view.entries.clone()).unwrap_or_default());
    let is_empty =
        Memo::new(move |_| bans.with(|view| view.as_ref().is_some_and(|view| view.entries.is_empty())));
    // The list is the first page; who has more looks at them elsewhere.
    let more = Memo::new(move |_| {
        let told =
            |view: &shared::api::views::BansView| u64::try_from(view.entries.len()).unwrap_or(u64::MAX);
        bans.with(|view| view.as_ref().map_or(0, |view| view.count.saturating_sub(told(view))))
    });
    let forgiving = Attempt::new();
    let unban = Callback::new(move |address: String| {
        forgiving.run(wallet.order(PeerOrder::Unban { address }), |()| {});
    });
    view! {
        <section class="sheet stack" aria-labelledby="bans-title">
            <h2 id="bans-title">{text::network_bans}</h2>
            <ul data-testid="bans">
                <For
                    each=all
                    key=|ban| (ban.address.clone(), ban.until)
                    children=move |ban| view! { <Line ban unban /> }
                />
            </ul>
            <Show when=move || { more.get() > 0 }>
                <p class="soft small">{move || text::network_bans_more(more.get())}</p>
            </Show>
            <Show when=move || is_empty.get()>
                <p class="soft" data-testid="bans-empty">{text::network_bans_none}</p>
            </Show>
            <ErrorNotice failure=forgiving.failure />
            <Form to_ban />
        </section>
    }
}

#[component]
fn Line(ban: BanView, unban: Callback<String>) -> impl IntoView {
    let BanView { address, until, reason, .. } = ban;
    let until = u32::try_from(until).unwrap_or(u32::MAX);
    let address = StoredValue::new(address);
    view! {
        <li class="line" data-testid="ban">
            <div>
                <p class="peer-address">{address.get_value()}</p>
                <p class="small" data-testid="ban-reason-shown">{foreign(&reason)}</p>
                <p class="small soft">
                    {move || text::network_until(browser::date_time(until, text::language_tag()))}
                </p>
            </div>
            <button
                type="button"
                class="quiet"
                data-testid="unban"
                aria-label=move || text::network_unban_label(address.get_value())
                on:click=move |_| unban.run(address.get_value())
            >
                {text::network_unban}
            </button>
        </li>
    }
}

#[component]
fn Form(to_ban: RwSignal<String>) -> impl IntoView {
    let wallet = wallet();
    let attempt = Attempt::new();
    let reason = RwSignal::new(String::new());
    let seconds = RwSignal::new(USUAL);
    // Only a text that was tried is blamed, and no longer than it stands there.
    let tried = RwSignal::new(None::<(String, BanIssue)>);
    let note = move || match tried.get().filter(|(text, _)| to_ban.with(|typed| typed == text)) {
        None => Note::hint(text::network_ban_hint()),
        Some((_, issue)) => Note::Error(wording::ban_issue(issue).to_owned()),
    };
    let on_submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let typed = to_ban.get_untracked();
        match ban_address(&typed) {
            Err(issue) => tried.set(Some((typed, issue))),
            Ok(ip) => {
                let why = Some(reason.get_untracked().trim().to_owned()).filter(|why| !why.is_empty());
                let order =
                    PeerOrder::Ban { address: ip.to_string(), seconds: seconds.get_untracked(), reason: why };
                attempt.run(wallet.order(order), move |()| {
                    to_ban.try_set(String::new());
                    reason.try_set(String::new());
                });
            }
        }
    };
    let option = move |(choice, label): (u64, Text)| {
        view! {
            <option value=choice.to_string() prop:selected=move || seconds.get() == choice>
                {label}
            </option>
        }
    };
    let choose = move |event| {
        if let Ok(chosen) = event_target_value(&event).parse() {
            seconds.set(chosen);
        }
    };
    view! {
        <form class="stack" on:submit=on_submit>
            <TextField
                id="ban-address"
                label=Signal::derive(|| text::network_ban_address().to_owned())
                value=to_ban
                kind=Kind::Exact
                note=Signal::derive(note)
            />
            <div class="pair">
                <TextField
                    id=REASON
                    label=Signal::derive(|| text::network_ban_reason().to_owned())
                    value=reason
                    note=Signal::derive(|| Note::hint(text::network_ban_reason_hint()))
                />
                <div class="field">
                    <label for="ban-duration">{text::network_ban_duration}</label>
                    <select id="ban-duration" data-testid="ban-duration" on:change=choose>
                        {DURATIONS.map(option).collect_view()}
                    </select>
                </div>
            </div>
            <FormEnd attempt label=text::network_ban_submit testid="ban-submit" busy_label=text::network_banning />
        </form>
    }
}
