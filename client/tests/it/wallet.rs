//! Commands that need no node.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::{Home, KEYSTORE, MINER, PASSPHRASE, WORDS, free_port};

/// The address of [`WORDS`] on main.
const MAIN: &str = "iron1tjcxncx86admqhv0kqjpkgsa88yy6we2vweqlq";

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap()
}

#[test]
fn words_are_new_each_time_and_nothing_is_kept() {
    let home = Home::new();
    for (count, arguments) in [(24, ["words", "--count=24"]), (12, ["words", "--count=12"])] {
        let wallet = home.json(&arguments, &[]);
        assert_eq!(text(&wallet, "words").split(' ').count(), count);
        assert_ne!(wallet["words"], home.json(&arguments, &[])["words"]);
        assert!(text(&wallet, "address").starts_with("iron1"));
    }
    home.client(&["--chain", "dev", "words"], &[]).assert_said(&["24. ", "Address on the chain dev: dev1"]);
    assert!(!Path::new(&home.path("data")).exists());
    assert_eq!(home.client(&["words", "--count", "13"], &[]).code, Some(2));
}

#[test]
fn a_new_wallet_opens_with_its_passphrase_and_comes_back_from_its_words() {
    let home = Home::new();
    let made = home.json(&["new"], &[PASSPHRASE]);
    let keystore = home.path("data/ironchain/wallet.json");
    assert_eq!(text(&made, "keystore"), keystore);
    assert_eq!(home.json(&["address"], &[])["address"], made["address"]);
    assert_eq!(home.json(&["sign", "hello"], &[PASSPHRASE])["address"], made["address"]);

    let again = home.path("again.json");
    let restored = home.json(&["new", "--import", "--keystore", &again], &[text(&made, "words"), PASSPHRASE]);
    assert_eq!((&restored["address"], restored.get("words")), (&made["address"], None));
}

#[cfg(unix)]
#[test]
fn a_keystore_is_for_its_owner_only_and_never_overwritten() {
    use std::os::unix::fs::PermissionsExt as _;

    let home = Home::new();
    home.import_words();
    let path = home.path("data/ironchain/wallet.json");
    let before = fs::read(&path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let parent = Path::new(&path).parent().unwrap();
    assert_eq!(fs::metadata(parent).unwrap().permissions().mode() & 0o777, 0o700);

    let error = home.json_error(&["new"], &[PASSPHRASE], 4);
    assert_eq!(text(&error, "code"), "keystore_exists");
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(fs::read_dir(parent).unwrap().count(), 1);
}

#[test]
fn words_that_nobody_saw_are_not_kept() {
    use std::process::{Command, Stdio};

    let home = Home::new();
    let path = home.path("wallet.json");
    let passphrase = home.path("passphrase");
    fs::write(&passphrase, PASSPHRASE).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_client"))
        .args(["new", "--keystore", &path, "--passphrase-file", &passphrase])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(1));
    assert!(!Path::new(&path).exists());
}

#[test]
fn the_page_and_the_terminal_have_one_keystore() {
    let home = Home::new();
    let address = home.json(&["address", "--keystore", KEYSTORE, "--chain", "dev"], &[]);
    assert_eq!(text(&address, "address"), MINER);
    home.import_words();
    let file = fs::read_to_string(home.path("data/ironchain/wallet.json")).unwrap();
    let keystore = wallet_wasm::keystore::Keystore::parse(&file).unwrap();
    assert_eq!(keystore.open(PASSPHRASE).unwrap().words.as_ref().unwrap().words, WORDS);
}

#[test]
fn a_wallet_that_cannot_be_used_is_exit_code_4() {
    let home = Home::new();
    assert_eq!(text(&home.json_error(&["address"], &[], 4), "code"), "no_keystore");
    let error = home.json_error(&["new"], &["short"], 1);
    assert_eq!((text(&error, "code"), &error["least"]), ("passphrase_too_short", &Value::from(8)));
    home.import_words();
    assert_eq!(text(&home.json_error(&["sign", "x"], &["wrong passphrase"], 4), "code"), "wrong_passphrase");
    let run = home.client(&["sign", "x", "--passphrase-file", "missing"], &[]);
    assert_eq!(run.code, Some(4));
    assert!(run.errors.contains("cannot read the passphrase from missing"), "{run:?}");
    assert_eq!(text(&home.json_error(&["sign", "x"], &[], 1), "code"), "input_ended");
    assert_eq!(text(&home.json_error(&["new", "--import", "--keystore", "x"], &[""], 1), "code"), "declined");
    fs::write(home.path("x"), "hello").unwrap();
    assert_eq!(text(&home.json_error(&["address", "--keystore", "x"], &[], 4), "code"), "bad_keystore");
}

