//! The chain thread: takes commands off the queue in batches, so that one durable write serves many submitters.

use std::sync::Arc;
use std::thread::JoinHandle;

use shared::spec::ChainSpec;
use tokio::sync::{broadcast, mpsc, watch};

use super::error::{ChainError, RefusedBlock, SubmitError, SubmitTransactionError, TemplateError};
use super::handle::{ChainHandle, Command, Reply, Submitted};
use super::state::{Accepted, ChainState, Changed, Loading, Options};
use super::view::{ChainEvent, HeadChange, View};
use crate::clock::Clock;
use crate::store::{Store, StoreError};

/// Commands that may wait. When there are more, those who submit wait for room.
const COMMAND_CAPACITY: usize = 4_096;
/// Commands that are answered by one durable write.
const BATCH_COMMANDS: usize = 4_096;
/// Events that a slow receiver may be behind before it loses the oldest.
const EVENT_CAPACITY: usize = 256;

/// The chain thread has ended otherwise than by the drop of the last handle.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ChainThreadError {
    /// The disk failed.
    #[error(transparent)]
    Store(StoreError),
    /// It panicked; its message is in the log.
    #[error("the chain thread panicked; this is a bug: please report the lines above")]
    Panicked,
}

/// The running chain thread.
#[derive(Debug)]
pub struct ChainThread {
    thread: JoinHandle<Result<(), StoreError>>,
}

impl ChainThread {
    /// Waits for the thread's end, which comes when the last handle is dropped or the disk fails. After that
    /// everything that was answered is durable and the store is closed. It blocks: not for async tasks.
    ///
    /// # Errors
    /// When the disk failed or the thread panicked.
    pub fn join(self) -> Result<(), ChainThreadError> {
        match self.thread.join() {
            Ok(end) => end.map_err(ChainThreadError::Store),
            Err(_panic) => Err(ChainThreadError::Panicked),
        }
    }
}

/// Reads the chain from `store` and starts the chain thread.
///
/// # Errors
/// When the store is damaged or the disk fails.
pub fn start(
    spec: Arc<ChainSpec>,
    store: Store,
    clock: Arc<dyn Clock>,
    options: Options,
) -> Result<(ChainHandle, ChainThread), StoreError> {
    start_with(spec, store, clock, options, &mut |_| ())
}

/// The same; `tell` hears how much is read, some times a second.
///
/// # Errors
/// As [`start`].
pub fn start_with(
    spec: Arc<ChainSpec>,
    store: Store,
    clock: Arc<dyn Clock>,
    options: Options,
    tell: &mut dyn FnMut(Loading),
) -> Result<(ChainHandle, ChainThread), StoreError> {
    let reader = store.reader().clone();
    let state = reader.guard(|| ChainState::load(Arc::clone(&spec), store, clock, options, tell))?;
    let (commands, queue) = mpsc::channel(COMMAND_CAPACITY);
    let (publish_view, view) = watch::channel(Arc::new(state.view()));
    let (publish_event, _) = broadcast::channel(EVENT_CAPACITY);
    let events = publish_event.downgrade();

    let loop_ = Loop { state, publish_view, publish_event };
    let thread = std::thread::Builder::new()
        .name("chain".to_owned())
        .spawn(move || loop_.run(queue))
        .map_err(|error| StoreError::Io { path: "chain thread".into(), source: Arc::new(error) })?;
    let handle = ChainHandle { spec, commands, view, events, reader };
    Ok((handle, ChainThread { thread }))
}

struct Loop {
    state: ChainState,
    publish_view: watch::Sender<Arc<View>>,
    publish_event: broadcast::Sender<ChainEvent>,
}

/// Those whose transactions were admitted and wait for the durable write.
type Admitted = Vec<Reply<(), SubmitTransactionError>>;

impl Loop {
    /// Works until the last handle is dropped.
    fn run(mut self, mut queue: mpsc::Receiver<Command>) -> Result<(), StoreError> {
        let mut batch = Vec::new();
        while queue.blocking_recv_many(&mut batch, BATCH_COMMANDS) > 0 {
            // For all that is small; blocks are looked at one by one.
            let room = self.state.store.reader().check_room(0, 0);
            if room.is_ok() {
                self.state.expire();
            }
            let mut admitted = Admitted::new();
            for command in batch.drain(..) {
                self.answer(command, room.clone(), &mut admitted)?;
            }
            self.commit(&mut admitted)?;
        }
        Ok(())
    }

