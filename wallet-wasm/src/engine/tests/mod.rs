use serde_json::{Value, json};
use shared::api::views::{HeadView, InfoView};
use shared::consensus::check_transaction;
use shared::hash::{BlockHash, sha256};
use shared::signature::RsaVerifier;
use shared::spec::ChainSpec;
use shared::transaction::Transaction;

use super::*;
use crate::error::KeystoreProblem;
use crate::protocol::{DrillAnswer, PaymentView, Task, WalletAccountView, WalletView};
use crate::session::Timer as SessionTimer;
use crate::tests::{TestRng, account, fixtures, with_pending};

const KEYSTORE: &str = include_str!("../../../vectors/keystore.json");
const PASSPHRASE: &str = "correct hörse";
const URL: &str = "ws://127.0.0.1:1111/ws";

/// The wallet's own account on main, and another's.
fn own() -> &'static str {
    &fixtures()[0].address_main
}

fn other() -> &'static str {
    &fixtures()[1].address_main
}

/// An engine; the test plays the page and the node.
struct Stage {
    engine: Engine<TestRng>,
    /// What it has posted to the page.
    events: Vec<Event>,
    replies: Vec<(u32, Result<Reply, WalletError>)>,
    /// What it has sent to the node: id, method and parameters.
    sent: Vec<(u64, String, Value)>,
    other_effects: Vec<Effect>,
    commands: u32,
    socket: SocketId,
}

impl Stage {
    fn new() -> Self {
        Self {
            engine: Engine::new(TestRng::default()),
            events: Vec::new(),
            replies: Vec::new(),
            sent: Vec::new(),
            other_effects: Vec::new(),
            commands: 0,
            socket: 0,
        }
    }

    /// With a wallet, unlocked, whose node on main says that it has 100 coins at height 1,000.
    fn ready() -> Self {
        let mut stage = Self::new();
        stage.done(Command::Open { node_url: URL.to_owned(), keystore: Some(KEYSTORE.to_owned()) });
        stage.done(Command::Unlock { passphrase: PASSPHRASE.to_owned() });
        stage.connect();
        stage.push_account(&account(own(), 100, 3, 1_000));
        stage.answer_history(&account(own(), 100, 3, 1_000));
        stage.events.clear();
        stage
    }

    fn handle(&mut self, input: Input) {
        self.engine.handle(input, &mut |effect| match effect {
            Effect::Post(FromWorker::Event(event)) => self.events.push(event),
            Effect::Post(FromWorker::Reply { id, result }) => self.replies.push((id, result)),
            Effect::SendText(text) => {
                let request: Value = serde_json::from_str(&text).unwrap();
                let method = request["method"].as_str().unwrap().to_owned();
                self.sent.push((request["id"].as_u64().unwrap(), method, request["params"].clone()));
            }
            Effect::OpenSocket { socket, .. } => self.socket = socket,
            effect => self.other_effects.push(effect),
        });
    }

    /// Sends a command and returns its number.
    fn command(&mut self, command: Command) -> u32 {
        self.commands += 1;
        self.handle(Input::Command(ToWorker { id: self.commands, command }));
        self.commands
    }

    /// Sends a command that is answered at once.
    #[track_caller]
    fn ask(&mut self, command: Command) -> Result<Reply, WalletError> {
        let id = self.command(command);
        self.reply(id).expect("the command is answered at once")
    }

    #[track_caller]
    fn done(&mut self, command: Command) {
        assert_eq!(self.ask(command), Ok(Reply::Done));
    }

    /// Takes out the reply to a command, if there is one.
    fn reply(&mut self, id: u32) -> Option<Result<Reply, WalletError>> {
        let index = self.replies.iter().position(|reply| reply.0 == id)?;
        Some(self.replies.remove(index).1)
    }

    /// Takes out the first request with this method.
    #[track_caller]
    fn request(&mut self, method: &str) -> (u64, Value) {
        let index = self.sent.iter().position(|sent| sent.1 == method);
        let (id, _, params) =
            self.sent.remove(index.unwrap_or_else(|| panic!("{method} in {:?}", self.sent)));
        (id, params)
    }

