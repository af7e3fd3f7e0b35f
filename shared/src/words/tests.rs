#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

const TWELVE: &str = "legal winner thank year wave sausage worth useful legal winner thank yellow";

fn joined(words: &Words) -> String {
    words.words().collect::<Vec<_>>().join(" ")
}

fn unknown(position: usize, word: &str, suggestion: Option<&'static str>) -> WordsError {
    WordsError::UnknownWord { position, word: word.to_owned(), suggestion }
}

#[test]
fn entropy_gives_the_words_of_bip_39() {
    assert_eq!(joined(&Words::from_entropy(&[0x7f; 16]).unwrap()), TWELVE);
    let twenty_four = "zoo ".repeat(23) + "vote";
    assert_eq!(joined(&Words::from_entropy(&[0xff; 32]).unwrap()), twenty_four);
    for got in [0, 15, 17, 20, 24, 28, 31, 33, 64] {
        let error = Words::from_entropy(&vec![1; got]).unwrap_err();
        assert_eq!(error, WordsError::EntropyLength { got });
    }
}

#[test]
fn the_seed_is_that_of_bip_39() {
    let seed = Words::parse(TWELVE).unwrap().seed("TREZOR");
    assert_eq!(
        hex::encode(seed.as_bytes()),
        "2e8905819b8723fe2c1d161860e5ee1830318dbf49a83bd451cfb8440c28bd6f\
         a457fe1296106559a3c80937a1c1069be3a3a5bd381ee6260e8d9739fce1f607"
    );
}

#[test]
fn words_are_read_as_people_write_them() {
    let numbered = "1. legal
2. winner
3. thank
4. year
5. wave
6. sausage
7. worth
8. useful
\
                    9. legal
10. winner
11. thank
12. yellow
";
    for text in [
        &TWELVE.to_uppercase(),
        &format!("\n  {}\t", TWELVE.replace(' ', " \n ")),
        &TWELVE.replace(' ', ", "),
        &TWELVE.replace(' ', "\u{a0}"),
        numbered,
        &numbered.replace(". ", "."),
        &numbered.replace('.', ")"),
    ] {
        assert_eq!(joined(&Words::parse(text).unwrap()), TWELVE, "{text}");
    }
}

#[test]
fn another_number_of_words_is_refused() {
    let words = TWELVE.split(' ').cycle();
    for got in (0..30).filter(|count| ![12, 24].contains(count)) {
        let text = words.clone().take(got).collect::<Vec<_>>().join(" ");
        assert_eq!(Words::parse(&text).unwrap_err(), WordsError::WordCount { got });
    }
}

#[test]
fn a_misspelled_word_is_named_with_the_closest_one() {
    for (typed, suggestion) in [
        ("yeer", Some("year")),
        ("yaer", Some("year")),
        ("yearr", Some("year")),
        ("sausge", Some("sausage")),
        ("saus", Some("sausage")),
        ("YELOW", Some("yellow")),
        ("xqxqxqxq", None),
        ("schadenfreudefreude", None),
        ("鐵鏈", None),
    ] {
        let text = TWELVE.replacen("year", typed, 1);
        let error = Words::parse(&text).unwrap_err();
        assert_eq!(error, unknown(4, &typed.to_ascii_lowercase(), suggestion));
    }
    assert_eq!(
        unknown(4, "yeer", Some("year")).to_string(),
        "word 4, \"yeer\", is not in the list of words: did you mean \"year\"?"
    );
}

#[test]
fn words_that_do_not_belong_together_are_refused() {
    for text in [TWELVE.replace("yellow", "year"), TWELVE.replacen("legal winner", "winner legal", 1)] {
        assert_eq!(Words::parse(&text).unwrap_err(), WordsError::Checksum);
    }
    assert_eq!(Words::parse(&"abandon ".repeat(24)).unwrap_err(), WordsError::Checksum);
}

#[test]
fn typing_is_helped() {
    assert!(is_word("abandon") && is_word("zoo"));
    assert!(!is_word("Abandon") && !is_word("") && !is_word("abandonn"));
    assert_eq!(completions("aban").collect::<Vec<_>>(), ["abandon"]);
    assert_eq!(completions("zo").collect::<Vec<_>>(), ["zone", "zoo"]);
    assert_eq!(completions("").count(), 2048);
    assert_eq!(completions("qx").count(), 0);
}

#[test]
fn the_distance_counts_edits() {
    let distance = |a: &str, b: &str, limit| {
        edits(&a.chars().collect::<Vec<_>>(), &b.chars().collect::<Vec<_>>(), limit)
    };
    assert_eq!(distance("", "", 0), Some(0));
    assert_eq!(distance("abc", "", 3), Some(3));
    assert_eq!(distance("abc", "acb", 2), Some(1));
    assert_eq!(distance("kitten", "sitting", 3), Some(3));
    assert_eq!(distance("kitten", "sitting", 2), None);
}

#[test]
fn debug_hides_secrets() {
    let words = Words::parse(TWELVE).unwrap();
    assert_eq!(format!("{words:?} {:?}", words.seed("")), "Words(hidden) Seed(hidden)");
}
