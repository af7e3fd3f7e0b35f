//! What libp2p does for us, and within which limits.

use std::io;
use std::time::Duration;

use libp2p::core::Transport as _;
use libp2p::core::upgrade::Version;
use libp2p::gossipsub::{
    self, ConfigBuilder, DataTransform, IdentTopic, IdentityTransform, MessageAuthenticity, MessageId,
    PeerScoreParams, PeerScoreThresholds, RawMessage, TopicHash, TopicScoreParams, ValidationMode,
    WhitelistSubscriptionFilter,
};
use libp2p::identity::Keypair;
use libp2p::kad::store::{MemoryStore, MemoryStoreConfig};
use libp2p::request_response::ProtocolSupport;
use libp2p::swarm::NetworkBehaviour;
use libp2p::swarm::behaviour::toggle::Toggle;
use libp2p::{
    StreamProtocol, Swarm, SwarmBuilder, connection_limits, identify, kad, mdns, memory_connection_limits,
    noise, ping, request_response, tcp,
};
use shared::hash::tagged;
use shared::spec::ChainSpec;

use super::codec::MessageCodec;
use super::finder::Finder;
use super::gate::Gate;
use super::meter::Meter;
use super::muxer::Yamux;
use super::{NetworkError, limits};
use crate::wire::{MAX_MESSAGE_BYTES, WIRE_VERSION, protocol_name};

/// Gossip of blocks.
const BLOCKS: &str = "blocks";
/// Gossip of transactions.
const TRANSACTIONS: &str = "transactions";

/// Everything that is spoken over a connection.
#[derive(NetworkBehaviour)]
pub(super) struct Behaviour {
    pub(super) gate: Gate,
    limits: connection_limits::Behaviour,
    memory: memory_connection_limits::Behaviour,
    identify: identify::Behaviour,
    ping: ping::Behaviour,
    pub(super) finder: Finder,
    pub(super) gossip: Gossip,
    pub(super) messages: request_response::Behaviour<MessageCodec>,
    mdns: Toggle<mdns::tokio::Behaviour>,
}

type Gossip = gossipsub::Behaviour<OnlyOurs, WhitelistSubscriptionFilter>;

/// Refuses messages of other topics than ours. They would be kept until they are forgotten, because nobody judges them.
pub(super) struct OnlyOurs([TopicHash; 2]);

impl DataTransform for OnlyOurs {
    fn inbound_transform(&self, message: RawMessage) -> io::Result<gossipsub::Message> {
        if !self.0.contains(&message.topic) {
            return Err(io::Error::other("a topic that nobody here asked for"));
        }
        IdentityTransform.inbound_transform(message)
    }

    fn outbound_transform(&self, topic: &TopicHash, data: Vec<u8>) -> io::Result<Vec<u8>> {
        IdentityTransform.outbound_transform(topic, data)
    }
}

/// The two things that are gossiped.
#[derive(Debug, Clone)]
pub(super) struct Topics {
    pub(super) blocks: IdentTopic,
    pub(super) transactions: IdentTopic,
}

impl Topics {
    pub(super) fn new(spec: &ChainSpec) -> Self {
        let topic = |name| IdentTopic::new(protocol_name(spec, name));
        Self { blocks: topic(BLOCKS), transactions: topic(TRANSACTIONS) }
    }
}

/// Returns what a node says of its chain and its messages to whoever connects, of any network.
pub(super) fn protocol_version(spec: &ChainSpec) -> String {
    format!("/ironchain/{}/{WIRE_VERSION}", spec.genesis_hash())
}

/// Returns what a node calls itself.
pub(super) fn agent() -> String {
    format!("ironchain/{}", env!("CARGO_PKG_VERSION"))
}

