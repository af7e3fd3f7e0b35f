//! Sentences for what can happen. Nothing that a node says is among them.

use shared::address::AddressError;
use shared::api::{PROTOCOL, rpc};
use shared::keys::KeyError;
use shared::transaction::{MAX_COMMENT_BYTES, MAX_INTEGER};
use wallet_wasm::WalletError;
use wallet_wasm::error::KeystoreProblem;
use wallet_wasm::protocol::Task;

use crate::amount::AmountIssue;
use crate::checks::CommentIssue;
use crate::format::{Age, Piece, pieces};
use crate::locale::text;
use crate::network::BanIssue;
use crate::node::{Node, Source};
use crate::wallet::Failure;

/// Says why something was not done, and what to do next.
pub(crate) fn failure(failure: &Failure) -> String {
    match failure {
        Failure::Wallet(error) => wallet_error(error),
        Failure::Declined => text::network_declined().to_owned(),
        Failure::Stopped => text::error_stopped().to_owned(),
    }
}

fn wallet_error(error: &WalletError) -> String {
    match error {
        WalletError::WordCount { got } => text::words_count(got),
        WalletError::UnknownWord { position, word, suggestion } => {
            unknown_word(*position, word, suggestion.as_deref())
        }
        WalletError::WordsChecksum => text::words_checksum().to_owned(),
        WalletError::BadKey { problem } => key_error(problem),
        WalletError::BadKeystore { problem } => keystore_problem(problem),
        WalletError::PassphraseTooShort { least } => text::passphrase_short(least),
        WalletError::WrongPassphrase => text::unlock_wrong().to_owned(),
        WalletError::NoRandomness => text::error_randomness().to_owned(),
        WalletError::NoWallet => text::error_no_wallet().to_owned(),
        WalletError::WalletExists => text::error_wallet_exists().to_owned(),
        WalletError::Locked => text::error_locked().to_owned(),
        WalletError::BadAddress { problem } => address_error(problem),
        WalletError::AmountZero => text::amount_zero().to_owned(),
        WalletError::AmountTooLarge => text::amount_too_large(MAX_INTEGER),
        WalletError::InsufficientFunds { need, have } => text::amount_above(need, have),
        WalletError::CommentTooLong { got } => comment_issue(CommentIssue::TooLong { got: *got }),
        WalletError::CommentControlCharacter { position } => {
            comment_issue(CommentIssue::Control { position: *position })
        }
        WalletError::NothingPrepared => text::error_nothing_prepared().to_owned(),
        WalletError::AccountChanged => text::error_account_changed().to_owned(),
        WalletError::NotConnected => text::error_not_connected().to_owned(),
        WalletError::Timeout { seconds } => text::error_timeout(seconds),
        WalletError::WrongChain { .. } => text::error_wrong_chain().to_owned(),
        WalletError::WrongProtocol { .. } => text::error_wrong_protocol().to_owned(),
        WalletError::Refused { rule, .. } => refusal(rule.as_deref()).to_owned(),
        WalletError::BadReply => text::error_bad_reply().to_owned(),
        WalletError::BadCommand => text::error_stopped().to_owned(),
    }
}

/// Says that the node does not answer, why perhaps, what to do, and when it is tried again.
pub(crate) fn no_node(node: &Node, is_page_encrypted: bool, seconds: u64) -> String {
    let address = &node.address;
    let trouble = match node.source {
        Source::Own => text::away_own().to_owned(),
        Source::Link | Source::Chosen | Source::Usual if node.is_mixed_content(is_page_encrypted) => {
            // Trying again changes nothing.
            return text::away_mixed(address);
        }
        Source::Link | Source::Chosen | Source::Usual if address.is_local() => {
            text::away_local(address, address.port)
        }
        Source::Link | Source::Chosen | Source::Usual => text::away_remote(address),
    };
    if seconds == 0 { text::away_now(trouble) } else { text::away_soon(trouble, seconds) }
}

