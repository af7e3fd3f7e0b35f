//! Sentences for what can happen. Text that a node sent is quoted at most, never shown as the page's own words.

use shared::address::AddressError;
use shared::keys::KeyError;
use shared::transaction::{MAX_COMMENT_BYTES, MAX_INTEGER};
use wallet_wasm::WalletError;
use wallet_wasm::error::KeystoreProblem;
use wallet_wasm::protocol::Task;

use crate::amount::AmountIssue;
use crate::checks::CommentIssue;
use crate::format::{Age, Piece, pieces};
use crate::locale::{Locale, text};
use crate::wallet::Failure;

/// Says why something was not done, and what to do next.
pub(crate) fn failure(failure: &Failure) -> String {
    match failure {
        Failure::Wallet(error) => wallet_error(error),
        Failure::Stopped => text().error_stopped().to_owned(),
    }
}

fn wallet_error(error: &WalletError) -> String {
    let t = text();
    match error {
        WalletError::WordCount { got } => t.words_count(got),
        WalletError::UnknownWord { position, word, suggestion } => {
            unknown_word(*position, word, suggestion.as_deref())
        }
        WalletError::WordsChecksum => t.words_checksum().to_owned(),
        WalletError::BadKey { problem } => key_error(problem),
        WalletError::BadKeystore { problem } => keystore_problem(problem),
        WalletError::PassphraseTooShort { least } => t.passphrase_short(least),
        WalletError::WrongPassphrase => t.unlock_wrong().to_owned(),
        WalletError::NoRandomness => t.error_randomness().to_owned(),
        WalletError::NoWallet => t.error_no_wallet().to_owned(),
        WalletError::WalletExists => t.error_wallet_exists().to_owned(),
        WalletError::Locked => t.error_locked().to_owned(),
        WalletError::BadAddress { problem } => address_error(problem),
        WalletError::AmountZero => t.amount_zero().to_owned(),
        WalletError::AmountTooLarge => t.amount_too_large(MAX_INTEGER),
        WalletError::InsufficientFunds { need, have } => t.amount_above(need, have),
        WalletError::CommentTooLong { got } => comment_issue(CommentIssue::TooLong { got: *got }),
        WalletError::CommentControlCharacter { position } => {
            comment_issue(CommentIssue::Control { position: *position })
        }
        WalletError::NothingPrepared => t.error_nothing_prepared().to_owned(),
        WalletError::AccountChanged => t.error_account_changed().to_owned(),
        WalletError::NotConnected => t.error_not_connected().to_owned(),
        WalletError::Timeout { seconds } => t.error_timeout(seconds),
        WalletError::WrongChain { chain } => t.error_wrong_chain(quoted(chain)),
        WalletError::Refused { rule, message } => refusal(t, rule.as_deref(), message),
        WalletError::BadReply => t.error_bad_reply().to_owned(),
        WalletError::BadCommand => t.error_stopped().to_owned(),
    }
}

/// Says that a word is not in the list.
pub(crate) fn unknown_word(position: usize, word: &str, suggestion: Option<&str>) -> String {
    let t = text();
    match suggestion {
        Some(suggestion) => t.words_unknown_near(position, quoted(word), suggestion),
        None => t.words_unknown(position, quoted(word)),
    }
}

fn refusal(t: Locale, rule: Option<&str>, message: &str) -> String {
    let own = match rule {
        Some("TX-5") => t.refused_expired(),
        Some("TX-6") => t.refused_nonce(),
        Some("TX-7") => t.refused_balance(),
        _ => t.refused_other(),
    };
    t.refused_with(own, quoted(message))
}

/// Text from outside inside one of our sentences: short, on one line, and with nothing in it that turns the rest
/// around.
pub(crate) fn quoted(text: &str) -> String {
    const MAX_CHARS: usize = 200;
    let shown = pieces(text).into_iter().map(|piece| match piece {
        Piece::Visible(run) => run,
        Piece::Invisible(character) => code_point(character),
    });
    let flat = shown.collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ");
    flat.chars().take(MAX_CHARS).collect()
}

/// Names a character that cannot be seen.
pub(crate) fn code_point(character: char) -> String {
    format!("U+{:04X}", u32::from(character))
}