/// Makes the swarm of a node; it listens nowhere yet. `meter` counts its bytes.
pub(super) fn swarm(
    key: Keypair,
    spec: &ChainSpec,
    discover: bool,
    meter: &Meter,
) -> Result<Swarm<Behaviour>, NetworkError> {
    let engine = |error: &dyn std::fmt::Display| NetworkError::Engine(error.to_string());
    let behaviour = Behaviour::new(&key, spec, discover)?;
    let swarm = SwarmBuilder::with_existing_identity(key)
        .with_tokio()
        .with_other_transport(|key| {
            let tcp = tcp::tokio::Transport::new(tcp::Config::default().nodelay(true));
            let encryption = meter.encryption(noise::Config::new(key)?);
            Ok(tcp.upgrade(Version::V1Lazy).authenticate(encryption).multiplex(Yamux))
        })
        .map_err(|error| engine(&error))?
        .with_behaviour(|_| behaviour)
        .map_err(|error| engine(&error))?
        // A peer may have nothing to say. Whoever speaks nothing that we speak says no hello, and is left for that.
        .with_swarm_config(|config| {
            config
                .with_idle_connection_timeout(limits::IDLE)
                .with_max_negotiating_inbound_streams(limits::NEGOTIATIONS)
        })
        .with_connection_timeout(limits::HANDSHAKE)
        .build();
    Ok(swarm)
}

impl Behaviour {
    fn new(key: &Keypair, spec: &ChainSpec, discover: bool) -> Result<Self, NetworkError> {
        let engine = |error: &dyn std::fmt::Display| NetworkError::Engine(error.to_string());
        let id = key.public().to_peer_id();
        // What strangers say of their addresses is not kept: whoever is dialled by its id would be sought there.
        let identify = identify::Config::new(protocol_version(spec), key.public())
            .with_agent_version(agent())
            .with_cache_size(0);
        let mdns =
            || mdns::tokio::Behaviour::new(mdns::Config::default(), id).map_err(|error| engine(&error));
        let mdns = if discover { Some(mdns()?) } else { None };
        let max_block_bytes = usize::try_from(spec.rules().max_block_bytes).unwrap_or(usize::MAX);
        // A chain of one's own may have blocks that do not fit elsewhere.
        let codec = MessageCodec::new(MAX_MESSAGE_BYTES.max(max_block_bytes.saturating_add(64)));
        let requests = request_response::Config::default()
            .with_request_timeout(limits::ANSWER)
            .with_max_concurrent_streams(limits::REQUESTS_AT_ONCE);
        Ok(Self {
            gate: Gate::closed(),
            limits: connection_limits::Behaviour::new(
                connection_limits::ConnectionLimits::default()
                    .with_max_pending_incoming(Some(limits::PENDING_INBOUND))
                    .with_max_pending_outgoing(Some(limits::PENDING_OUTBOUND))
                    .with_max_established_incoming(Some(limits::INBOUND))
                    .with_max_established_per_peer(Some(limits::CONNECTIONS_PER_PEER)),
            ),
            memory: memory_connection_limits::Behaviour::with_max_percentage(limits::MEMORY_SHARE),
            identify: identify::Behaviour::new(identify),
            ping: ping::Behaviour::new(ping::Config::new().with_interval(limits::PING)),
            finder: Finder::new(kademlia(key, spec)?),
            gossip: gossip(key, spec, max_block_bytes)?,
            messages: request_response::Behaviour::with_codec(
                codec,
                [(protocol(spec, "sync")?, ProtocolSupport::Full)],
                requests,
            ),
            mdns: mdns.into(),
        })
    }
}

fn protocol(spec: &ChainSpec, name: &str) -> Result<StreamProtocol, NetworkError> {
    StreamProtocol::try_from_owned(protocol_name(spec, name))
        .map_err(|error| NetworkError::Engine(error.to_string()))
}

/// Finds other nodes and nothing else: no records are kept for anybody.
fn kademlia(key: &Keypair, spec: &ChainSpec) -> Result<kad::Behaviour<MemoryStore>, NetworkError> {
    let mut config = kad::Config::new(protocol(spec, "kad")?);
    config
        .set_record_filtering(kad::StoreInserts::FilterBoth)
        // Only addresses that passed our own rules come in.
        .set_kbucket_inserts(kad::BucketInserts::Manual)
        .set_periodic_bootstrap_interval(Some(limits::LOOK_AROUND))
        .set_query_timeout(limits::REQUEST);
    let id = key.public().to_peer_id();
    let nothing = MemoryStoreConfig { max_records: 0, max_provided_keys: 0, ..MemoryStoreConfig::default() };
    let mut kad = kad::Behaviour::with_config(id, MemoryStore::with_config(id, nothing), config);
    kad.set_mode(Some(kad::Mode::Server));
    Ok(kad)
}

