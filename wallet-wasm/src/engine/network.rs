//! The node's connections to others, and the branches that they brought.

use rand_core::TryCryptoRng;
use serde_json::value::RawValue;
use shared::api::Request;

use super::{Asked, Engine, Sink, decode, reply};
use crate::error::WalletError;
use crate::protocol::{PeerOrder, Reply};

/// Of what kind an answer is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Forks,
    Peers,
    Bans,
}

impl<R: TryCryptoRng> Engine<R> {
    pub(super) fn ask_forks(&mut self, id: u32) -> Result<(), WalletError> {
        self.session.ask(&Request::GetForks {}, Asked::Network { id, kind: Kind::Forks })
    }

    pub(super) fn order(&mut self, id: u32, order: PeerOrder) -> Result<(), WalletError> {
        let (request, kind) = match order {
            PeerOrder::Look => (Request::GetPeers {}, Kind::Peers),
            PeerOrder::Add { address } => (Request::AddPeer { address }, Kind::Peers),
            PeerOrder::Remove { address } => (Request::RemovePeer { address }, Kind::Peers),
            PeerOrder::Ban { address, seconds, reason } => {
                (Request::Ban { address, seconds: Some(seconds), reason }, Kind::Bans)
            }
            PeerOrder::Unban { address } => (Request::Unban { address }, Kind::Bans),
        };
        self.session.ask(&request, Asked::Network { id, kind })
    }
}

pub(super) fn on_answer(id: u32, kind: Kind, result: Result<Box<RawValue>, WalletError>, sink: Sink<'_>) {
    let answer = result.and_then(|raw| match kind {
        Kind::Forks => decode(&raw).map(Reply::Forks),
        Kind::Peers => decode(&raw).map(Reply::Peers),
        Kind::Bans => decode(&raw).map(Reply::Bans),
    });
    reply(id, answer, sink);
}
