use shared::address::{Address, AddressError};

use super::{
    Acquaintance, CommentIssue, Strength, WordsProgress, acquaintance, comment, completions, is_fee_unusual,
    is_secret, receiver, replace_word, strength, words,
};

const TWELVE: &str =
    "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about";

#[test]
fn a_receiver_may_have_white_space_around_it() {
    let address = Address([7; 20]);
    let text = address.to_text("iron");
    assert_eq!(receiver(&format!("  {text}\n"), "iron"), Ok(address));
    assert_eq!(receiver("   ", "iron"), Err(AddressError::Empty));
    let expected = AddressError::OtherChain { prefix: "dev".into(), expected: "iron".into() };
    assert_eq!(receiver(&address.to_text("dev"), "iron"), Err(expected));
}

#[test]
fn secrets_are_recognised_wherever_they_are_pasted() {
    assert!(is_secret(TWELVE));
    assert!(is_secret("-----BEGIN PRIVATE KEY-----\nMIIE"));
    assert!(is_secret("MIIEpAIBAAKCAQEA"));
    assert!(!is_secret(&Address([7; 20]).to_text("iron")));
    assert!(!is_secret("for the apples, thank you"));
    assert!(!is_secret(""));
}

#[test]
fn a_comment_is_measured_in_bytes() {
    assert_eq!(comment(""), Ok(()));
    assert_eq!(comment(&"a".repeat(256)), Ok(()));
    assert_eq!(comment(&"a".repeat(257)), Err(CommentIssue::TooLong { got: 257 }));
    assert_eq!(comment(&"医".repeat(86)), Err(CommentIssue::TooLong { got: 258 }));
    assert_eq!(comment("two\nlines"), Err(CommentIssue::Control { position: 4 }));
    assert_eq!(comment("é\u{85}"), Err(CommentIssue::Control { position: 2 }));
}

#[test]
fn words_are_checked_while_they_are_typed() {
    assert_eq!(words(""), WordsProgress::Typing { count: 0 });
    assert_eq!(words("aband"), WordsProgress::Typing { count: 1 });
    assert_eq!(words("Abandon ABO"), WordsProgress::Typing { count: 2 });
    let unknown = |position, word: &str, suggestion| WordsProgress::Unknown {
        position,
        word: word.to_owned(),
        suggestion: Some(suggestion),
    };
    assert_eq!(words("abandon abandn "), unknown(2, "abandn", "abandon"));
    assert_eq!(words("abandon abandn"), unknown(2, "abandn", "abandon"));
    assert_eq!(words("aband abandon"), unknown(1, "aband", "abandon"));
}

#[test]
fn all_words_must_belong_together() {
    assert_eq!(words(TWELVE), WordsProgress::Complete { count: 12 });
    assert_eq!(words(&format!("1. {}", TWELVE.replace(' ', "\n2) "))), WordsProgress::Complete { count: 12 });
    let wrong = TWELVE.replace("about", "abandon");
    assert_eq!(words(&wrong), WordsProgress::Typing { count: 12 });
    assert_eq!(words(&format!("{wrong} ")), WordsProgress::Checksum);
    assert_eq!(words(&format!("{wrong} {wrong}")), WordsProgress::Checksum);
    assert_eq!(words(&format!("{TWELVE} {TWELVE} about")), WordsProgress::TooMany { count: 25 });
}

#[test]
fn completions_help_with_the_last_word_only() {
    assert_eq!(completions("abandon abo", 5), ["about", "above"]);
    assert_eq!(completions("abandon abo ", 5), Vec::<&str>::new());
    assert_eq!(completions("a", 5), Vec::<&str>::new());
    assert_eq!(completions("abandon", 5), Vec::<&str>::new());
    assert_eq!(completions("act", 5), ["act", "action", "actor", "actress", "actual"]);
}

#[test]
fn a_suggestion_takes_the_place_of_the_wrong_word() {
    assert_eq!(replace_word("abandon abandn about", 2, "abandon"), "abandon abandon about ");
    assert_eq!(replace_word("abandon abo", 2, "above"), "abandon above ");
    assert_eq!(replace_word("abandon", 9, "above"), "abandon ");
}

#[test]
fn strength_is_honest_about_runs_and_digits() {
    assert_eq!(strength("short"), Strength::TooShort);
    assert_eq!(strength("aaaaaaaaaaaaaaaaaaaaaaaa"), Strength::Weak);
    assert_eq!(strength("12345678901234567890"), Strength::Weak);
    assert_eq!(strength("19031977"), Strength::Weak);
    assert_eq!(strength("tr0ub4dor&3x"), Strength::Fair);
    assert_eq!(strength("rusty anchor, quiet harbour"), Strength::Good);
}

#[test]
fn a_fee_that_looks_like_a_mistake_is_noticed() {
    for (amount, fee) in [(1, 10), (200, 20), (1_000_000, 1_000)] {
        assert!(!is_fee_unusual(amount, fee), "{fee} for {amount}");
    }
    for (amount, fee) in [(1, 11), (200, 21), (1_000_000, 1_001), (u64::MAX, u64::MAX)] {
        assert!(is_fee_unusual(amount, fee), "{fee} for {amount}");
    }
}

#[test]
fn an_address_that_only_looks_known_is_told_from_a_known_one() {
    const KNOWN: &str = "iron1tjcxncx86admqhv0kqjpkgsa88yy6we2vweqlq";
    const IMITATION: &str = "iron1tjcxqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqweqlq";
    const OTHER: &str = "iron1qqqxncx86admqhv0kqjpkgsa88yy6we2vweqlq";
    let known = || [OTHER, KNOWN].into_iter();
    assert_eq!(acquaintance(KNOWN, known()), Acquaintance::Known);
    assert_eq!(acquaintance(KNOWN, known().chain([IMITATION])), Acquaintance::Known);
    assert_eq!(acquaintance(IMITATION, known()), Acquaintance::LookAlike(KNOWN.to_owned()));
    assert_eq!(acquaintance(OTHER, [KNOWN].into_iter()), Acquaintance::New);
    for odd in ["", "1", "iron1abc", "鐵鏈1鐵鏈"] {
        assert_eq!(acquaintance(odd, known()), Acquaintance::New, "{odd}");
    }
}