fn keystore_problem(problem: &KeystoreProblem) -> String {
    let t = text();
    match problem {
        KeystoreProblem::NotAKeystore => t.keystore_not_one().to_owned(),
        KeystoreProblem::Version { version, known } => t.keystore_version(version, known),
        KeystoreProblem::Algorithm => t.keystore_algorithm().to_owned(),
        KeystoreProblem::TooWeak => t.keystore_weak().to_owned(),
        KeystoreProblem::TooCostly => t.keystore_costly().to_owned(),
        KeystoreProblem::Content => t.keystore_content().to_owned(),
    }
}

fn key_error(error: &KeyError) -> String {
    let t = text();
    match error {
        KeyError::NotAKey => t.key_not_one().to_owned(),
        KeyError::PublicKey => t.key_public().to_owned(),
        KeyError::Encrypted => t.key_encrypted().to_owned(),
        KeyError::NotRsa => t.key_not_rsa().to_owned(),
        KeyError::Size { bits } => t.key_size(bits),
        KeyError::EvenModulus | KeyError::Inconsistent => t.key_damaged().to_owned(),
        KeyError::Exponent => t.key_exponent().to_owned(),
        KeyError::WeakPrimes => t.key_weak().to_owned(),
        KeyError::NotTutorialAddress => t.address_tutorial().to_owned(),
        KeyError::Randomness => t.error_randomness().to_owned(),
        KeyError::Fault => t.key_fault().to_owned(),
    }
}

/// Says what is wrong with a receiver; a secret is never repeated.
pub(crate) fn address_error(error: &AddressError) -> String {
    let t = text();
    match error {
        AddressError::Empty => t.address_empty().to_owned(),
        AddressError::PrivateKey => t.address_private_key().to_owned(),
        AddressError::NotAnAddress { expected } => t.address_not_one(expected),
        AddressError::OtherChain { prefix, expected } => t.address_other_chain(quoted(prefix), expected),
        AddressError::MixedCase => t.address_mixed_case().to_owned(),
        AddressError::InvalidCharacter { character, position } => {
            t.address_character(shown_character(*character), position)
        }
        AddressError::WrongLength { got, expected } => t.address_length(got, expected),
        AddressError::Checksum { suspect: Some(position) } => t.address_suspect(position),
        AddressError::Checksum { suspect: None } => t.address_checksum().to_owned(),
        AddressError::Tutorial(error) => key_error(error),
    }
}

fn shown_character(character: char) -> String {
    match character {
        ' ' | '\t' | '\n' => text().address_space().to_owned(),
        character => quoted(&character.to_string()),
    }
}

/// Says what is wrong with an amount or a fee.
pub(crate) fn amount_issue(issue: AmountIssue) -> String {
    let t = text();
    match issue {
        AmountIssue::Empty => t.amount_empty().to_owned(),
        AmountIssue::Invisible { position } => t.amount_invisible(position),
        AmountIssue::Negative => t.amount_negative().to_owned(),
        AmountIssue::Fraction => t.amount_fraction().to_owned(),
        AmountIssue::Space => t.amount_space().to_owned(),
        AmountIssue::ForeignDigit { character } => t.amount_foreign_digit(character),
        AmountIssue::NotADigit { character } => t.amount_not_a_digit(shown_character(character)),
        AmountIssue::Zero => t.amount_zero().to_owned(),
        AmountIssue::TooLarge => t.amount_too_large(MAX_INTEGER),
    }
}

/// Says what is wrong with a comment.
pub(crate) fn comment_issue(issue: CommentIssue) -> String {
    match issue {
        CommentIssue::TooLong { got } => text().comment_long(got, MAX_COMMENT_BYTES),
        CommentIssue::Control { position } => text().comment_control(position),
    }
}

/// Names a duration.
pub(crate) fn age(age: Age) -> String {
    let t = text();
    match age {
        Age::Seconds(n) => t.age_seconds(n),
        Age::Minutes(n) => t.age_minutes(n),
        Age::Hours(n) => t.age_hours(n),
        Age::Days(n) => t.age_days(n),
    }
}

/// Names a task that takes a moment.
pub(crate) fn task(task: Task) -> &'static str {
    match task {
        Task::MakingKey => text().progress_key(),
        Task::Encrypting => text().progress_encrypting(),
    }
}

/// Returns the unit for so many coins.
pub(crate) fn coins(amount: u64) -> &'static str {
    if amount == 1 { text().unit_coin() } else { text().unit_coins() }
}
