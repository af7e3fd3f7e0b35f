//! Valid traffic, and what becomes of it.

use libp2p::identity::Keypair;
use node::wire::{BlockAnnouncement, Request, Response, TransactionAnnouncement};
use shared::codec;
use shared::hash::TxId;
use shared::spec::ChainSpec;

use super::gossip;
use super::wire::{Frame, PING, SYN, WINDOW_UPDATE, hello, proposal, varint};
use crate::simulation::random::Random;
use crate::support::{address, payment, sign};

/// What honest peers say, layer by layer.
pub(super) struct Corpus {
    /// Before the handshake, in clear.
    pub(super) clear: Vec<Vec<u8>>,
    /// Frames of the multiplexer.
    pub(super) frames: Vec<Frame>,
    /// Protocols, each with what is said first in it.
    pub(super) streams: Vec<(String, Vec<u8>)>,
    /// Answers to questions.
    pub(super) answers: Vec<Vec<u8>>,
}

impl Corpus {
    pub(super) fn new(spec: &ChainSpec) -> Self {
        let protocol = |name: &str| node::wire::protocol_name(spec, name);
        let genesis = spec.genesis();
        let hash = *spec.genesis_hash();
        let transaction = sign(spec, 0, payment(0, address(1), 0));
        let ids = vec![transaction.id(), TxId([7; 32])];
        let requests = [
            Request::Hello(hello(spec)),
            Request::Headers { locator: vec![hash; 11] },
            Request::Blocks { hashes: vec![hash; 3] },
            Request::BlockTransactions { block: hash, indexes: vec![0, 1, 2] },
            Request::PendingIds,
            Request::Transactions { ids: ids.clone() },
        ];
        let answers = [
            Response::Hello(hello(spec)),
            Response::Headers(vec![genesis.header; 3]),
            Response::Blocks(vec![codec::encode(genesis); 2]),
            Response::BlockTransactions(vec![transaction.clone()]),
            Response::PendingIds(ids.clone()),
            Response::Transactions(vec![transaction.clone()]),
        ];
        let block = BlockAnnouncement {
            header: genesis.header,
            coinbase: genesis.coinbase.clone(),
            tx_ids: ids.clone(),
        };
        let transactions = TransactionAnnouncement { transactions: vec![transaction] };
        let key = Keypair::generate_ed25519();
        let (blocks, payments) = (protocol("blocks"), protocol("transactions"));
        let said = |data: &[u8], topic: &str| gossip::publish(&gossip::message(&key, data, 1, topic));
        let ids: Vec<Vec<u8>> = ids.iter().map(|id| id.0.to_vec()).collect();
        let rpcs = [
            said(&codec::encode(&block), &blocks),
            said(&codec::encode(&transactions), &payments),
            gossip::subscribe(&blocks),
            gossip::graft(&blocks),
            gossip::prune(&payments, 60),
            gossip::ihave(&blocks, &ids),
            gossip::ids_in(2, &ids),
            gossip::ids_in(5, &ids),
        ];
        let find_node = [gossip::number(1, 4), gossip::field(2, &[9; 38])].concat();
        let identity =
            [gossip::field(1, &key.public().encode_protobuf()), gossip::field(5, b"/x/1")].concat();
        let framed = |message: &[u8]| [varint(message.len() as u64), message.to_vec()].concat();
        let mut streams = vec![
            (protocol("kad"), framed(&find_node)),
            ("/ipfs/id/push/1.0.0".to_owned(), framed(&identity)),
            ("/ipfs/id/1.0.0".to_owned(), Vec::new()),
            ("/ipfs/ping/1.0.0".to_owned(), vec![5; 32]),
        ];
        streams.extend(requests.iter().map(|request| (protocol("sync"), codec::encode(request))));
        let gossips = ["1.1.0", "1.2.0", "1.0.0"].into_iter().cycle();
        let version = |version| format!("{}/{version}", protocol("gossip"));
        streams.extend(rpcs.iter().zip(gossips).map(|(rpc, named)| (version(named), framed(rpc))));
        let open = |(protocol, message): &(String, Vec<u8>)| {
            Frame::data(SYN, 1, [&proposal(protocol), message.as_slice()].concat())
        };
        let mut frames: Vec<_> = streams.iter().map(open).collect();
        for kind in [WINDOW_UPDATE, PING] {
            frames.push(Frame { kind, flags: SYN, stream: 3, length: 1 << 16, body: Vec::new() });
        }
        frames.push(Frame::data(0, 1, vec![1; 100]));
        // The name of the protocol, and the first message of Noise.
        let clear = [proposal("/noise"), [vec![0, 32], vec![3; 32]].concat()];
        Self {
            clear: vec![clear.concat(), clear[0].clone(), proposal("/tls/1.0.0"), clear[1].clone()],
            frames,
            streams,
            answers: answers.iter().map(codec::encode).collect(),
        }
    }
}

/// Picks one.
pub(super) fn pick<'a, T>(random: &mut Random, from: &'a [T]) -> &'a T {
    &from[random.below(from.len())]
}

/// Changes bytes in one to three places, or makes others.
pub(super) fn mutate(random: &mut Random, bytes: &mut Vec<u8>) {
    for _ in 0..=random.below(3) {
        let length = bytes.len();
        if length == 0 || random.chance(3) {
            *bytes = (0..random.below(300)).map(|_| random.next() as u8).collect();
            continue;
        }
        let (at, to) = (random.below(length), random.below(length));
        match random.below(8) {
            0 => bytes[at] ^= 1 << random.below(8),
            1 => bytes[at] = *pick(random, &[0, 1, 0x7f, 0x80, 0xff]),
            2 => bytes.truncate(at),
            3 => {
                let more = random.below(64);
                bytes.extend((0..more).map(|_| random.next() as u8));
            }
            4 => drop(bytes.drain(at.min(to)..at.max(to))),
            5 => {
                let again = bytes[at.min(to)..at.max(to)].to_vec();
                bytes.splice(at..at, again);
            }
            // A length or a count that promises more than there is.
            6 => {
                let promised = *pick(random, &[u32::MAX, 0x7fff_ffff, 0x0010_0000, 0x0001_0001]);
                let end = length.min(at + 4);
                bytes[at..end].copy_from_slice(&promised.to_le_bytes()[..end - at]);
            }
            _ => bytes.swap(at, to),
        }
    }
}

/// Changes a frame in one of its fields.
pub(super) fn mutate_frame(random: &mut Random, frame: &mut Frame) -> Vec<u8> {
    match random.below(7) {
        0 => frame.kind = random.below(6) as u8,
        1 => frame.flags = random.next() as u16 & 0x1f,
        2 => frame.stream = *pick(random, &[0, 1, 2, 3, 5, 4_000_000_001, u32::MAX]),
        3 => frame.length = *pick(random, &[0, 1, 262_145, 0xffff_0000, u32::MAX]),
        4 => mutate(random, &mut frame.body),
        5 => {
            mutate(random, &mut frame.body);
            frame.length = frame.body.len() as u32;
        }
        _ => {
            let mut bytes = frame.bytes();
            mutate(random, &mut bytes);
            return bytes;
        }
    }
    frame.bytes()
}
