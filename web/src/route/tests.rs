use wallet_wasm::protocol::WalletView;

use super::{Page, Route};

const ALL: [Route; 11] = [
    Route::Home,
    Route::Receive,
    Route::Send,
    Route::Confirm,
    Route::Sent,
    Route::History,
    Route::Settings,
    Route::Create,
    Route::CreatePassphrase,
    Route::Import,
    Route::Drill,
];

#[test]
fn every_route_is_found_again_by_its_fragment() {
    for route in ALL {
        assert_eq!(Route::parse(route.fragment()), route);
    }
    for odd in ["", "#", "#/nowhere", "#/send?to=x", "#token=abc", "#/%00"] {
        assert_eq!(Route::parse(odd), Route::Home, "{odd}");
    }
}

#[test]
fn nothing_of_a_wallet_is_shown_before_it_is_unlocked() {
    let locked = WalletView::Locked { accounts: Vec::new() };
    for route in ALL {
        assert_eq!(route.page(None, true), Page::Opening);
        assert_eq!(route.page(Some(&locked), true), Page::Unlock);
    }
    assert_eq!(Route::Send.page(Some(&WalletView::Absent), false), Page::Welcome);
    assert_eq!(Route::Import.page(Some(&WalletView::Absent), false), Page::Import);
}

#[test]
fn creating_leads_to_the_drill_and_the_drill_home() {
    let open = WalletView::Unlocked { accounts: Vec::new() };
    assert_eq!(Route::Create.page(Some(&WalletView::Absent), true), Page::Create);
    assert_eq!(Route::CreatePassphrase.page(Some(&WalletView::Absent), true), Page::Create);
    assert_eq!(Route::CreatePassphrase.page(Some(&open), true), Page::Drill);
    assert_eq!(Route::Drill.page(Some(&open), true), Page::Drill);
    assert_eq!(Route::Drill.page(Some(&open), false), Page::Home);
    assert_eq!(Route::Create.page(Some(&open), false), Page::Home);
    assert_eq!(Route::Import.page(Some(&open), false), Page::Home);
}
