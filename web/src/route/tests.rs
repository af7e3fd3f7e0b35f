use wallet_wasm::protocol::WalletView;

use super::{Fragment, Page, Route};

const ALL: [Route; 13] = [
    Route::Home,
    Route::Receive,
    Route::Send,
    Route::Confirm,
    Route::Sent,
    Route::History,
    Route::Network,
    Route::Forks,
    Route::Settings,
    Route::Create,
    Route::CreatePassphrase,
    Route::Import,
    Route::Drill,
];

#[test]
fn every_route_is_found_again_by_its_fragment() {
    for route in ALL {
        assert_eq!(Fragment::parse(route.fragment()), Fragment { route, node: None, token: None });
    }
    for odd in ["", "#", "#/nowhere", "#/%00", "#/send/x", "#%"] {
        assert_eq!(Fragment::parse(odd).route, Route::Home, "{odd}");
    }
}

#[test]
fn links_bring_a_node_or_a_token() {
    let token = Some("0f".to_owned());
    let node = Some("ws://192.168.1.5:1111".to_owned());
    for (text, route, node, token) in [
        ("#token=0f", Route::Home, None, token.clone()),
        ("#/?token=0f", Route::Home, None, token.clone()),
        ("#node=ws://192.168.1.5:1111", Route::Home, node.clone(), None),
        ("#/settings?node=ws%3A%2f%2F192.168.1.5:1111&token=0f", Route::Settings, node, token),
        ("#/send?to=x&token", Route::Send, None, None),
        ("#/?node=%&token=%zz%4", Route::Home, Some("%".to_owned()), Some("%zz%4".to_owned())),
        ("#/?node=%ff", Route::Home, Some("\u{fffd}".to_owned()), None),
        ("#/?node=鐵%é", Route::Home, Some("鐵%é".to_owned()), None),
        ("#/?node=first&node=second", Route::Home, Some("first".to_owned()), None),
    ] {
        assert_eq!(Fragment::parse(text), Fragment { route, node, token }, "{text}");
    }
}

#[test]
fn nothing_of_a_wallet_is_shown_before_it_is_unlocked() {
    let locked = WalletView::Locked { accounts: Vec::new() };
    for route in ALL {
        assert_eq!(route.page(None, true), Page::Opening);
        let shown = match route {
            Route::Network => Page::Network,
            Route::Forks => Page::Forks,
            _ => Page::Unlock,
        };
        assert_eq!(route.page(Some(&locked), true), shown);
    }
    assert_eq!(Route::Network.page(Some(&WalletView::Absent), false), Page::Network);
    assert_eq!(Route::Send.page(Some(&WalletView::Absent), false), Page::Welcome);
    assert_eq!(Route::Import.page(Some(&WalletView::Absent), false), Page::Import);
    assert_eq!(Route::Settings.page(Some(&WalletView::Absent), false), Page::Node);
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
