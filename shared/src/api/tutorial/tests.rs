use super::*;
use crate::api::{Incoming, Request};
use crate::consensus::check_transaction;
use crate::hash::TxId;
use crate::signature::RsaVerifier;
use crate::spec::ChainSpec;
use serde_json::{Value, json};

const KEYS: &str = include_str!("../../../vectors/keys.json");
const TRANSACTIONS: &str = include_str!("../../../vectors/transactions.json");

/// The payments of the vectors that were signed with a key from words on the main chain, and their ids.
fn vectors() -> Vec<(Payment, TxId)> {
    let keys: Value = serde_json::from_str(KEYS).unwrap();
    let transactions: Value = serde_json::from_str(TRANSACTIONS).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let number = |value: &Value| value.as_u64().unwrap();
    let of_main = |vector: &&Value| vector["chain"] == "main" && vector["sender_key"].as_u64() < Some(2);
    let payment = |vector: &Value| {
        let key = &keys["vectors"][usize::try_from(number(&vector["sender_key"])).unwrap()];
        let modulus = hex::decode(text(&key["modulus"])).unwrap();
        let receiver: [u8; 20] = hex::decode(text(&vector["receiver"])).unwrap().try_into().unwrap();
        let payment = Payment {
            address: PublicKey::from_modulus(&modulus).unwrap().tutorial_address(),
            receiver: Address(receiver).to_text("iron"),
            amount: number(&vector["amount"]),
            fee: number(&vector["fee"]),
            comment: text(&vector["comment"]),
            nonce: number(&vector["nonce"]),
            expires_at: number(&vector["expires_at"]),
            signature: STANDARD.encode(hex::decode(text(&vector["signature"])).unwrap()),
        };
        (payment, text(&vector["tx_id"]).parse().unwrap())
    };
    transactions["vectors"].as_array().unwrap().iter().filter(of_main).map(payment).collect()
}

#[test]
fn a_payment_is_the_transaction_that_was_signed() {
    let vectors = vectors();
    assert!(vectors.len() >= 2);
    for (payment, id) in vectors {
        let transaction = payment.to_transaction("iron").unwrap();
        assert_eq!(transaction.id(), id);
        assert!(check_transaction(&ChainSpec::main(), &RsaVerifier, transaction).is_ok());
        // Field by field over the wire, in either envelope, with the receiver in either form.
        let mut message = serde_json::to_value(&payment).unwrap();
        message["request"] = json!("transaction");
        let Incoming::One(call) = Incoming::parse(&message.to_string()) else { panic!("a batch") };
        assert_eq!(call.request, Ok(Request::Payment(payment)));
    }
}

#[test]
fn each_unreadable_field_is_named() {
    let (good, _) = vectors().swap_remove(0);
    let error = |payment: Payment| payment.to_transaction("iron").unwrap_err();
    assert_eq!(
        error(Payment { address: good.receiver.clone(), ..good.clone() }),
        PaymentError::Sender(KeyError::NotTutorialAddress)
    );
    assert_eq!(
        error(Payment { receiver: String::new(), ..good.clone() }),
        PaymentError::Receiver(AddressError::Empty)
    );
    for signature in ["", "*", "AAA", "AA==\n", "AB=="] {
        let payment = Payment { signature: signature.to_owned(), ..good.clone() };
        // An empty signature is base64; it is the rules' to refuse.
        assert_eq!(payment.to_transaction("iron").is_ok(), signature.is_empty(), "{signature:?}");
    }
}
