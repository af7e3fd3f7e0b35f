use super::{Age, Piece, address_groups, age, digit_groups, is_invisible, mixes_scripts, pieces, shorten};

#[test]
fn digits_are_grouped_by_three_from_the_right() {
    assert_eq!(digit_groups(0), ["0"]);
    assert_eq!(digit_groups(999), ["999"]);
    assert_eq!(digit_groups(1_000), ["1", "000"]);
    assert_eq!(digit_groups(9_007_199_254_740_991), ["9", "007", "199", "254", "740", "991"]);
}

#[test]
fn an_address_is_grouped_by_four_and_nothing_is_lost() {
    assert_eq!(address_groups("iron1qpzry9x"), ["iron", "1qpz", "ry9x"]);
    assert_eq!(address_groups("abcde").concat(), "abcde");
    assert_eq!(address_groups(""), Vec::<String>::new());
}

#[test]
fn long_texts_are_shortened_in_the_middle() {
    assert_eq!(shorten("iron1qpzry9x8gf2tvdw0s3jn54khce6mua7l"), "iron1qpzry…6mua7l");
    assert_eq!(shorten("short"), "short");
    assert_eq!(shorten("ééééééééééééééééééééé"), "éééééééééé…éééééé");
}

#[test]
fn ages_use_the_largest_whole_unit() {
    assert_eq!(age(0), Age::Seconds(0));
    assert_eq!(age(59), Age::Seconds(59));
    assert_eq!(age(60), Age::Minutes(1));
    assert_eq!(age(3_599), Age::Minutes(59));
    assert_eq!(age(3_600), Age::Hours(1));
    assert_eq!(age(172_799), Age::Hours(47));
    assert_eq!(age(172_800), Age::Days(2));
}

#[test]
fn what_cannot_be_seen_is_set_apart() {
    let expected =
        [Piece::Visible("pay ".into()), Piece::Invisible('\u{202e}'), Piece::Visible("ecila".into())];
    assert_eq!(pieces("pay \u{202e}ecila"), expected);
    assert_eq!(pieces("für Ärzte 医 👩\u{200d}🔬"), [Piece::Visible("für Ärzte 医 👩\u{200d}🔬".into())]);
    assert_eq!(pieces(""), []);
    for character in ['\u{200b}', '\u{feff}', '\u{2066}', '\u{2069}', '\u{200f}', '\u{1b}', '\u{3164}'] {
        assert!(is_invisible(character), "{character:?}");
    }
}

#[test]
fn letters_that_may_be_look_alikes_are_told_from_what_people_write() {
    let plain = [
        "",
        "coffee at 7 · 3 × 5 €",
        "für Ärzte, naïve, Łódź",
        "Спасибо за кофе №2!",
        "ευχαριστώ",
        "謝謝 Alice 的咖啡 ☕（50 元）",
        "ㄅㄆㄇ 注音 ABC",
        "コーヒー代 by 田中",
        "커피 값 from 김 先生",
        "شكرا ١٢٣",
        "תודה",
        "👩\u{200d}🔬 e\u{301}",
    ];
    for text in plain {
        assert!(!mixes_scripts(text), "{text}");
    }
    // A Cyrillic а, о and е, a Greek ο, a Cherokee Ꭺ, an Armenian օ.
    let mixed = [
        "p\u{430}ypal",
        "g\u{43e}\u{43e}gl\u{435}",
        "c\u{3bf}ffee",
        "\u{13aa}lice",
        "c\u{585}de",
        "咖啡 к Alice",
    ];
    for text in mixed {
        assert!(mixes_scripts(text), "{text}");
    }
}
