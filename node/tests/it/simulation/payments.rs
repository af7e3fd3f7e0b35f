//! Payments on their way: honest wallets make them, nodes pass them on as `network` does, and in the end none that a node
//! admitted is lost.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use node::mempool::{AdmissionError, Change, Context, Mempool, Worth};
use node::sync::{Fault, PeerKey, RequestKey};
use node::wire::{Request, Response};
use shared::consensus::{TxError, check_transaction};
use shared::state::Account;
use shared::transaction::{Transaction, TransactionBody};

use super::node::End;
use super::random::mix;
use super::wallet::{self, Hashes};
use super::world::{Happening, Message, World};

/// Between two payments of the whole network, on average.
const PAYMENT_MS: u64 = 800;
/// When no peer was asked for so long what waits there, one is, as in `network`.
const ASK_AGAIN_MS: u64 = 60_000;
/// One that sent something whose predecessors are not there is asked no more often than this, as in `network`.
const ASK_FOR_GAP_MS: u64 = 5_000;
/// At the end, after all honest nodes have mined, what came in the last so many seconds may still wait: a liar can bring
/// an old payment at any time that everybody else has forgotten.
const LATE_S: u64 = 20;
/// Questions of what waits elsewhere; `sync` has the lower half of the numbers for its own.
const WAITING: u64 = 1 << 63;

impl World {
    /// Lets an honest wallet pay.
    pub(super) fn pay(&mut self) {
        let wait = self.random.wait_ms(PAYMENT_MS);
        self.at(wait, Happening::Pay);
        let up: Vec<_> = self.honest().filter(|(_, node)| node.sync.is_some()).map(|(n, _)| n).collect();
        if self.is_paying && !up.is_empty() {
            let node = up[self.random.below(up.len())];
            self.pay_from(node);
        }
    }

    /// Makes a payment of a node's own wallet: a new one, one that expires soon, or one that replaces another.
    pub(super) fn pay_from(&mut self, node: usize) {
        let view = self.nodes[node].mempool.view();
        let account = self.nodes[node].chain.ledger.account(&wallet::address(node));
        let next_nonce = view.next_nonce(&wallet::address(node), account.nonce);
        let pending: Vec<_> = view.sent_by(&wallet::address(node)).cloned().collect();
        let mut body = wallet::payment(node, next_nonce, self.random.between(1, 20));
        match self.random.below(10) {
            0 => body.expires_at = self.nodes[node].chain.next_height() + self.random.between(0, 3),
            1 if !pending.is_empty() => {
                let replaced = &pending[self.random.below(pending.len())];
                let fee = replaced.fee() + replaced.fee().div_ceil(10).max(1);
                body = wallet::payment(node, replaced.nonce(), fee);
            }
            _ => {}
        }
        let nonce = body.nonce;
        match self.submit(node, body) {
            Ok(()) => self.note(nonce),
            Err(AdmissionError::TooManyPending { .. }) => {}
            Err(error) => panic!("seed {}: an honest payment is refused: {error}", self.setting.seed),
        }
    }

    /// Gives a payment to a node, as a wallet does.
    pub(super) fn submit(&mut self, node: usize, body: TransactionBody) -> Result<(), AdmissionError> {
        let transaction = wallet::sign(&self.setting.spec, body);
        let checked = check_transaction(&self.setting.spec, &Hashes, transaction.clone()).unwrap();
        let now = self.now(node);
        let (admitted, _) = self.nodes[node]
            .change_mempool(now, |mempool, context| mempool.admit(Arc::new(checked), context));
        admitted.map(|()| self.announce_payments(node, vec![transaction]))
    }

    /// Announces payments to all neighbours.
    pub(super) fn announce_payments(&mut self, node: usize, transactions: Vec<Transaction>) {
        let id = mix(self.number());
        self.gossip(node, None, &Message::Payments { id, transactions: Arc::new(transactions) });
    }

    /// Takes a gossiped message with payments.
    pub(super) fn payments_announced(&mut self, to: PeerKey, id: u64, transactions: &Arc<Vec<Transaction>>) {
        let node = self.ends[&to].node;
        let is_new = self.nodes[node].seen.insert(id) && self.may_say(to);
        if is_new && self.admit(to, transactions, true) {
            let message = Message::Payments { id, transactions: Arc::clone(transactions) };
            self.gossip(node, Some(to), &message);
        }
    }

