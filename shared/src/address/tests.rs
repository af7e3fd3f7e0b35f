#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

/// The first vector of `keys.json`.
const TEXT: &str = "iron1tjcxncx86admqhv0kqjpkgsa88yy6we2vweqlq";
const DEV_TEXT: &str = "dev1tjcxncx86admqhv0kqjpkgsa88yy6we2wetq2a";

fn address() -> Address {
    Address::parse(TEXT, "iron").unwrap()
}

fn keys() -> serde_json::Value {
    serde_json::from_str(include_str!("../../vectors/keys.json")).unwrap()
}

fn with(text: &str, index: usize, character: char) -> String {
    text.chars().enumerate().map(|(at, old)| if at == index { character } else { old }).collect()
}

#[test]
fn an_address_survives_the_round_trip() {
    assert_eq!(format!("{:?}", address()), "Address(5cb069e0c7d75bb05d8fb0241b221d39c84d3b2a)");
    assert_eq!(address().to_text("iron"), TEXT);
    assert_eq!(Address::parse(&TEXT.to_uppercase(), "iron"), Ok(address()));
    assert_eq!(Address::parse(DEV_TEXT, "dev"), Ok(address()));
    assert_eq!(Address::parse_any(TEXT, "iron"), Ok(address()));
}

#[test]
fn a_tutorial_address_means_the_address_of_its_key() {
    for vectors in ["vectors", "imported"] {
        for vector in keys()[vectors].as_array().unwrap() {
            let address = Address::parse(vector["address_main"].as_str().unwrap(), "iron").unwrap();
            let text = vector["tutorial_address"].as_str().unwrap();
            assert_eq!(Address::parse_any(text, "iron"), Ok(address));
            assert_eq!(Address::parse(text, "iron"), Err(AddressError::MixedCase));
            let damaged = Address::parse_any(&text[..text.len() - 8], "iron");
            assert!(matches!(damaged, Err(AddressError::Tutorial(_))), "{damaged:?}");
        }
    }
}

/// Found by fuzzing: base64 whose letters spell "iron" often enough to look like a list of words.
#[test]
fn a_tutorial_address_is_public_whatever_it_spells() {
    let text = include_str!("../../../fuzz/seeds/address/tutorial-spells-words");
    let key = PublicKey::from_tutorial_address(text).unwrap();
    assert_eq!(Address::parse_any(text, "iron"), Ok(key.address()));
}

#[test]
fn a_private_key_or_its_words_are_refused_and_not_repeated() {
    let keys = keys();
    let pem = keys["vectors"][0]["pkcs1_pem"].as_str().unwrap();
    let pkcs8 = keys["imported"][1]["pkcs8_pem"].as_str().unwrap();
    let bare = |pem: &str| pem.lines().filter(|line| !line.starts_with("-----")).collect::<String>();
    let words = keys["vectors"][0]["mnemonic"].as_str().unwrap();
    for secret in [
        pem,
        pkcs8,
        &bare(pem),
        &bare(pkcs8),
        &bare(pem)[..40],
        &format!("  {}", bare(pem)),
        &bare(pem).replace("MIIE", "MIIE "),
        words,
        &words.to_uppercase(),
        "1. legal 2. winner 3. thank 4. year 5. wave 6. sausage",
    ] {
        for parsed in [Address::parse(secret, "iron"), Address::parse_any(secret, "iron")] {
            assert_eq!(parsed, Err(AddressError::PrivateKey), "{secret}");
        }
    }
    let shown = format!("{0} {0:?}", AddressError::PrivateKey);
    assert!(!shown.contains("MII"), "{shown}");
}

#[test]
fn every_single_typo_is_found_and_located() {
    for index in 0..TEXT.len() {
        for character in "qpzry9x8gf2tvdw0s3jn54khce6mua7lbio1-Q".chars() {
            let text = with(TEXT, index, character);
            if text == TEXT {
                continue;
            }
            let position = index + 1;
            let error = Address::parse(&text, "iron").unwrap_err();
            let expected = match (index, character) {
                (_, 'Q') => AddressError::MixedCase,
                (4, _) => AddressError::NotAnAddress { expected: "iron".to_owned() },
                (5.., 'b' | 'i' | 'o' | '1' | '-') => AddressError::InvalidCharacter { character, position },
                _ => AddressError::Checksum { suspect: Some(position) },
            };
            assert_eq!(error, expected, "{text}");
        }
    }
}

#[test]
fn two_swapped_characters_are_found() {
    for index in 5..TEXT.len() - 1 {
        let (a, b) = (TEXT.chars().nth(index).unwrap(), TEXT.chars().nth(index + 1).unwrap());
        if a != b {
            let text = with(&with(TEXT, index, b), index + 1, a);
            assert_eq!(
                Address::parse(&text, "iron"),
                Err(AddressError::Checksum { suspect: None }),
                "{text}"
            );
        }
    }
}

