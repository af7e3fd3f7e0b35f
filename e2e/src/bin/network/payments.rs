//! Payments that nodes have acknowledged, and what must have become of them.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, bail, ensure};
use e2e::api::Api;
use e2e::wallet::key;
use getrandom::SysRng;
use shared::address::Address;
use shared::api::Request;
use shared::api::rpc::RpcError;
use shared::api::views::{AccountView, SubmittedView, TransactionStatus, TransactionStatusView};
use shared::codec;
use shared::hash::TxId;
use shared::keys::SigningKey;
use shared::spec::ChainSpec;
use shared::transaction::{TRANSACTION_VERSION, Transaction, TransactionBody};

use crate::random::Random;
use crate::team::Team;

/// How often a payment is signed anew because another one came first: it travels while this one is made.
const ATTEMPTS: u32 = 5;

/// Who pays, and all that was acknowledged.
pub(crate) struct Payments {
    keys: Vec<SigningKey>,
    /// By payer and nonce. Two sides of a cut may each have acknowledged another payment with the same nonce: one of
    /// them takes the place of the other.
    acknowledged: BTreeMap<(usize, u64), BTreeSet<TxId>>,
}

impl Payments {
    /// Makes so many payers.
    pub(crate) fn new(payers: u8) -> Result<Self> {
        let keys = (1..=payers).map(key).collect::<Result<_>>()?;
        Ok(Self { keys, acknowledged: BTreeMap::new() })
    }

    pub(crate) fn addresses(&self) -> Vec<Address> {
        self.keys.iter().map(|key| key.public_key().address()).collect()
    }

    pub(crate) fn count(&self) -> usize {
        self.acknowledged.values().map(BTreeSet::len).sum()
    }

    /// Lets one of the payers pay another a few coins through `node`.
    pub(crate) fn pay(&mut self, team: &Team, node: usize, random: &mut Random) -> Result<TxId> {
        let payer = random.below(self.keys.len());
        let receiver = self.keys[random.below(self.keys.len())].public_key().address();
        let (amount, fee) = (1 + random.below(5) as u64, 1 + random.below(3) as u64);
        let mut api = team.api(node)?;
        for _ in 0..ATTEMPTS {
            let body = self.body(&mut api, team, payer, (receiver, amount, fee))?;
            let nonce = body.nonce;
            match submit(&mut api, &team.spec, &self.keys[payer], body) {
                Ok(tx_id) => {
                    self.acknowledged.entry((payer, nonce)).or_default().insert(tx_id);
                    return Ok(tx_id);
                }
                Err(error) if error.is::<RpcError>() => println!("  node {node} refuses a payment: {error}"),
                Err(error) => return Err(error.context(format!("node {node} did not answer"))),
            }
        }
        bail!("node {node} refused {ATTEMPTS} payments in turn")
    }

    /// Lets the payers pay `count` times through `node`, in turn.
    pub(crate) fn fill(&self, team: &Team, node: usize, count: u32) -> Result<()> {
        let mut api = team.api(node)?;
        for payer in 0..self.keys.len() {
            let receiver = self.keys[0].public_key().address();
            let mut body = self.body(&mut api, team, payer, (receiver, 1, 1))?;
            for _ in 0..count as usize / self.keys.len() {
                submit(&mut api, &team.spec, &self.keys[payer], body.clone())?;
                body.nonce += 1;
            }
        }
        Ok(())
    }

    fn body(
        &self,
        api: &mut Api,
        team: &Team,
        payer: usize,
        (receiver, amount, fee): (Address, u64, u64),
    ) -> Result<TransactionBody> {
        let key = self.keys[payer].public_key();
        let address = key.address().to_text(&team.spec.rules().address_prefix);
        let account: AccountView = api.ask(&Request::GetAccount { address })?;
        Ok(TransactionBody {
            version: TRANSACTION_VERSION,
            sender: key.modulus().to_vec(),
            receiver,
            amount,
            fee,
            nonce: account.next_nonce,
            expires_at: 0,
            comment: String::new(),
        })
    }

    /// Waits until node 0 has all of them in its chain.
    pub(crate) fn wait_until_mined(&self, team: &Team) -> Result<()> {
        let mut api = team.api(0)?;
        let mut missing = Vec::new();
        let mined = team.heads(0)?.wait("all payments to be mined", |_| {
            missing = self.missing(&mut api)?;
            Ok(missing.is_empty())
        });
        mined.map(drop).with_context(|| format!("not in the chain of node 0: {missing:?}"))
    }

    /// Returns what was acknowledged, and is not in the chain of `api`'s node, nor is what took its place. While the
    /// network is cut, or has just been mended, that may be on its way.
    pub(crate) fn missing(&self, api: &mut Api) -> Result<Vec<String>> {
        let mut missing = Vec::new();
        for ((payer, nonce), ids) in &self.acknowledged {
            let mut is_confirmed = false;
            let mut is_known = false;
            for tx_id in ids {
                match api.ask::<TransactionStatusView>(&Request::GetTransaction { tx_id: *tx_id }) {
                    Ok(view) => {
                        is_known = true;
                        is_confirmed |= matches!(view.status, TransactionStatus::Confirmed { .. });
                    }
                    Err(error) if error.is::<RpcError>() => {}
                    Err(error) => return Err(error),
                }
            }
            if !is_confirmed {
                let state = if is_known { "waits" } else { "is unknown" };
                missing.push(format!("payment {nonce} of payer {payer} {state}: {ids:?}"));
            }
        }
        Ok(missing)
    }
}

fn submit(api: &mut Api, spec: &ChainSpec, key: &SigningKey, body: TransactionBody) -> Result<TxId> {
    let signature = key.sign(&body.signing_bytes(spec.genesis_hash()), &mut SysRng).context("cannot sign")?;
    let transaction = Transaction { body, signature };
    let request = Request::Transaction { transaction: hex::encode(codec::encode(&transaction)) };
    let view: SubmittedView = api.ask(&request)?;
    ensure!(view.result && view.tx_id == transaction.id(), "the node acknowledged something else: {view:?}");
    Ok(view.tx_id)
}