    fn text(&mut self, message: &Value) {
        self.handle(Input::Session(session::Input::Text(self.socket, message.to_string())));
    }

    fn answer(&mut self, id: u64, result: &impl serde::Serialize) {
        self.text(&json!({"jsonrpc": "2.0", "id": id, "result": result}));
    }

    fn refuse(&mut self, id: u64, rule: &str) {
        let error = json!({"code": -32003, "message": "no", "data": {"rule": rule}});
        self.text(&json!({"jsonrpc": "2.0", "id": id, "error": error}));
    }

    /// Lets the node accept the socket on main, and answers the subscriptions: 1 for heads, 2 for the account.
    fn connect(&mut self) {
        self.connect_to(&ChainSpec::main());
        self.answer_subscriptions();
    }

    fn answer_subscriptions(&mut self) {
        let (heads, _) = self.request("subscribe");
        self.answer(heads, &1);
        if self.sent.iter().any(|sent| sent.1 == "subscribe") {
            let (address, _) = self.request("subscribe");
            self.answer(address, &2);
        }
    }

    fn connect_to(&mut self, chain: &ChainSpec) {
        self.handle(Input::Session(session::Input::Opened(self.socket)));
        let (id, _) = self.request("get_info");
        self.answer(id, &info(*chain.genesis_hash()));
    }

    fn disconnect(&mut self) {
        self.handle(Input::Session(session::Input::Closed(self.socket)));
        self.sent.clear();
    }

    fn redial(&mut self) {
        self.handle(Input::Timer(Timer::Session(SessionTimer::Reconnect(self.socket))));
    }

    fn push(&mut self, subscription: u64, result: &impl serde::Serialize) {
        self.text(&json!({"method": "subscription", "params": {"id": subscription, "result": result}}));
    }

    fn push_account(&mut self, account: &AccountView) {
        self.push(2, account);
    }

    fn answer_history(&mut self, account: &AccountView) {
        let (id, _) = self.request("get_history");
        self.answer(id, &history(account));
    }

    /// Prepares the payment of 50 and 1 to the other account.
    #[track_caller]
    fn prepare(&mut self) -> PaymentView {
        match self.ask(draft(50, 1)) {
            Ok(Reply::Prepared(payment)) => payment,
            reply => panic!("{reply:?}"),
        }
    }

    /// Sends what was prepared, and returns the command's number, the request's and the transaction.
    #[track_caller]
    fn send(&mut self) -> (u32, u64, Transaction) {
        let command = self.command(Command::Send);
        let (request, transaction) = self.submitted();
        (command, request, transaction)
    }

    #[track_caller]
    fn submitted(&mut self) -> (u64, Transaction) {
        let (request, params) = self.request("transaction");
        let bytes = hex::decode(params["transaction"].as_str().unwrap()).unwrap();
        (request, shared::codec::decode(&bytes).unwrap())
    }
}

fn draft(amount: u64, fee: u64) -> Command {
    Command::Prepare { receiver: other().to_owned(), amount, fee, comment: "for the bread".to_owned() }
}

fn info(genesis_hash: BlockHash) -> InfoView {
    InfoView {
        chain: "main".to_owned(),
        genesis_hash,
        height: 1_000,
        headers: None,
        tip: genesis_hash,
        work: "0x1".to_owned(),
        target_block_time: 30,
        mempool_size: 0,
        version: "0.1.0".to_owned(),
        protocol: 1,
        page_sha256: None,
        peer: None,
    }
}

fn history(account: &AccountView) -> HistoryView {
    HistoryView {
        address: account.address.clone(),
        history_len: account.history_len,
        entries: Vec::new(),
        head_before: HistoryHead::default(),
        height: account.height,
    }
}

fn accounts(address: &str) -> Vec<WalletAccountView> {
    let tutorial_address = fixtures()[0].tutorial_address.clone();
    vec![WalletAccountView { address: address.to_owned(), tutorial_address }]
}