#[test]
fn another_length_is_refused() {
    let wrong = |got| Err(AddressError::WrongLength { got, expected: 43 });
    for length in 5..TEXT.len() {
        assert_eq!(Address::parse(&TEXT[..length], "iron"), wrong(length));
    }
    assert_eq!(Address::parse(&format!("{TEXT}q"), "iron"), wrong(44));
    assert_eq!(Address::parse(&format!("iron1{}", "q".repeat(100_000)), "iron"), wrong(100_005));
    // Right checksums over 19 and 21 bytes.
    for bytes in [19, 21] {
        let text = bech32::encode::<Bech32m>(Hrp::parse("iron").unwrap(), &vec![7; bytes]).unwrap();
        assert_eq!(Address::parse(&text, "iron"), wrong(text.len()));
    }
}

#[test]
fn another_chain_is_refused_by_name() {
    let other = |prefix: &str, expected: &str| {
        Err(AddressError::OtherChain { prefix: prefix.to_owned(), expected: expected.to_owned() })
    };
    assert_eq!(Address::parse(DEV_TEXT, "iron"), other("dev", "iron"));
    assert_eq!(Address::parse(&DEV_TEXT.to_uppercase(), "iron"), other("dev", "iron"));
    assert_eq!(Address::parse(TEXT, "dev"), other("iron", "dev"));
    // One letter apart, but valid as it is: it is no typing error.
    assert_eq!(Address::parse(&address().to_text("irom"), "iron"), other("irom", "iron"));
}

#[test]
fn other_texts_are_refused() {
    let not_an_address = || Err(AddressError::NotAnAddress { expected: "iron".to_owned() });
    let invalid = |character, position| Err(AddressError::InvalidCharacter { character, position });
    let bech32_not_m = bech32::encode::<bech32::Bech32>(Hrp::parse("iron").unwrap(), &address().0).unwrap();
    for (text, result) in [
        ("", Err(AddressError::Empty)),
        ("0", not_an_address()),
        ("1", not_an_address()),
        ("bob", not_an_address()),
        ("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", not_an_address()),
        ("0x52908400098527886e0f7030069857d2e4169ee7", not_an_address()),
        (" ", invalid(' ', 1)),
        (&format!("{TEXT}\n"), invalid('\n', 44)),
        (&format!("\u{200b}{TEXT}"), invalid('\u{200b}', 1)),
        (&TEXT.replace('c', "\u{441}"), invalid('\u{441}', 8)),
        (&bech32_not_m, Err(AddressError::Checksum { suspect: None })),
        ("MIIB", Err(AddressError::Tutorial(KeyError::NotTutorialAddress))),
    ] {
        assert_eq!(Address::parse_any(text, "iron"), result, "{text}");
    }
}

#[test]
fn messages_say_what_to_do() {
    for (error, message) in [
        (
            AddressError::Checksum { suspect: Some(9) },
            "this address contains a typing error, most likely at position 9: check that character",
        ),
        (
            AddressError::Checksum { suspect: None },
            "this address contains a typing error: compare it with the original or copy it again",
        ),
        (
            AddressError::InvalidCharacter { character: '\u{200b}', position: 1 },
            "'\\u{200b}' at position 1 is in no address: check that character or copy it again",
        ),
        (
            AddressError::OtherChain { prefix: "dev".to_owned(), expected: "iron".to_owned() },
            "this address belongs to another chain: it begins with dev1, addresses here with iron1",
        ),
    ] {
        assert_eq!(error.to_string(), message);
    }
}

#[test]
fn a_secret_is_found_in_a_command_line_however_it_was_typed() {
    let typed = |line: &[&str]| {
        let arguments: Vec<String> = line.iter().map(|text| (*text).to_owned()).collect();
        is_secret_typed(&arguments, &["--data-dir"])
    };
    let words = "abandon ability able about above absent";
    let split: Vec<&str> = words.split(' ').collect();
    assert!(typed(&["--miner", words]));
    assert!(typed(&[&format!("--miner={words}")]));
    assert!(typed(&[&["--miner"][..], &split].concat()));
    assert!(typed(&["1111", "-----BEGIN RSA PRIVATE KEY-----"]));
    assert!(typed(&["--miner=MIIEpAIBAAKCAQEA"]));
    assert!(!typed(&["--data-dir", words]));
    assert!(!typed(&[&format!("--data-dir={words}")]));
    assert!(!typed(&["export", &words.replace(' ', "/")]));
    assert!(typed(&["export", &format!("folder/{words}")]));
    assert!(!typed(&["1111", "--miner", TEXT, "--chain", "dev"]));
    assert!(!typed(&[]));
}
