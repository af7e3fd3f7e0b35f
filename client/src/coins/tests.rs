use super::*;

#[test]
fn coins_are_whole_and_plain_numbers() {
    assert_eq!(parse_coins("0"), Ok(0));
    assert_eq!(parse_coins("007"), Ok(7));
    assert_eq!(parse_coins("9007199254740991"), Ok(MAX_INTEGER));
    for text in ["", "-1", "+1", "1.0", "1,000", "1e3", "0x10", "١", "５０", "1 0", "9007199254740992"] {
        assert_eq!(parse_coins(text), Err(NotCoins), "{text}");
    }
}
