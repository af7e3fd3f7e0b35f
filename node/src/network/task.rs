//! The task that owns all of it: takes what happens, one after another, and does what follows.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, StreamExt as _};
use libp2p::gossipsub::MessageId;
use libp2p::request_response::{InboundRequestId, OutboundRequestId, ResponseChannel};
use libp2p::swarm::ConnectionId;
use libp2p::{PeerId, Swarm};
use shared::hash::{BlockHash, TxId};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use super::answering::Answering;
use super::behaviour::{Behaviour, Topics};
use super::gate::Timer;
use super::join::{Found, JoinError};
use super::meter::Meter;
use super::names::Names;
use super::notices::Notices;
use super::orders::{ORDER_CAPACITY, Order};
use super::outbox::Outbox;
use super::peer::{Budgets, Peer};
use super::saves::Saves;
use super::serve::Answer;
use super::transactions::{Admission, Origin};
use super::turns::Turns;
use super::unsent::Unsent;
use super::{EVENT_CAPACITY, Listening, NetworkError, NetworkEvent, NetworkHandle, Status, limits};
use crate::chain::{ChainEvent, ChainHandle};
use crate::clock::Clock;
use crate::peer_file::{self, PeerFileError};
use crate::peers::{PeerAddress, Saved};
use crate::sync::{Event, Limits, MessageKey, Outcome, PeerKey, Progress, RequestKey, SubmitKey, Sync};
use crate::wire::{BlockAnnouncement, Response};

/// Deadlines are looked at so often, and `sync` wants to hear of the time twice a second.
const TICK: Duration = Duration::from_millis(250);
/// Missing blocks that are worth a word: fewer are there before it is read.
const FAR_BLOCKS: u64 = 100;

/// Something that took a while is done.
pub(super) enum Done {
    /// An answer was made.
    Answer(Asker, Option<Answer>),
    /// The chain judged blocks.
    Submitted(SubmitKey, Vec<BlockHash>, Vec<Outcome>),
    /// A block was read, so that it can be announced.
    Announcement(Option<BlockAnnouncement>),
    /// Transactions were judged.
    Admitted(Origin, Admission),
    /// What is known of others was written down, or was not.
    Saved(Result<(), PeerFileError>),
    /// A name was looked up.
    Found(usize, Result<Found, JoinError>),
}

/// Who asked, and where the answer goes.
pub(super) struct Asker {
    pub(super) id: PeerId,
    pub(super) question: InboundRequestId,
    pub(super) channel: ResponseChannel<Response>,
}

/// What a question was about.
pub(super) enum Asked {
    Hello,
    /// With whether its answer has begun and `sync` has not heard of it.
    Sync(PeerKey, RequestKey, Arc<AtomicBool>),
    Pending,
}

/// A gossiped block that waits for its verdict.
pub(super) struct Judged {
    pub(super) id: MessageId,
    pub(super) source: PeerId,
    pub(super) block: BlockHash,
}

/// See the module.
pub(crate) struct Task {
    pub(super) swarm: Swarm<Behaviour>,
    pub(super) meter: Meter,
    pub(super) topics: Topics,
    pub(super) chain: ChainHandle,
    pub(super) sync: Sync,
    pub(super) timer: Timer,
    pub(super) started: Instant,
    pub(super) saves: Saves,
    pub(super) names: Names,
    /// By id: whatever number of connections there are with one, it is one peer.
    pub(super) peers: BTreeMap<PeerId, Peer>,
    pub(super) keys: BTreeMap<PeerKey, PeerId>,
    pub(super) budgets: Budgets,
    /// Who was sent away, and when its line is cut: nothing that it says counts any more.
    pub(super) leaving: HashMap<PeerId, Instant>,
    pub(super) dials: HashMap<ConnectionId, PeerAddress>,
    pub(super) last_key: u64,
    pub(super) asked: HashMap<OutboundRequestId, Asked>,
    pub(super) judging: BTreeMap<MessageKey, Judged>,
    /// What `sync` is still to hear.
    pub(super) news: VecDeque<Event>,
    /// The blocks that are with the chain because of `sync`, which need not be told of them.
    pub(super) submitting: HashSet<BlockHash>,
    pub(super) submission_turns: Turns,
    /// The last tip that all peers have heard of, from us or by gossip that we let pass.
    pub(super) announced: BlockHash,
    /// The tip of the last chain event.
    pub(super) tip_height: u64,
    /// Transactions from gossip that are with the chain: whether we announce them depends on what it says.
    pub(super) relaying: HashSet<TxId>,
    pub(super) outbox: Outbox,
    pub(super) work: JoinSet<Done>,
    pub(super) answering: Answering,
    pub(super) unsent: Unsent<InboundRequestId>,
    pub(super) admitting: usize,
    pub(super) admission_turns: Turns,
    /// As many transactions as the mempool can hold.
    pub(super) most_pending: usize,
    outlets: Outlets,
    pub(super) notices: Notices,
    /// Whether an operator hears of the progress.
    is_far_behind: bool,
    told_progress: Instant,
}