    /// `room` is there on the disk for all that is small, or what to say.
    fn answer(
        &mut self,
        command: Command,
        room: Result<(), StoreError>,
        admitted: &mut Admitted,
    ) -> Result<(), StoreError> {
        match command {
            Command::Transaction(transaction, reply) => {
                let room = room.map_err(SubmitTransactionError::Store);
                let admit = |()| self.state.admit(transaction).map_err(SubmitTransactionError::Refused);
                match room.and_then(admit) {
                    Ok(()) => admitted.push(reply),
                    Err(error) => tell(reply, Err(error)),
                }
            }
            Command::Block(block, source, reply) => {
                self.commit(admitted)?;
                let accepted = self.state.accept(*block, source);
                return self.accepted(accepted, reply, |submitted, refused| {
                    match (submitted.first(), refused) {
                        (_, Some(error)) => Err(error),
                        (Some(submitted), None) => Ok(*submitted),
                        (None, None) => Ok(Submitted::Known),
                    }
                });
            }
            Command::Blocks(blocks, reply) => {
                self.commit(admitted)?;
                let accepted = self.state.accept_all(blocks);
                return self.accepted(accepted, reply, |submitted, refused| {
                    refused.map_or(Ok(()), |error| Err(RefusedBlock { index: submitted.len(), error }))
                });
            }
            Command::Template(miner, reply) => {
                // What could not be stored is not worth searching, nor what is on top of a tip that has lost.
                let room = self.state.check_room_to_mine().map_err(TemplateError::Store);
                tell(
                    reply,
                    room.and_then(|()| self.state.template(miner).map_err(TemplateError::Impossible)),
                );
            }
            Command::Check(transaction, reply) => {
                tell(reply, self.state.check_admission(transaction).map_err(SubmitTransactionError::Refused));
            }
            Command::Headers(reply) => tell(reply, Ok(self.state.headers().clone())),
            Command::Prove(address, reply) => tell(reply, Ok(self.state.prove(&address))),
            Command::Forks(reply) => tell(reply, Ok(self.state.forks())),
            Command::RememberMiner(miner, reply) => {
                if let Err(error) = room {
                    tell(reply, Err(ChainError::Store(error)));
                    return Ok(());
                }
                let stored = self.state.store.set_miner(&miner);
                tell(reply, stored.clone().map_err(ChainError::Store));
                return stored;
            }
        }
        Ok(())
    }

    /// Publishes what became of blocks, and answers who offered them.
    fn accepted<T, E>(
        &mut self,
        accepted: Accepted,
        reply: Reply<T, E>,
        answer: impl FnOnce(&[Submitted], Option<SubmitError>) -> Result<T, E>,
    ) -> Result<(), StoreError> {
        let Accepted { submitted, refused, head } = accepted;
        let failure = match &refused {
            Some(error @ SubmitError::Store(store)) if error.is_failure() => Some(store.clone()),
            _ => None,
        };
        // Whatever a failing disk did not take must not be seen.
        if failure.is_none() && head.is_some() {
            self.publish(head);
        }
        tell(reply, answer(&submitted, refused));
        failure.map_or(Ok(()), Err)
    }

    /// Makes what was admitted durable, publishes it and says so. Before every block: what came before it is durable
    /// before it, and no failure of the block can touch it.
    fn commit(&mut self, admitted: &mut Admitted) -> Result<(), StoreError> {
        let committed = self.state.commit_mempool();
        if matches!(committed, Ok(true)) {
            self.publish(None);
        }
        for reply in admitted.drain(..) {
            tell(reply, committed.clone().map(drop).map_err(SubmitTransactionError::Store));
        }
        committed.map(drop)
    }

    fn publish(&mut self, head: Option<HeadChange>) {
        let view = Arc::new(self.state.view());
        let Changed { touched, mempool, transactions } = self.state.take_changed();
        let (touched, mempool, transactions) = (Arc::new(touched), Arc::new(mempool), Arc::new(transactions));
        self.publish_view.send_replace(Arc::clone(&view));
        // Nobody may be subscribed.
        drop(self.publish_event.send(ChainEvent { view, touched, head, mempool, transactions }));
    }
}

/// Answers; who asked may have gone.
fn tell<T, E>(reply: Reply<T, E>, answer: Result<T, E>) {
    drop(reply.send(answer));
}