/// Says that the node speaks another version of the protocol than this page, and what to do.
pub(crate) fn other_protocol(node: &Node, version: u32) -> String {
    match node.source {
        Source::Own => text::banner_own_protocol(version, PROTOCOL),
        Source::Link | Source::Chosen | Source::Usual => {
            text::banner_other_protocol(&node.address, version, PROTOCOL)
        }
    }
}

/// Says that a word is not in the list.
pub(crate) fn unknown_word(position: usize, word: &str, suggestion: Option<&str>) -> String {
    match suggestion {
        Some(suggestion) => text::words_unknown_near(position, quoted(word), suggestion),
        None => text::words_unknown(position, quoted(word)),
    }
}

/// Says what a rule means. What the node says beside its id is never shown: it could be anything, such as an
/// "update" to download (Electrum, 2018).
fn refusal(rule: Option<&str>) -> &'static str {
    match rule {
        Some("TX-1" | "TX-2" | "TX-3" | "TX-4") => text::refused_form(),
        Some("TX-5") => text::refused_expired(),
        Some("TX-6") => text::refused_nonce(),
        Some("TX-7") => text::refused_balance(),
        Some("MEM-1") => text::refused_pending(),
        Some("MEM-2") => text::refused_fee(),
        Some("MEM-3") => text::refused_replacement(),
        Some("MEM-4") => text::refused_many(),
        Some("MEM-5") => text::refused_full(),
        Some("MEM-6") => text::refused_waited(),
        Some(rpc::RATE_LIMIT) => text::limited_rate(),
        Some(rpc::SUBSCRIPTION_LIMIT) => text::limited_subscriptions(),
        Some(rpc::REPLY_LIMIT) => text::limited_reply(),
        _ => text::refused_other(),
    }
}

/// Returns a version if it is one, such as `0.1.0-rc.2`: a node can write anything in its place.
pub(crate) fn version(text: &str) -> Option<&str> {
    const MAX_BYTES: usize = 24;
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-+".contains(&byte);
    let is_version = text.len() <= MAX_BYTES
        && text.starts_with(|first: char| first.is_ascii_digit())
        && text.bytes().all(is_allowed);
    is_version.then_some(text)
}

/// What somebody typed inside one of our sentences: short, on one line, and with nothing in it that turns the rest
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
    match problem {
        KeystoreProblem::NotAKeystore => text::keystore_not_one().to_owned(),
        KeystoreProblem::Version { version, known } => text::keystore_version(version, known),
        KeystoreProblem::Algorithm => text::keystore_algorithm().to_owned(),
        KeystoreProblem::TooWeak => text::keystore_weak().to_owned(),
        KeystoreProblem::TooCostly => text::keystore_costly().to_owned(),
        KeystoreProblem::Content => text::keystore_content().to_owned(),
    }
}

fn key_error(error: &KeyError) -> String {
    match error {
        KeyError::NotAKey => text::key_not_one().to_owned(),
        KeyError::PublicKey => text::key_public().to_owned(),
        KeyError::Encrypted => text::key_encrypted().to_owned(),
        KeyError::NotRsa => text::key_not_rsa().to_owned(),
        KeyError::Size { bits } => text::key_size(bits),
        KeyError::EvenModulus | KeyError::Inconsistent => text::key_damaged().to_owned(),
        KeyError::Exponent => text::key_exponent().to_owned(),
        KeyError::WeakPrimes => text::key_weak().to_owned(),
        KeyError::NotTutorialAddress => text::address_tutorial().to_owned(),
        KeyError::Randomness => text::error_randomness().to_owned(),
        KeyError::Fault => text::key_fault().to_owned(),
    }
}

/// Says what is wrong with a receiver; a secret is never repeated.
pub(crate) fn address_error(error: &AddressError) -> String {
    match error {
        AddressError::Empty => text::address_empty().to_owned(),
        AddressError::PrivateKey => text::address_private_key().to_owned(),
        AddressError::NotAnAddress { expected } => text::address_not_one(expected),
        AddressError::OtherChain { prefix, expected } => text::address_other_chain(quoted(prefix), expected),
        AddressError::MixedCase => text::address_mixed_case().to_owned(),
        AddressError::InvalidCharacter { character, position } => {
            text::address_character(shown_character(*character), position)
        }
        AddressError::WrongLength { got, expected } => text::address_length(got, expected),
        AddressError::Checksum { suspect: Some(position) } => text::address_suspect(position),
        AddressError::Checksum { suspect: None } => text::address_checksum().to_owned(),
        AddressError::Tutorial(error) => key_error(error),
    }
}