/// What the network works with.
pub(crate) struct Surroundings {
    pub(crate) chain: ChainHandle,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) data_dir: PathBuf,
    /// The chain's own.
    pub(crate) side_branch_depth: u64,
    /// As many transactions as the mempool can hold.
    pub(crate) most_pending: usize,
}

/// What the task tells others.
struct Outlets {
    is_ready: watch::Sender<bool>,
    status: watch::Sender<Arc<Status>>,
    events: broadcast::Sender<NetworkEvent>,
}

impl Listening {
    /// Returns the handle, and what is to run until the token is cancelled.
    pub(crate) fn start(
        self,
        surroundings: Surroundings,
        token: CancellationToken,
    ) -> (NetworkHandle, BoxFuture<'static, Result<(), NetworkError>>) {
        let height = surroundings.chain.view().tip.height;
        let progress = Progress { height, headers: height, is_syncing: false };
        let status = Status { peers: Vec::new(), named: Vec::new(), progress, is_far_behind: false };
        let (status, watch_status) = watch::channel(Arc::new(status));
        let (events, _) = broadcast::channel(EVENT_CAPACITY);
        let (orders, queue) = mpsc::channel(ORDER_CAPACITY);
        let (is_ready, watch_ready) = watch::channel(self.config.peers.is_empty());
        let handle = NetworkHandle {
            id: *self.swarm.local_peer_id(),
            address: self.address,
            announced: self.config.announce.clone().into(),
            status: watch_status,
            events: events.downgrade(),
            is_ready: watch_ready,
            orders,
        };
        let outlets = Outlets { is_ready, status, events };
        (handle, self.run(surroundings, outlets, queue, token).boxed())
    }

    async fn run(
        self,
        surroundings: Surroundings,
        outlets: Outlets,
        orders: mpsc::Receiver<Order>,
        token: CancellationToken,
    ) -> Result<(), NetworkError> {
        let Self { mut swarm, meter, config, .. } = self;
        let Surroundings { chain, clock, data_dir, side_branch_depth, most_pending } = surroundings;
        let timer = Timer::new(clock);
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(|error| NetworkError::Engine(error.to_string()))?;
        let saved = peer_file::load(&data_dir).unwrap_or_else(|error| {
            tracing::warn!("{error}");
            Saved::default()
        });
        swarm.behaviour_mut().gate.open(config.limits, seed, saved, timer.clone());
        // Before the tree is copied, so that nothing that happens in between is missed.
        let events = chain.events();
        let headers = chain.headers().await.or(Err(NetworkError::ChainStopped))?;
        let tip = chain.view().tip.clone();
        let now = Instant::now();
        let spec = Arc::clone(chain.spec());
        let mut task = Task {
            topics: Topics::new(&spec),
            sync: Sync::new(spec, headers, Limits { side_branch_depth }),
            swarm,
            meter,
            chain,
            timer,
            started: now,
            saves: Saves::new(data_dir, now),
            names: Names::new(config.peers, now),
            peers: BTreeMap::new(),
            keys: BTreeMap::new(),
            budgets: Budgets::new(),
            leaving: HashMap::new(),
            dials: HashMap::new(),
            last_key: 0,
            asked: HashMap::new(),
            judging: BTreeMap::new(),
            news: VecDeque::new(),
            submitting: HashSet::new(),
            submission_turns: Turns::default(),
            announced: tip.hash,
            tip_height: tip.height,
            relaying: HashSet::new(),
            outbox: Outbox::default(),
            work: JoinSet::new(),
            answering: Answering::default(),
            unsent: Unsent::default(),
            admitting: 0,
            admission_turns: Turns::default(),
            most_pending,
            outlets,
            notices: Notices::default(),
            is_far_behind: false,
            told_progress: now,
        };
        let listening: Vec<_> = task.swarm.listeners().cloned().collect();
        listening.iter().for_each(|address| task.listens(address));
        task.run(events, orders, token).boxed().await
    }
}