fn submitted(tx_id: TxId) -> Value {
    json!({"result": true, "result_message": "accepted", "tx_id": tx_id})
}

mod blocks;
mod network;
mod payments;
mod steering;

#[test]
fn it_opens_shows_the_stored_wallet_and_dials() {
    let mut stage = Stage::new();
    let open = Command::Open { node_url: URL.to_owned(), keystore: Some(KEYSTORE.to_owned()) };
    stage.done(open.clone());
    let locked = WalletView::Locked { accounts: accounts(own()) };
    assert_eq!(stage.events, [Event::Wallet(locked), Event::Connection(Connection::Connecting)]);
    assert_eq!(stage.socket, 1);
    assert_eq!(stage.ask(open), Err(WalletError::BadCommand));
    assert_eq!(stage.socket, 1);
}

#[test]
fn a_damaged_keystore_does_not_keep_it_from_the_node() {
    let mut stage = Stage::new();
    let open = Command::Open { node_url: URL.to_owned(), keystore: Some("{".to_owned()) };
    assert_eq!(stage.ask(open), Err(KeystoreProblem::NotAKeystore.into()));
    assert_eq!(stage.events, [Event::Wallet(WalletView::Absent), Event::Connection(Connection::Connecting)]);
}

#[test]
fn new_words_are_new_and_good() {
    let mut stage = Stage::new();
    let mut made = Vec::new();
    for count in [12, 24, 24] {
        let Ok(Reply::Words { words }) = stage.ask(Command::NewWords { count }) else { panic!("no words") };
        assert_eq!(words.len(), usize::from(count));
        stage.done(Command::CheckWords { words: words.join("\n") });
        made.push(words);
    }
    assert_ne!(made[1], made[2]);
    assert_eq!(stage.ask(Command::NewWords { count: 13 }), Err(WalletError::WordCount { got: 13 }));
    stage.engine.rng.is_empty = true;
    assert_eq!(stage.ask(Command::NewWords { count: 12 }), Err(WalletError::NoRandomness));
}

#[test]
fn wrong_words_are_told_which() {
    let mut stage = Stage::new();
    let typed = fixtures()[0].mnemonic.replacen("abandon", "abandom", 1);
    let unknown = WalletError::UnknownWord {
        position: 1,
        word: "abandom".to_owned(),
        suggestion: Some("abandon".to_owned()),
    };
    assert_eq!(stage.ask(Command::CheckWords { words: typed.clone() }), Err(unknown.clone()));
    let create =
        Command::Create { words: typed, bip39_passphrase: String::new(), passphrase: "12345678".to_owned() };
    assert_eq!(stage.ask(create), Err(unknown));
    let swapped = "zoo ".repeat(12);
    assert_eq!(stage.ask(Command::CheckWords { words: swapped }), Err(WalletError::WordsChecksum));
}

#[test]
fn a_wallet_is_made_with_progress_watched_and_forgotten() {
    let mut stage = Stage::new();
    stage.done(Command::Open { node_url: URL.to_owned(), keystore: None });
    stage.connect();
    stage.events.clear();
    let create = Command::Create {
        words: fixtures()[0].mnemonic.clone(),
        bip39_passphrase: fixtures()[0].passphrase.clone(),
        passphrase: "12345678".to_owned(),
    };
    let Ok(Reply::Keystore { keystore }) = stage.ask(create) else { panic!("no keystore") };
    assert_eq!(stage.events[0], Event::Progress { task: Task::MakingKey, percent: 0 });
    let unlocked = Event::Wallet(WalletView::Unlocked { accounts: accounts(own()) });
    assert_eq!(stage.events.pop(), Some(unlocked));
    let (subscribe, params) = stage.request("subscribe");
    assert_eq!(params, json!({"topic": "address", "address": fixtures()[0].tutorial_address}));
    stage.answer(subscribe, &2);

    let drill = Command::Drill { answers: vec![DrillAnswer { position: 1, word: "zoo".to_owned() }] };
    assert_eq!(stage.ask(drill), Ok(Reply::Drill { wrong: vec![1] }));

    stage.done(Command::Forget);
    assert_eq!(stage.events.pop(), Some(Event::Wallet(WalletView::Absent)));
    assert_eq!(stage.request("unsubscribe").1, json!({"id": 2}));
    let import = Command::ImportKeystore { keystore: keystore.clone(), passphrase: "12345678".to_owned() };
    assert_eq!(stage.ask(import), Ok(Reply::Keystore { keystore }));
}

