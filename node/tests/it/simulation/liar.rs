//! Peers that lie. Each follows the chain as an honest node does, and then does one thing wrong.

use node::wire::{Hello, MAX_HEADERS, Request, Response};
use shared::block::{Block, Header};
use shared::codec;
use shared::hash::BlockHash;
use shared::transaction::Transaction;

use super::random::Random;

/// In which way a node lies; the ids are those of `docs/attacks.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lie {
    /// Tells headers and announces, and never gives a block or a transaction (P3, F8).
    Withholds,
    /// The same, but for the first bytes of it (P4).
    Begins,
    /// Gives everything too late (P4).
    Drips,
    /// Claims all the work in the world and tells nothing (Z8).
    Claims,
    /// Tells a long chain of the cheapest headers, from genesis (F4, G6).
    CheapHeaders,
    /// Tells headers without work (F4).
    NoWork,
    /// Gives bodies that are not their headers' (A6, A7).
    Corrupts,
    /// Answers something else, twice, or what nobody asked (F10).
    Babbles,
    /// Announces blocks without end that follow nothing (F2, F5, F15).
    Floods,
    /// Mines invalid blocks and builds on them (G10).
    Invalid,
    /// Mines invalid blocks beside the best chain, where nobody looks into them (Z4).
    InvalidSide,
    /// Mines blocks beside the tip, of equal work (G8).
    Flaps,
    /// Tells addresses where nobody is, and those of liars (P1, F9).
    Poisons,
    /// Passes on payments of its own whose signatures are bad (B17).
    BadSignatures,
    /// Passes on payments without end that nobody can pay, or that come too soon (H1, H2, Z3).
    FloodsPayments,
    /// Repeats what was mined, and replaces its own payments for one coin more (A10, H5).
    Replays,
}

impl Lie {
    pub(super) const ALL: [Self; 16] = [
        Self::Withholds,
        Self::Begins,
        Self::Drips,
        Self::Claims,
        Self::CheapHeaders,
        Self::NoWork,
        Self::Corrupts,
        Self::Babbles,
        Self::Floods,
        Self::Invalid,
        Self::InvalidSide,
        Self::Flaps,
        Self::Poisons,
        Self::BadSignatures,
        Self::FloodsPayments,
        Self::Replays,
    ];

    /// Returns whether it looks into no block, and mines invalid ones.
    pub(super) fn believes_all(self) -> bool {
        matches!(self, Self::Invalid | Self::InvalidSide)
    }

    pub(super) fn hello(self, honest: Hello, cheap: &[(BlockHash, Header)]) -> Hello {
        match self {
            Self::Claims => Hello { work: [0x7f; 32], tip: BlockHash([7; 32]), ..honest },
            Self::CheapHeaders => {
                let tip = cheap.last().map_or(honest.tip, |(hash, _)| *hash);
                Hello { work: [0x7f; 32], tip, ..honest }
            }
            _ => honest,
        }
    }

    /// Returns what it answers in place of what is `honest`, if anything, and how much later, in milliseconds.
    pub(super) fn answer(
        self,
        honest: Response,
        request: &Request,
        cheap: &[(BlockHash, Header)],
        random: &mut Random,
    ) -> Option<(Response, u64)> {
        let answer = match (self, request) {
            (
                Self::Withholds | Self::Begins,
                Request::Blocks { .. } | Request::BlockTransactions { .. } | Request::Transactions { .. },
            ) => return None,
            (Self::Drips, _) => return Some((honest, random.between(3_000, 40_000))),
            (Self::Claims, Request::Headers { .. }) => Response::Headers(Vec::new()),
            (Self::Claims, Request::Blocks { .. }) => Response::Blocks(Vec::new()),
            (Self::CheapHeaders, Request::Headers { locator }) => {
                let place = |hash: &BlockHash| cheap.iter().position(|(other, _)| other == hash);
                let from = locator.iter().find_map(place).map_or(0, |place| place + 1);
                let after = cheap.iter().skip(from).take(MAX_HEADERS);
                Response::Headers(after.map(|(_, header)| *header).collect())
            }
            (Self::NoWork, Request::Headers { locator }) => match honest {
                Response::Headers(mut headers) => {
                    // One more than there is, whose bits may be wrong as well.
                    let tip = headers.last().map(Header::hash).or_else(|| locator.first().copied());
                    let last = headers.last().map_or(cheap[0].1, |last| *last);
                    let nonce = random.next() as u32;
                    headers.push(Header { prev_hash: tip.unwrap_or_default(), nonce, ..last });
                    Response::Headers(headers)
                }
                other => other,
            },
            (Self::Corrupts, _) => corrupt(honest),
            (Self::Babbles, _) => match random.below(4) {
                0 => Response::Headers(vec![Header { nonce: random.next() as u32, ..cheap[0].1 }; 3]),
                1 => Response::Blocks(vec![vec![0; 100]; 200]),
                2 => Response::PendingIds(Vec::new()),
                _ => Response::BlockTransactions(Vec::new()),
            },
            _ => honest,
        };
        Some((answer, 0))
    }
}

fn corrupt(response: Response) -> Response {
    match response {
        Response::Blocks(blocks) => {
            let corrupt = |bytes: Vec<u8>| {
                let mut block: Block = codec::decode(&bytes).unwrap();
                block.coinbase.extra_nonce ^= 1;
                codec::encode(&block)
            };
            Response::Blocks(blocks.into_iter().map(corrupt).collect())
        }
        Response::BlockTransactions(transactions) => Response::BlockTransactions(corrupt_all(transactions)),
        Response::Transactions(transactions) => Response::Transactions(corrupt_all(transactions)),
        other => other,
    }
}

fn corrupt_all(mut transactions: Vec<Transaction>) -> Vec<Transaction> {
    transactions.iter_mut().for_each(|transaction| transaction.body.amount ^= 2);
    transactions
}