fn gossip(key: &Keypair, spec: &ChainSpec, max_block_bytes: usize) -> Result<Gossip, NetworkError> {
    let engine = |error: &dyn std::fmt::Display| NetworkError::Engine(error.to_string());
    let topics = Topics::new(spec);
    let config = ConfigBuilder::default()
        .protocol_id_prefix(protocol_name(spec, "gossip"))
        .validation_mode(ValidationMode::Strict)
        .validate_messages()
        // Whatever number a message claims: its content makes it, and who first said it. A node that learnt of a block
        // by asking may so announce it to those who could not follow when it was announced before.
        .message_id_fn(|message: &gossipsub::Message| {
            let source = message.source.map(libp2p::PeerId::to_bytes).unwrap_or_default();
            MessageId::from(tagged(
                "ironchain/gossip",
                &[&source, message.topic.as_str().as_bytes(), &message.data],
            ))
        })
        // An id takes 32 bytes, and a transaction never less than 500.
        .max_transmit_size((max_block_bytes / 16).max(limits::GOSSIP_BYTES))
        // Its messages are kept until they are judged, and blocks may first have to be fetched.
        .history_length(limits::GOSSIP_HEARTBEATS)
        .duplicate_cache_time(limits::GOSSIP_MEMORY)
        .connection_handler_queue_len(limits::GOSSIP_QUEUE)
        .flood_publish(true)
        .build()
        .map_err(|error| engine(&error))?;
    let ours = [topics.blocks.hash(), topics.transactions.hash()];
    let mut gossip = gossipsub::Behaviour::new_with_subscription_filter_and_transform(
        MessageAuthenticity::Signed(key.clone()),
        config,
        WhitelistSubscriptionFilter(ours.clone().into()),
        OnlyOurs(ours),
    )
    .map_err(|error| engine(&error))?;
    gossip.with_peer_score(scores(&topics), thresholds()).map_err(|error| engine(&error))?;
    for topic in [&topics.blocks, &topics.transactions] {
        gossip.subscribe(topic).map_err(|error| engine(&error))?;
    }
    Ok(gossip)
}

/// A peer gains a little by being there and by bringing news first, and loses much by what we reject. Silence costs
/// nothing: blocks are rare. A slow line costs nothing either, but what does not fit it; a hundred promises that were
/// not kept at once are no slow line any more. How many share an IP address is limited elsewhere.
fn scores(topics: &Topics) -> PeerScoreParams {
    let topic = TopicScoreParams {
        topic_weight: 1.0,
        time_in_mesh_weight: 0.01,
        time_in_mesh_quantum: Duration::from_secs(1),
        time_in_mesh_cap: 100.0,
        first_message_deliveries_weight: 0.1,
        first_message_deliveries_decay: gossipsub::score_parameter_decay(Duration::from_mins(10)),
        first_message_deliveries_cap: 100.0,
        mesh_message_deliveries_weight: 0.0,
        mesh_failure_penalty_weight: 0.0,
        invalid_message_deliveries_weight: -10.0,
        invalid_message_deliveries_decay: gossipsub::score_parameter_decay(Duration::from_mins(10)),
        ..TopicScoreParams::default()
    };
    PeerScoreParams {
        topics: [(topics.blocks.hash(), topic.clone()), (topics.transactions.hash(), topic)].into(),
        topic_score_cap: 20.0,
        ip_colocation_factor_weight: 0.0,
        slow_peer_weight: 0.0,
        behaviour_penalty_threshold: 100.0,
        retain_score: limits::GOSSIP_SCORE_MEMORY,
        ..PeerScoreParams::default()
    }
}

/// Two rejected messages cost a peer its gossip, three its connection.
fn thresholds() -> PeerScoreThresholds {
    PeerScoreThresholds {
        gossip_threshold: -20.0,
        publish_threshold: -40.0,
        graylist_threshold: limits::UNHEARD,
        accept_px_threshold: 0.0,
        opportunistic_graft_threshold: 1.0,
    }
}
