use shared::transaction::MAX_INTEGER;

use super::{AmountIssue, parse};

#[test]
fn whole_coins_are_read_exactly() {
    assert_eq!(parse("1"), Ok(1));
    assert_eq!(parse(" 50\t"), Ok(50));
    assert_eq!(parse("0050"), Ok(50));
    assert_eq!(parse("9007199254740991"), Ok(MAX_INTEGER));
}

#[test]
fn nothing_is_not_an_amount() {
    assert_eq!(parse(""), Err(AmountIssue::Empty));
    assert_eq!(parse("  "), Err(AmountIssue::Empty));
    assert_eq!(parse("0"), Err(AmountIssue::Zero));
    assert_eq!(parse("000"), Err(AmountIssue::Zero));
}

#[test]
fn what_the_chain_cannot_express_is_too_large() {
    assert_eq!(parse("9007199254740992"), Err(AmountIssue::TooLarge));
    assert_eq!(parse("18446744073709551616"), Err(AmountIssue::TooLarge));
    assert_eq!(parse(&"9".repeat(10_000)), Err(AmountIssue::TooLarge));
}

#[test]
fn signs_points_and_spaces_are_told_apart() {
    assert_eq!(parse("-5"), Err(AmountIssue::Negative));
    assert_eq!(parse("−5"), Err(AmountIssue::Negative));
    assert_eq!(parse("1.5"), Err(AmountIssue::Fraction));
    assert_eq!(parse("1,000"), Err(AmountIssue::Fraction));
    assert_eq!(parse("1,000.50"), Err(AmountIssue::Fraction));
    assert_eq!(parse("1 000"), Err(AmountIssue::Space));
    assert_eq!(parse("1\u{a0}000"), Err(AmountIssue::Space));
    assert_eq!(parse("1\u{202f}000"), Err(AmountIssue::Space));
}

#[test]
fn other_characters_are_named() {
    assert_eq!(parse("1e3"), Err(AmountIssue::NotADigit { character: 'e' }));
    assert_eq!(parse("+5"), Err(AmountIssue::NotADigit { character: '+' }));
    assert_eq!(parse("0x10"), Err(AmountIssue::NotADigit { character: 'x' }));
    assert_eq!(parse("５０"), Err(AmountIssue::ForeignDigit { character: '５' }));
    assert_eq!(parse("٥٠"), Err(AmountIssue::ForeignDigit { character: '٥' }));
    assert_eq!(parse("½"), Err(AmountIssue::ForeignDigit { character: '½' }));
}

#[test]
fn invisible_characters_are_found_where_they_are() {
    assert_eq!(parse("5\u{200b}0"), Err(AmountIssue::Invisible { position: 2 }));
    assert_eq!(parse("\u{feff}50"), Err(AmountIssue::Invisible { position: 1 }));
    assert_eq!(parse("50\u{202e}"), Err(AmountIssue::Invisible { position: 3 }));
    assert_eq!(parse("\u{200b}"), Err(AmountIssue::Invisible { position: 1 }));
}
