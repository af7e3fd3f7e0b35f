//! Transactions that clients send: to be submitted, or only to be checked.

use futures_util::FutureExt as _;
use shared::api::rpc::RpcError;
use shared::api::views::{Answer, CheckVerdict, CheckView, SubmittedView};
use shared::codec;
use shared::consensus::check_transaction;
use shared::signature::Verifier;
use shared::transaction::Transaction;

use super::Server;
use super::config::MAX_TRANSACTION_BYTES;
use super::methods::{Result, Work, invalid, stopping, store_failed};
use crate::chain::SubmitTransactionError;
use crate::mempool::AdmissionError;
use crate::verifier::AwsLcVerifier;

/// Reads a transaction from hex.
pub(super) fn decode(text: &str) -> Result<Transaction> {
    if text.len() > 2 * MAX_TRANSACTION_BYTES {
        let got = text.len() / 2;
        return Err(invalid(format!(
            "the transaction has {got} bytes; at most {MAX_TRANSACTION_BYTES} are accepted"
        )));
    }
    let bytes =
        hex::decode(text).map_err(|error| invalid(format!("\"transaction\" must be hex: {error}")))?;
    codec::decode(&bytes).map_err(|error| invalid(format!("\"transaction\" is not a transaction: {error}")))
}

/// Checks what needs no state here, so that the chain thread never sees a bad signature.
pub(super) fn submit(server: &Server, transaction: Transaction) -> Result<Work> {
    let chain = server.chain.clone();
    let transaction = check_transaction(chain.spec(), &AwsLcVerifier, transaction)
        .map_err(|error| RpcError::refused(error.id(), error.to_string()))?;
    let submission = async move {
        let tx_id = *transaction.id();
        let accepted = |result_message: &str| {
            let result_message = result_message.to_owned();
            Ok(Answer::Submitted(SubmittedView { result: true, result_message, tx_id }))
        };
        match chain.submit_transaction(transaction).await {
            Ok(()) => accepted("The transaction is accepted and waits for a block."),
            // Whoever did not hear the first answer asks again, and loses nothing by it.
            Err(SubmitTransactionError::Refused(AdmissionError::AlreadyPending { .. })) => {
                accepted("The transaction was accepted before and waits for a block.")
            }
            Err(SubmitTransactionError::Refused(error)) => {
                Err(RpcError::refused(error.id(), error.to_string()))
            }
            Err(SubmitTransactionError::Store(error)) => Err(store_failed(&error)),
            Err(SubmitTransactionError::Stopped) => Err(stopping()),
        }
    };
    Ok(Work::Change(submission.boxed()))
}

/// Says what [`submit`] would. A transaction without a signature is judged as if it had one.
pub(super) fn check(server: &Server, mut transaction: Transaction) -> Work {
    let chain = server.chain.clone();
    let is_signed = !transaction.signature.is_empty();
    let verifier: &dyn Verifier = if is_signed {
        &AwsLcVerifier
    } else {
        // As long as a signature will be, because size counts.
        transaction.signature = vec![0; transaction.body.sender.len()];
        &AnySignature
    };
    // What passes `AnySignature` goes nowhere but to a check, which keeps nothing of it.
    let transaction = match check_transaction(chain.spec(), verifier, transaction) {
        Ok(transaction) => transaction,
        Err(error) => {
            let view = refused(CheckVerdict::Invalid, error.id(), error.to_string());
            return Work::Done(Ok(Answer::Check(view)));
        }
    };
    let check = async move {
        match chain.check_transaction(transaction.clone()).await {
            Ok(()) | Err(SubmitTransactionError::Refused(AdmissionError::AlreadyPending { .. })) => {
                let expected_block = chain.view().expected_block(chain.spec(), &transaction);
                Ok(Answer::Check(CheckView {
                    verdict: CheckVerdict::Valid,
                    rule: None,
                    message: None,
                    expected_block: Some(expected_block),
                }))
            }
            Err(SubmitTransactionError::Refused(error)) => {
                let verdict =
                    if error.may_pass_later() { CheckVerdict::NotNow } else { CheckVerdict::Invalid };
                Ok(Answer::Check(refused(verdict, error.id(), error.to_string())))
            }
            Err(SubmitTransactionError::Store(error)) => Err(store_failed(&error)),
            Err(SubmitTransactionError::Stopped) => Err(stopping()),
        }
    };
    Work::Read(check.boxed())
}

fn refused(verdict: CheckVerdict, rule: &str, message: String) -> CheckView {
    CheckView { verdict, rule: Some(rule.to_owned()), message: Some(message), expected_block: None }
}

/// Stands in for a signature that is still to be made. Private, so that nothing which passed it can be submitted.
struct AnySignature;

impl Verifier for AnySignature {
    fn verify(&self, _modulus: &[u8], _message: &[u8], _signature: &[u8]) -> bool {
        true
    }
}