#[test]
fn the_passphrase_is_the_first_line_of_its_file() {
    let home = Home::new();
    home.import_words();
    fs::write(home.path("passphrase"), format!("{PASSPHRASE}\r\nnot this\n")).unwrap();
    home.client(&["sign", "hello", "--passphrase-file", "passphrase"], &[])
        .assert_said(&["Text: hello", "Signature: "]);
}

#[test]
fn a_signed_text_is_verified_on_its_chain_only() {
    let home = Home::new();
    home.import_words();
    let signed = home.json(&["sign", "--chain", "dev", "I am here"], &[PASSPHRASE]);
    let [signer, signature] = ["tutorial_address", "signature"].map(|field| text(&signed, field));
    let verify = |chain, address, words| ["verify", "--chain", chain, address, words, signature];
    // Somebody else, who has no wallet.
    let other = Home::new();
    let verified = other.json(&verify("dev", signer, "I am here"), &[]);
    assert_eq!((&verified["valid"], text(&verified, "address")), (&Value::Bool(true), MINER));
    for (chain, words) in [("main", "I am here"), ("dev", "I am there")] {
        let error = other.json_error(&verify(chain, signer, words), &[], 1);
        assert_eq!(text(&error, "code"), "wrong_signature");
    }
    let error = other.json_error(&verify("dev", MINER, "I am here"), &[], 1);
    assert_eq!(text(&error, "code"), "needs_public_key");
    home.client(&verify("dev", MINER, "I am here"), &[]).assert_said(&["Valid: the owner of dev1"]);
    let error = other.json_error(&["verify", signer, "x", "!"], &[], 1);
    assert_eq!(text(&error, "code"), "not_a_signature");
}

#[test]
fn a_command_line_that_makes_no_sense_is_exit_code_2() {
    let home = Home::new();
    for arguments in [
        &["balanc"][..],
        &["1112", "address"],
        &["1112", "--node", "1113"],
        &["1112", "--keystore", "wallet.json"],
        &["address", "--chain", "test"],
        &["words", "--count", "24", "extra"],
    ] {
        let run = home.client(arguments, &[]);
        assert_eq!(run.code, Some(2), "{run:?}");
        assert!(run.errors.starts_with("error: "), "{run:?}");
    }
    let error = home.json_error(&[], &[], 2);
    assert_eq!(text(&error, "code"), "usage");
}

#[test]
fn a_secret_in_the_command_line_is_not_repeated() {
    let home = Home::new();
    let words: Vec<&str> = WORDS.split(' ').collect();
    for arguments in [&words[..], &["new", "--import", WORDS], &["balance", WORDS, "x"]] {
        let run = home.client(arguments, &[]);
        assert_eq!(run.code, Some(2), "{run:?}");
        assert!(
            run.errors.contains("a private key or its words") && !run.errors.contains("abandon"),
            "{run:?}"
        );
    }
}

#[test]
fn a_node_that_is_not_there_is_exit_code_3() {
    let home = Home::new();
    let port = free_port().to_string();
    let error = home.json_error(&["balance", MAIN, "--node", &port], &[], 3);
    assert_eq!(text(&error, "code"), "unreachable");
    // It was named, so that it should tell the chain.
    home.import_words();
    assert_eq!(home.client(&["address", "--node", &port], &[]).code, Some(3));
}

#[test]
fn shells_are_told_all_commands() {
    let home = Home::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        home.client(&["completions", shell], &[]).assert_said(&["passphrase-file"]);
        home.client(&["completions", shell], &[]).assert_said(&["verify"]);
    }
}
