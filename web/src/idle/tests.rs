use super::{CHOICES, DEFAULT_MINUTES, Due, due, parse_minutes};

#[test]
fn a_wallet_that_nobody_uses_warns_and_then_locks() {
    let cases = [(0, Due::Nothing), (269, Due::Nothing), (270, Due::Warning), (299, Due::Warning)];
    for (idle, expected) in cases.into_iter().chain([(300, Due::Lock), (u64::MAX, Due::Lock)]) {
        assert_eq!(due(idle, 5), expected, "after {idle} s");
    }
}

#[test]
fn a_wallet_that_never_locks_never_warns() {
    assert_eq!(due(u64::MAX, 0), Due::Nothing);
}

#[test]
fn only_a_choice_is_read() {
    assert!(CHOICES.contains(&DEFAULT_MINUTES));
    for minutes in CHOICES {
        assert_eq!(parse_minutes(&minutes.to_string()), Some(minutes));
    }
    for odd in ["", "-1", "2", "5.0", "4294967296"] {
        assert_eq!(parse_minutes(odd), None, "{odd}");
    }
}