impl Task {
    async fn run(
        mut self,
        mut events: broadcast::Receiver<ChainEvent>,
        mut orders: mpsc::Receiver<Order>,
        token: CancellationToken,
    ) -> Result<(), NetworkError> {
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                () = token.cancelled() => break,
                // Before the chain's answers, which come after what they are about was published.
                event = events.recv() => match event {
                    Ok(event) => self.chain_changed(&event),
                    Err(RecvError::Lagged(_)) => self.chain_changed_unseen(),
                    Err(RecvError::Closed) => break,
                },
                _ = ticks.tick() => self.tick(),
                Some(done) = self.work.join_next() => {
                    // A panic is in the log. What it was about would be waited for for ever.
                    let done = done.or(Err(NetworkError::Broken))?;
                    self.finished(done);
                }
                Some(order) = orders.recv() => self.carry_out(order),
                () = self.outbox.due() => self.announce_transactions(),
                event = self.swarm.select_next_some() => self.swarm_event(event),
            }
            self.follow();
        }
        self.save();
        // What was begun holds the chain.
        while self.work.join_next().await.is_some() {}
        Ok(())
    }

    fn tick(&mut self) {
        self.tell_what_began();
        self.news.push_back(Event::Tick);
        self.leave_the_silent();
        self.leave_the_unheard();
        self.cut_the_leaving();
        self.dial();
        self.look_up_names();
        self.ask_what_waits();
        if !self.sync.progress().is_syncing {
            self.announce_tip();
        }
        self.tell_progress();
        self.tell_of_clocks();
        self.judge_readiness();
        self.save_aside();
        self.show_status();
    }

    fn finished(&mut self, done: Done) {
        match done {
            Done::Answer(asker, answer) => {
                self.answering.end(&asker.id);
                self.send_answer(asker, answer);
            }
            Done::Submitted(submit, hashes, outcomes) => self.submitted(submit, &hashes, outcomes),
            Done::Announcement(announcement) => self.publish_block(announcement),
            Done::Admitted(origin, admission) => self.admitted(origin, admission),
            Done::Saved(saved) => {
                self.saves.ended();
                if let Err(error) = saved {
                    tracing::warn!("{error}");
                }
            }
            Done::Found(index, found) => self.found(index, found),
        }
    }

    /// Tells how far the chain has come, while it is far behind, and when it no longer is.
    fn tell_progress(&mut self) {
        let progress = self.sync.progress();
        let behind = progress.headers.saturating_sub(progress.height);
        // When all that our clock lets us take is here, what is still to come cannot be counted.
        let is_far = match self.is_far_behind {
            true => behind > 0 || progress.is_syncing,
            false => behind > FAR_BLOCKS,
        };
        let is_due = self.told_progress.elapsed() >= Duration::from_secs(1);
        if is_far && is_due || is_far != self.is_far_behind {
            (self.is_far_behind, self.told_progress) = (is_far, Instant::now());
            self.tell(NetworkEvent::Syncing(progress));
        }
    }

    /// Mining makes sense once the chain of those whom the operator named is ours, or when they are not to be had.
    fn judge_readiness(&mut self) {
        if *self.outlets.is_ready.borrow() {
            return;
        }
        let mut greeted = self.peers.values().filter(|peer| peer.hello.is_some());
        let is_alone = greeted.clone().next().is_none();
        if greeted.clone().any(|peer| peer.is_named) {
            // Strangers have no say in when we begin.
            if !greeted.all(|peer| !peer.is_named || self.sync.is_level_with(peer.key)) {
                return;
            }
        } else if self.started.elapsed() < limits::PATIENCE || !is_alone && self.sync.progress().is_syncing {
            return;
        } else if is_alone {
            let patience = limits::PATIENCE.as_secs();
            self.tell(NetworkEvent::Notice(format!(
                "none of the given peers could be reached within {patience} seconds: going on alone, and trying again \
                 all the time"
            )));
        }
        self.outlets.is_ready.send_replace(true);
    }

    /// Tells an operator.
    pub(super) fn tell(&self, event: NetworkEvent) {
        // Notices too: the console shows them, and whoever reads the log asked for more than warnings.
        tracing::info!("{event}");
        // Nobody may listen.
        drop(self.outlets.events.send(event));
    }

    pub(super) fn show_status(&self) {
        let peers = self.peers.values().filter_map(|peer| peer.status(&self.sync)).collect();
        let (named, progress) = (self.names.status(), self.sync.progress());
        let status = Status { peers, named, progress, is_far_behind: self.is_far_behind };
        self.outlets.status.send_replace(Arc::new(status));
    }

    /// Writes down what is known of others, and waits for it.
    pub(super) fn save(&mut self) {
        if let Some((peers, now)) = self.swarm.behaviour_mut().gate.peers()
            && let Err(error) = self.saves.at_once(&peers.saved(now), Instant::now())
        {
            tracing::warn!("{error}");
        }
    }

    fn save_aside(&mut self) {
        let now = Instant::now();
        if self.saves.is_due(now)
            && let Some((peers, time)) = self.swarm.behaviour_mut().gate.peers()
        {
            let write = self.saves.aside(peers.saved(time), now);
            self.work.spawn_blocking(move || Done::Saved(write()));
        }
    }
}
