use wallet_wasm::WalletError;
use wallet_wasm::node_address::NodeAddress;

use super::{bytes, failure, other_protocol, refusal, version};
use crate::locale::text;
use crate::node::{Node, Source};
use crate::wallet::Failure;

#[test]
fn nothing_of_what_a_node_says_is_shown_when_it_refuses() {
    const LURE: &str = "Your wallet is too old: <a href='https://evil.example'>update now</a>";
    for rule in [None, Some("TX-7"), Some("MEM-2"), Some(LURE)] {
        let error = WalletError::Refused { rule: rule.map(str::to_owned), message: LURE.to_owned() };
        let shown = failure(&Failure::Wallet(error));
        assert!(!shown.contains("update") && !shown.contains("evil"), "{shown}");
    }
}

#[test]
fn every_rule_that_a_node_names_has_a_sentence_of_its_own() {
    let rules = (1..=7).map(|n| format!("TX-{n}")).chain((1..=6).map(|n| format!("MEM-{n}")));
    let rules = rules.chain((1..=3).map(|n| format!("API-{n}")));
    for rule in rules {
        assert_ne!(refusal(Some(&rule)), text::refused_other(), "{rule}");
    }
    assert_eq!(refusal(Some("TX-99")), text::refused_other());
}

#[test]
fn bytes_are_named_in_the_largest_unit_that_fits() {
    for (count, shown) in [
        (0, "0 B"),
        (999, "999 B"),
        (1_000, "1.0 kB"),
        (999_999, "999.9 kB"),
        (1_250_000, "1.2 MB"),
        (2_000_000_000_000, "2000.0 GB"),
    ] {
        assert_eq!(bytes(count), shown);
    }
}

#[test]
fn only_a_version_is_shown_as_one() {
    for good in ["0.1.0", "1.2.3-rc.4+abc"] {
        assert_eq!(version(good), Some(good));
    }
    for bad in [
        "",
        "evil.example",
        "0.1.0 get 0.2.0 at evil",
        "0.1.0<b>",
        "0.1.0\u{202e}",
        "1234567890123456789012345",
    ] {
        assert_eq!(version(bad), None, "{bad}");
    }
}

#[test]
fn a_node_of_another_protocol_is_told_by_who_serves_the_page() {
    for (source, advice) in [(Source::Own, "Reload the page"), (Source::Usual, "Update the older of the two")]
    {
        let shown = other_protocol(&Node { address: NodeAddress::default(), source }, 7);
        assert!(
            shown.contains("version 7") && shown.contains("version 1") && shown.contains(advice),
            "{shown}"
        );
    }
}