#[test]
fn it_locks_and_unlocks() {
    let mut stage = Stage::ready();
    stage.done(Command::Lock);
    let locked = Event::Wallet(WalletView::Locked { accounts: accounts(own()) });
    assert_eq!(stage.events, [locked]);
    // Balances stay visible.
    stage.push_account(&account(own(), 110, 3, 1_001));
    assert_eq!(stage.events[1], Event::Account(account(own(), 110, 3, 1_001)));
    let wrong = Command::Unlock { passphrase: "wrong".to_owned() };
    assert_eq!(stage.ask(wrong), Err(WalletError::WrongPassphrase));
    stage.done(Command::Unlock { passphrase: PASSPHRASE.to_owned() });
    assert_eq!(stage.events.pop(), Some(Event::Wallet(WalletView::Unlocked { accounts: accounts(own()) })));
}

#[test]
fn too_many_drills_lock_and_the_page_learns_of_it() {
    let mut stage = Stage::ready();
    let answers = vec![DrillAnswer { position: 1, word: "zoo".to_owned() }; 61];
    assert_eq!(stage.ask(Command::Drill { answers }), Err(WalletError::Locked));
    assert_eq!(stage.events, [Event::Wallet(WalletView::Locked { accounts: accounts(own()) })]);
}

#[test]
fn addresses_are_those_of_the_nodes_chain() {
    let mut stage = Stage::new();
    stage.done(Command::Open { node_url: URL.to_owned(), keystore: Some(KEYSTORE.to_owned()) });
    stage.events.clear();
    stage.connect_to(&ChainSpec::dev());
    let address = &fixtures()[0].address_dev;
    let wallet = Event::Wallet(WalletView::Locked { accounts: accounts(address) });
    assert_eq!(stage.events[0], Event::Connection(Connection::Connected));
    assert_eq!(stage.events[1], wallet);
    let topics: Vec<Value> = stage.sent.iter().map(|sent| sent.2.clone()).collect();
    // An address of main would be refused.
    let address = &fixtures()[0].tutorial_address;
    assert_eq!(topics, [json!({"topic": "heads"}), json!({"topic": "address", "address": address})]);
}

#[test]
fn news_of_the_chain_reach_the_page() {
    let mut stage = Stage::ready();
    let head = HeadView {
        hash: BlockHash([1; 32]),
        height: 1_001,
        time: 1_795_305_630,
        bits: 0x1e0f_ffff,
        tx_count: 0,
        miner: other().to_owned(),
        reward: 10,
        disconnected: 0,
        disconnected_hashes: Vec::new(),
        connected_hashes: Vec::new(),
    };
    stage.push(1, &head);
    assert_eq!(stage.events, [Event::Head(head)]);
}

#[test]
fn the_history_is_fetched_whenever_it_has_changed() {
    let mut stage = Stage::ready();
    let before = account(own(), 100, 3, 1_000);
    let mined = account(own(), 110, 3, 1_001);
    stage.push_account(&mined);
    let (id, params) = stage.request("get_history");
    assert_eq!(params, json!({"address": own(), "limit": 50}));
    stage.answer(id, &history(&mined));
    assert_eq!(stage.events, [Event::Account(mined.clone()), Event::History(history(&mined))]);

    // A payment that only waits is not history.
    stage.push_account(&with_pending(mined, other(), 1, 1));
    assert!(stage.sent.is_empty());
    // A reorg is a change.
    stage.push_account(&before);
    assert_eq!(stage.request("get_history").1["address"], own());
}