    /// Counts a gossiped message; returns whether it may be looked at.
    pub(super) fn may_say(&mut self, to: PeerKey) -> bool {
        let now = Duration::from_millis(self.now_ms);
        let is_affordable = self.ends.get_mut(&to).is_some_and(|end| end.messages.take(now));
        if !is_affordable {
            self.blame(to, &Fault::Flood("messages"));
        }
        is_affordable
    }

    /// Judges payments as `network` does, the cheap checks first. Returns whether a message with them travels on.
    fn admit(&mut self, from: PeerKey, transactions: &[Transaction], is_gossip: bool) -> bool {
        let now = Duration::from_millis(self.now_ms);
        let end = self.ends.get_mut(&from).unwrap();
        let number = end.node;
        // What was asked for is nobody's flood.
        if is_gossip && !end.transactions.take_many(transactions.len(), now) {
            self.blame(from, &Fault::Flood("transactions"));
            return false;
        }
        let (now, spec) = (self.now(number), Arc::clone(&self.setting.spec));
        let (mut invalid, mut is_whole, mut has_gap, mut admitted) =
            (None::<TxError>, true, false, Vec::new());
        let node = &mut self.nodes[number];
        let (accounts, next_height) = (node.chain.ledger.accounts().clone(), node.chain.next_height());
        let mut good = Vec::new();
        for transaction in transactions {
            match node.mempool.view().worth(&accounts, next_height, &transaction.id(), transaction) {
                Worth::Known => {}
                Worth::Nothing => is_whole = false,
                Worth::Checking => {
                    node.checked += 1;
                    match check_transaction(&spec, &Hashes, transaction.clone()) {
                        Ok(checked) => good.push(checked),
                        Err(error) => invalid = invalid.or(Some(error)),
                    }
                }
            }
        }
        for checked in good {
            let transaction = checked.transaction().clone();
            let admit =
                |mempool: &mut Mempool, context: &Context<'_>| mempool.admit(Arc::new(checked), context);
            match node.change_mempool(now, admit).0 {
                Ok(()) => admitted.push(transaction),
                Err(AdmissionError::AlreadyPending { .. }) => {}
                Err(error) => {
                    is_whole = false;
                    has_gap |= matches!(error, AdmissionError::Rule(TxError::NonceTooHigh { .. }));
                }
            }
        }
        self.ends.get_mut(&from).unwrap().has_more |= is_gossip && has_gap;
        self.note(admitted.len() as u64);
        let travels_on = is_gossip && invalid.is_none() && is_whole && !admitted.is_empty();
        // What came in an answer, or together with something that is not passed on, goes on by itself.
        if !travels_on && !admitted.is_empty() {
            self.announce_payments(number, admitted);
        }
        if let Some(error) = invalid {
            self.blame(from, &Fault::Transaction(error));
        }
        travels_on
    }

    /// Asks new peers what waits there, one that left a gap, and now and then an old one, once the node's own chain is as far as theirs.
    pub(super) fn ask_what_waits(&mut self, node: usize) {
        if self.nodes[node].sync.as_ref().is_none_or(|sync| sync.progress().is_syncing) {
            return;
        }
        // Whom it has for blocks alone shall not learn of it.
        let ends = self.nodes[node].ends.iter().map(|key| (*key, &self.ends[key]));
        let full: Vec<_> = ends.filter(|(_, end)| !end.is_block_only).collect();
        let last = full.iter().filter_map(|(_, end)| end.asked_ms).max();
        let is_time = last.is_some_and(|last| self.now_ms - last >= ASK_AGAIN_MS);
        let longest_ago = full.iter().min_by_key(|(key, end)| (end.asked_ms, *key)).filter(|_| is_time);
        let is_due = |end: &End| {
            end.asked_ms.is_none_or(|asked_ms| end.has_more && self.now_ms - asked_ms >= ASK_FOR_GAP_MS)
        };
        let due = full.iter().filter(|(_, end)| is_due(end));
        for end in due.chain(longest_ago).map(|(key, _)| *key).collect::<BTreeSet<_>>() {
            let asked = self.ends.get_mut(&end).unwrap();
            (asked.asked_ms, asked.has_more) = (Some(self.now_ms), false);
            self.ask(node, end, Request::PendingIds);
        }
    }

