//! Peers that break the rules of every layer, over real sockets.

mod flood;
mod gossip;
mod judged;
mod multiplexer;
mod mutate;
mod payments;
mod progress;
mod pubsub;
mod signatures;
mod slow;
mod victim;
mod wire;