#[test]
fn a_history_that_could_not_be_had_is_asked_for_again() {
    let mut stage = Stage::ready();
    let mined = account(own(), 110, 3, 1_001);
    stage.push_account(&mined);
    let (id, _) = stage.request("get_history");
    stage.refuse(id, "X");
    stage.push_account(&mined);
    let (id, _) = stage.request("get_history");
    // An answer for somebody else is no answer.
    stage.answer(id, &history(&account(other(), 1, 1, 1)));
    assert!(!stage.events.iter().any(|event| matches!(event, Event::History(_))));
    stage.push_account(&mined);
    stage.answer_history(&mined);
    assert_eq!(stage.events.pop(), Some(Event::History(history(&mined))));
}

#[test]
fn older_history_is_fetched_when_the_page_asks() {
    let mut stage = Stage::ready();
    let command = stage.command(Command::History { before: Some(7) });
    let (id, params) = stage.request("get_history");
    assert_eq!(params, json!({"address": own(), "before": 7, "limit": 50}));
    let page = history(&account(own(), 100, 3, 1_000));
    stage.answer(id, &page);
    assert_eq!(stage.reply(command), Some(Ok(Reply::History(page))));

    let command = stage.command(Command::History { before: None });
    let (id, _) = stage.request("get_history");
    stage.answer(id, &json!({"entries": "none"}));
    assert_eq!(stage.reply(command), Some(Err(WalletError::BadReply)));
}

#[test]
fn a_transaction_must_be_the_one_that_was_asked_for() {
    let mut stage = Stage::ready();
    let view = with_pending(account(own(), 100, 0, 1), other(), 1, 1).pending.remove(0);
    let tx_id = view.tx_id;
    let status = json!({"transaction": view, "status": "pending"});
    let command = stage.command(Command::Transaction { tx_id });
    let (id, params) = stage.request("get_transaction");
    assert_eq!(params, json!({"tx_id": tx_id}));
    stage.answer(id, &status);
    assert!(
        matches!(stage.reply(command), Some(Ok(Reply::Transaction(status))) if status.transaction == view)
    );

    let command = stage.command(Command::Transaction { tx_id: TxId(sha256(b"other")) });
    let (id, _) = stage.request("get_transaction");
    stage.answer(id, &status);
    assert_eq!(stage.reply(command), Some(Err(WalletError::BadReply)));
}

#[test]
fn what_the_node_says_of_others_is_not_shown() {
    let mut stage = Stage::ready();
    stage.push_account(&account(other(), 1_000_000, 0, 1_001));
    assert!(stage.events.is_empty() && stage.sent.is_empty());
}

#[test]
fn without_a_node_nothing_is_asked() {
    let mut stage = Stage::new();
    stage.done(Command::Open { node_url: URL.to_owned(), keystore: Some(KEYSTORE.to_owned()) });
    for command in
        [Command::History { before: None }, Command::Transaction { tx_id: TxId::default() }, draft(1, 1)]
    {
        assert_eq!(stage.ask(command), Err(WalletError::NotConnected));
    }
    stage.connect();
    // The node has not yet said anything of the account.
    assert_eq!(stage.ask(draft(1, 1)), Err(WalletError::NotConnected));
    stage.disconnect();
    assert!(matches!(
        stage.events.pop(),
        Some(Event::Connection(Connection::Waiting { retry_ms: 250..=500 }))
    ));
    assert_eq!(stage.ask(Command::History { before: None }), Err(WalletError::NotConnected));
}

#[test]
fn without_a_wallet_there_is_nothing_to_show() {
    let mut stage = Stage::new();
    stage.done(Command::Open { node_url: URL.to_owned(), keystore: None });
    stage.connect();
    for command in
        [Command::History { before: None }, draft(1, 1), Command::Unlock { passphrase: String::new() }]
    {
        assert_eq!(stage.ask(command), Err(WalletError::NoWallet));
    }
    let drill = Command::Drill { answers: Vec::new() };
    assert_eq!(stage.ask(drill), Err(WalletError::NoWallet));
}