    fn ask(&mut self, node: usize, end: PeerKey, body: Request) {
        let request = RequestKey(WAITING | self.number());
        self.nodes[node].asked.insert(request);
        self.send(end, Message::Request { request, body }, 0);
    }

    /// Takes the answer to a question of what waits elsewhere.
    pub(super) fn told_what_waits(&mut self, from: PeerKey, response: Response) {
        let node = self.ends[&from].node;
        match response {
            Response::PendingIds(ids) => {
                let view = self.nodes[node].mempool.view();
                let ids: Vec<_> = ids.into_iter().filter(|id| view.get(id).is_none()).collect();
                if !ids.is_empty() {
                    self.ask(node, from, Request::Transactions { ids });
                }
            }
            Response::Transactions(transactions) => {
                self.admit(from, &transactions, false);
            }
            _ => self.blame(from, &Fault::WrongAnswer("to another question")),
        }
    }

    /// Lets what waits follow a move of the tip.
    pub(super) fn follow_chain(&mut self, number: usize) {
        let now = self.now(number);
        let node = &mut self.nodes[number];
        let moved = node.chain.take_moved();
        // A block may hold another payment with the nonce, which replaced this one or was replaced.
        moved.joined.iter().for_each(|joined| node.promises.take(joined));
        if !moved.touched.is_empty() {
            let follow = |mempool: &mut Mempool, context: &Context<'_>| {
                mempool.follow(&moved.touched, moved.left, context);
            };
            let ((), changes) = node.change_mempool(now, follow);
            let added = changes.iter().filter_map(|change| match change {
                Change::Added(pending) => Some(pending.transaction.transaction().clone()),
                Change::Removed(..) => None,
            });
            let returned: Vec<_> = added.collect();
            if !returned.is_empty() {
                self.announce_payments(number, returned);
            }
        }
        self.keep_promises(number);
    }

    /// Checks that a node still has everything that it promised its own wallet, but for what expired.
    pub(super) fn keep_promises(&mut self, number: usize) {
        let (node, wallet) = (&mut self.nodes[number], wallet::address(number));
        let account = node.chain.ledger.account(&wallet);
        node.promises.expire(account.nonce, node.chain.next_height());
        let sent = node.mempool.view().sent_by(&wallet);
        let pending: BTreeSet<_> = sent.map(|pending| pending.nonce()).collect();
        let lost = node.promises.by_nonce.range(account.nonce..).find(|(nonce, _)| !pending.contains(*nonce));
        assert_eq!(lost, None, "seed {}: node {number} lost a payment", self.setting.seed);
    }

    /// Checks accounts and payments once all honest nodes have mined: they hold the same, all coins are there, and every
    /// payment that was promised is in the chain, each once.
    pub(super) fn check_accounts(&self) {
        let seed = self.setting.seed;
        let (_, first) = self.honest().next().unwrap();
        let coins = u128::from(self.setting.spec.rules().subsidy) * first.chain.height() as u128;
        let mut mined: BTreeMap<_, u64> = BTreeMap::new();
        for hash in &first.chain.best[1..] {
            for transaction in first.chain.blocks[hash].transactions() {
                *mined.entry(*transaction.sender()).or_default() += 1;
            }
        }
        for (number, node) in self.honest() {
            let ledger = &node.chain.ledger;
            let accounts: u128 =
                ledger.accounts().iter().map(|(_, Account { balance, .. })| u128::from(*balance)).sum();
            assert_eq!(accounts, coins, "seed {seed}: the coins of node {number}");
            assert_eq!(ledger.accounts(), first.chain.ledger.accounts(), "seed {seed}: node {number}");
            let account = ledger.account(&wallet::address(number));
            let count = mined.get(&wallet::address(number)).copied().unwrap_or_default();
            assert_eq!(account.nonce, count, "seed {seed}: payments of node {number} in the chain");
            let view = node.mempool.view();
            let (late, early): (Vec<_>, Vec<_>) =
                view.iter().partition(|pending| pending.arrived_at + LATE_S > self.unix_s());
            assert!(early.is_empty(), "seed {seed}: node {number} still holds {early:?}");
            let is_late = |body: &TransactionBody| {
                late.iter().any(|pending| pending.transaction.transaction().body == *body)
            };
            let lost = node.promises.by_nonce.range(account.nonce..).find(|(_, body)| !is_late(body));
            assert_eq!(lost, None, "seed {seed}: a payment of node {number} was never mined");
        }
    }
}
