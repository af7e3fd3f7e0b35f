"""Transactions, blocks and chains: sections 3, 4 and 8 of docs/protocol.md."""

from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric import rsa

from codec import Reader, sha256d, tagged, u8, u32, u64, vec
from keys import sign

MAX_INTEGER = 2**53 - 1

# 3. Transaction


@dataclass
class Transaction:
    sender: bytes
    receiver: bytes
    amount: int
    fee: int
    nonce: int
    expires_at: int = 0
    comment: str = ""
    signature: bytes = b""
    version: int = 1

    def body(self) -> bytes:
        numbers = u64(self.amount) + u64(self.fee) + u64(self.nonce) + u64(self.expires_at)
        return u8(self.version) + vec(self.sender) + self.receiver + numbers + vec(self.comment.encode())

    def signing_bytes(self, genesis_hash: bytes) -> bytes:
        return b"ironchain-transaction-v1" + genesis_hash + self.body()

    def signed(self, key: rsa.RSAPrivateKey, genesis_hash: bytes) -> "Transaction":
        self.signature = sign(key, self.signing_bytes(genesis_hash))
        return self

    def encode(self) -> bytes:
        return self.body() + vec(self.signature)

    def id(self) -> bytes:
        return sha256d(self.encode())

    @staticmethod
    def read(reader: Reader) -> "Transaction":
        version, sender, receiver = reader.integer(1), reader.vec(), reader.take(20)
        numbers = [reader.integer(8) for _ in range(4)]
        return Transaction(sender, receiver, *numbers, reader.string(), reader.vec(), version)

    @staticmethod
    def decode(data: bytes) -> "Transaction":
        reader = Reader(data)
        transaction = Transaction.read(reader)
        reader.end()
        return transaction


def message_bytes(text: str, genesis_hash: bytes) -> bytes:
    """What is signed when somebody signs a text."""
    return b"ironchain-message-v1" + genesis_hash + vec(text.encode())


# 4. Block


@dataclass
class Header:
    version: int
    prev_hash: bytes
    merkle_root: bytes
    time: int
    bits: int
    nonce: int

    def encode(self) -> bytes:
        numbers = u32(self.time) + u32(self.bits) + u32(self.nonce)
        return u32(self.version) + self.prev_hash + self.merkle_root + numbers

    def hash(self) -> bytes:
        return sha256d(self.encode())

    @staticmethod
    def read(reader: Reader) -> "Header":
        version, prev_hash, merkle_root = reader.integer(4), reader.take(32), reader.take(32)
        return Header(version, prev_hash, merkle_root, *[reader.integer(4) for _ in range(3)])


@dataclass
class Coinbase:
    height: int
    miner: bytes
    reward: int
    tx_count: int
    state_root: bytes
    chain_root: bytes
    extra_nonce: int
    message: bytes
    version: int = 1

    def encode(self) -> bytes:
        start = u8(self.version) + u64(self.height) + self.miner + u64(self.reward) + u32(self.tx_count)
        return start + self.state_root + self.chain_root + u64(self.extra_nonce) + vec(self.message)

    def leaf(self) -> bytes:
        return sha256d(self.encode())

    @staticmethod
    def read(reader: Reader) -> "Coinbase":
        version, height, miner = reader.integer(1), reader.integer(8), reader.take(20)
        reward, tx_count = reader.integer(8), reader.integer(4)
        roots = reader.take(32), reader.take(32)
        return Coinbase(height, miner, reward, tx_count, *roots, reader.integer(8), reader.vec(), version)


@dataclass
class Block:
    header: Header
    coinbase: Coinbase
    transactions: list[Transaction] = field(default_factory=list)

    def encode(self) -> bytes:
        body = b"".join(transaction.encode() for transaction in self.transactions)
        return self.header.encode() + self.coinbase.encode() + u32(len(self.transactions)) + body

    def merkle_root(self) -> bytes:
        return merkle_root([self.coinbase.leaf()] + [transaction.id() for transaction in self.transactions])

    @staticmethod
    def decode(data: bytes) -> "Block":
        reader = Reader(data)
        header, coinbase = Header.read(reader), Coinbase.read(reader)
        transactions = [Transaction.read(reader) for _ in range(reader.integer(4))]
        reader.end()
        return Block(header, coinbase, transactions)


def split(count: int) -> int:
    """The largest power of two that is smaller than `count`: where RFC 6962 cuts a tree in two."""
    return 1 << (count - 1).bit_length() - 1


def merkle_root(leaves: list[bytes]) -> bytes:
    if len(leaves) == 1:
        return leaves[0]
    cut = split(len(leaves))
    return sha256d(merkle_root(leaves[:cut]) + merkle_root(leaves[cut:]))


# 8. Chains


@dataclass
class Chain:
    address_prefix: str
    block_time: int
    difficulty_window: int
    limit_bits: int
    subsidy: int
    max_block_bytes: int
    genesis_time: int
    genesis_message: bytes

    def rules(self) -> bytes:
        times = u32(self.block_time) + u32(self.difficulty_window) + u32(self.limit_bits)
        no_upgrades = u32(0)
        sizes = u64(self.subsidy) + u32(self.max_block_bytes) + no_upgrades
        return vec(self.address_prefix.encode()) + times + sizes

    def genesis(self) -> Block:
        empty_state = b"SPARSE_MERKLE_PLACEHOLDER_HASH__"
        rules = tagged("ironchain/chain", self.rules())
        coinbase = Coinbase(0, bytes(20), 0, 0, empty_state, rules, 0, self.genesis_message)
        root = merkle_root([coinbase.leaf()])
        return Block(Header(0x20000000, bytes(32), root, self.genesis_time, self.limit_bits, 0), coinbase)


CHAINS = {
    "main": Chain("iron", 30, 40, 0x1E0FFFFF, 10, 1_000_000, 1795305600, b"Hello World!"),
    "dev": Chain("dev", 2, 10, 0x1F00FFFF, 10, 1_000_000, 1795305600, b"Hello World! (dev)"),
}