fn shown_character(character: char) -> String {
    match character {
        ' ' | '\t' | '\n' => text::address_space().to_owned(),
        character => quoted(&character.to_string()),
    }
}

/// Says what is wrong with an amount or a fee.
pub(crate) fn amount_issue(issue: AmountIssue) -> String {
    match issue {
        AmountIssue::Empty => text::amount_empty().to_owned(),
        AmountIssue::Invisible { position } => text::amount_invisible(position),
        AmountIssue::Negative => text::amount_negative().to_owned(),
        AmountIssue::Fraction => text::amount_fraction().to_owned(),
        AmountIssue::Space => text::amount_space().to_owned(),
        AmountIssue::ForeignDigit { character } => text::amount_foreign_digit(character),
        AmountIssue::NotADigit { character } => text::amount_not_a_digit(shown_character(character)),
        AmountIssue::Zero => text::amount_zero().to_owned(),
        AmountIssue::TooLarge => text::amount_too_large(MAX_INTEGER),
    }
}

/// Says what is wrong with a comment.
pub(crate) fn comment_issue(issue: CommentIssue) -> String {
    match issue {
        CommentIssue::TooLong { got } => text::comment_long(got, MAX_COMMENT_BYTES),
        CommentIssue::Control { position } => text::comment_control(position),
    }
}

/// Names a number of hashes per second.
pub(crate) fn hash_rate(per_second: u64) -> String {
    let (unit, shown) = match per_second {
        0..1_000 => ("H/s", per_second.to_string()),
        1_000..1_000_000 => ("kH/s", tenths(per_second, 1_000)),
        1_000_000..1_000_000_000 => ("MH/s", tenths(per_second, 1_000_000)),
        1_000_000_000.. => ("GH/s", tenths(per_second, 1_000_000_000)),
    };
    format!("{shown} {unit}")
}

/// Names a number of bytes.
pub(crate) fn bytes(count: u64) -> String {
    let (unit, shown) = match count {
        0..1_000 => ("B", count.to_string()),
        1_000..1_000_000 => ("kB", tenths(count, 1_000)),
        1_000_000..1_000_000_000 => ("MB", tenths(count, 1_000_000)),
        1_000_000_000.. => ("GB", tenths(count, 1_000_000_000)),
    };
    format!("{shown} {unit}")
}

/// Says how many blocks.
pub(crate) fn blocks(count: u64) -> String {
    if count == 1 { text::forks_blocks_one().to_owned() } else { text::forks_blocks(count) }
}

/// Says why somebody cannot be banned.
pub(crate) fn ban_issue(issue: BanIssue) -> &'static str {
    match issue {
        BanIssue::Empty => text::network_ban_empty(),
        BanIssue::Malformed => text::network_ban_malformed(),
        BanIssue::Loopback => text::network_ban_loopback(),
    }
}

/// Divides, down to one digit behind the point.
fn tenths(number: u64, by: u64) -> String {
    format!("{}.{}", number / by, number % by * 10 / by)
}

/// Names a duration.
pub(crate) fn age(age: Age) -> String {
    match age {
        Age::Seconds(n) => text::age_seconds(n),
        Age::Minutes(n) => text::age_minutes(n),
        Age::Hours(n) => text::age_hours(n),
        Age::Days(n) => text::age_days(n),
    }
}

/// Names a task that takes a moment.
pub(crate) fn task(task: Task) -> &'static str {
    match task {
        Task::MakingKey => text::progress_key(),
        Task::Encrypting => text::progress_encrypting(),
    }
}

/// Returns the unit for so many coins.
pub(crate) fn coins(amount: u64) -> &'static str {
    if amount == 1 { text::unit_coin() } else { text::unit_coins() }
}

#[cfg(test)]
mod tests;
