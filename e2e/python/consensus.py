"""Rules of the Ironchain protocol: sections 5 to 7 and 10 of docs/protocol.md, and keys from words (section 2).

`Ledger` checks a whole chain from genesis without believing anybody: slow, short, and written from the page alone.
"""

import unicodedata
from dataclasses import dataclass, replace
from hashlib import pbkdf2_hmac
from math import gcd, lcm

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from protocol import (
    EXPONENT, MAX_INTEGER, Block, Chain, DecodeError, Header, Transaction, address_of, check_modulus, sha256, sha256d,
    split, tagged, u32, u64, verify,
)  # fmt: skip

# 2. Keys from words

SMALL_PRIMES = [n for n in range(3, 2000, 2) if all(n % d for d in range(3, int(n**0.5) + 1, 2))]


def is_prime(n: int) -> bool:
    """Trial division, then Miller-Rabin with 30 bases: no random 1024-bit composite passes."""
    if any(n % prime == 0 for prime in SMALL_PRIMES):
        return False
    shift = (n - 1 & 1 - n).bit_length() - 1
    for base in [2] + SMALL_PRIMES[:29]:
        x = pow(base, n - 1 >> shift, n)
        if x not in (1, n - 1) and not any((x := x * x % n) == n - 1 for _ in range(shift - 1)):
            return False
    return True


def next_prime(stream, taken: int | None) -> int:
    while True:
        candidate = int.from_bytes(stream(128), "big") | 3 << 1022 | 1
        while candidate.bit_length() == 1024:
            if candidate != taken and gcd(candidate - 1, EXPONENT) == 1 and is_prime(candidate):
                return candidate
            candidate += 2


def seed_of_words(words: str, passphrase: str) -> bytes:
    """The seed of BIP-39."""
    words, passphrase = (unicodedata.normalize("NFKD", text).encode() for text in (words, passphrase))
    return pbkdf2_hmac("sha512", words, b"mnemonic" + passphrase, 2048, 64)


def key_of_seed(seed: bytes, account: int) -> rsa.RSAPrivateKey:
    key = HKDF(hashes.SHA256(), 32, salt=b"ironchain/rsa-account", info=u32(account)).derive(seed)
    keystream = Cipher(algorithms.ChaCha20(key, bytes(16)), mode=None).encryptor()

    def stream(count: int) -> bytes:
        return keystream.update(bytes(count))

    p = next_prime(stream, None)
    q = next_prime(stream, p)
    while abs(p - q) < 1 << 924:
        q = next_prime(stream, p)
    p, q = max(p, q), min(p, q)
    d = pow(EXPONENT, -1, lcm(p - 1, q - 1))
    public = rsa.RSAPublicNumbers(EXPONENT, p * q)
    return rsa.RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), public).private_key()


# 5. State


@dataclass
class Account:
    balance: int = 0
    nonce: int = 0
    history_len: int = 0
    history_head: bytes = bytes(32)

    def encode(self) -> bytes:
        return u64(self.balance) + u64(self.nonce) + u64(self.history_len) + self.history_head

    def record(self, entry: bytes, height: int) -> None:
        self.history_head = tagged("ironchain/history", self.history_head + entry + u64(height))
        self.history_len += 1


def reward_entry(height: int, reward: int) -> bytes:
    return tagged("ironchain/coinbase", u64(height) + u64(reward))


EMPTY_SUBTREE = b"SPARSE_MERKLE_PLACEHOLDER_HASH__"


def state_leaf(key: bytes, value_hash: bytes) -> bytes:
    return sha256(b"JMT::LeafNode" + key + value_hash)


def state_node(left: bytes, right: bytes) -> bytes:
    return sha256(b"JMT::IntrnalNode" + left + right)


def bit(key: bytes, depth: int) -> int:
    """The bit that decides at `depth`: 0 goes left."""
    return key[depth // 8] >> 7 - depth % 8 & 1


def state_root(values: dict[bytes, bytes]) -> bytes:
    """The root over {address: encoded account}."""
    return subtree([(sha256(address), sha256(value)) for address, value in values.items()], 0)


def subtree(leaves: list[tuple[bytes, bytes]], depth: int) -> bytes:
    if not leaves:
        return EMPTY_SUBTREE
    if len(leaves) == 1:
        return state_leaf(*leaves[0])
    sides = [[leaf for leaf in leaves if bit(leaf[0], depth) == side] for side in (0, 1)]
    return state_node(subtree(sides[0], depth + 1), subtree(sides[1], depth + 1))


def chain_root(headers: list[Header]) -> bytes:
    """The mountain range over all headers from genesis on. A node: (hash, work, times, bits)."""
    peaks = []
    for header in headers:
        node, size = chain_leaf(header), 1
        while peaks and peaks[-1][1] == size:
            node, size = chain_merge(peaks.pop()[0], node), size * 2
        peaks.append((node, size))
    bagged = peaks.pop()[0]
    while peaks:
        bagged = chain_merge(peaks.pop()[0], bagged)
    return tagged("ironchain/chain-root", chain_node_bytes(bagged) + u64(len(headers)))


def chain_leaf(header: Header):
    return (header.hash(), work(header.bits), header.time, header.time, header.bits, header.bits)


def chain_node_bytes(node) -> bytes:
    return node[0] + node[1].to_bytes(32, "little") + b"".join(u32(number) for number in node[2:])


def chain_merge(left, right):
    hash_ = tagged("ironchain/chain-node", chain_node_bytes(left) + chain_node_bytes(right))
    return (hash_, left[1] + right[1], left[2], right[3], left[4], right[5])


# 7. Difficulty


def target_of(bits: int) -> int:
    size, mantissa = bits >> 24, bits & 0xFFFFFF
    target = mantissa << 8 * (size - 3) if size > 3 else mantissa >> 8 * (3 - size)
    if not 1 <= target < 1 << 256 or compact(target) != bits:
        raise DecodeError(f"{bits:#010x} is not a canonical target")
    return target


def compact(target: int) -> int:
    size = (target.bit_length() + 7) // 8
    mantissa = target << 8 * (3 - size) if size <= 3 else target >> 8 * (size - 3)
    if mantissa & 0x800000:
        mantissa, size = mantissa >> 8, size + 1
    return size << 24 | mantissa


def work(bits: int) -> int:
    return (1 << 256) // (target_of(bits) + 1)


def next_bits(chain: Chain, parent_bits: int, parent_time: int, grandparent_time: int | None, time: int) -> int:
    target, period = target_of(parent_bits), chain.block_time
    if grandparent_time is not None:
        solve = max(1, min(parent_time - grandparent_time, 100 * period))
        window = chain.difficulty_window * period
        target = max(1, target * (window + solve - period) // window)
    target <<= (time - parent_time) // (240 * period)
    return compact(min(target, target_of(chain.limit_bits)))


# 6. Rules


class RuleBroken(Exception):
    """The first rule, in the order of the table, that something breaks."""

    def __init__(self, rule: str):
        super().__init__(rule)
        self.rule = rule


def require(fine: bool, rule: str) -> None:
    if not fine:
        raise RuleBroken(rule)


def check_transaction(transaction: Transaction, genesis_hash: bytes) -> None:
    """TX-1 to TX-4: what needs no state."""
    try:
        check_modulus(transaction.sender)
    except DecodeError:
        raise RuleBroken("TX-1") from None
    signed = len(transaction.signature) == len(transaction.sender)
    require(transaction.version == 1 and signed and transaction.amount >= 1, "TX-1")
    numbers = [transaction.amount + transaction.fee, transaction.nonce, transaction.expires_at]
    require(max(numbers) <= MAX_INTEGER, "TX-2")
    control = any(ord(c) < 0x20 or 0x7F <= ord(c) <= 0x9F for c in transaction.comment)
    require(len(transaction.comment.encode()) <= 256 and not control, "TX-3")
    signing_bytes = transaction.signing_bytes(genesis_hash)
    require(verify(transaction.sender, signing_bytes, transaction.signature), "TX-4")


class Ledger:
    """A chain, checked block by block from genesis. The rule about the clock (HDR-6) is left out."""

    def __init__(self, chain: Chain):
        self.chain = chain
        genesis = chain.genesis().header
        self.genesis_hash = genesis.hash()
        self.headers = [genesis]
        self.accounts: dict[bytes, Account] = {}

    def extend(self, block: Block) -> None:
        """Checks `block` as the next one and applies it; on RuleBroken nothing has changed."""
        self.check_header(block.header)
        require(len(block.encode()) <= self.chain.max_block_bytes, "BLK-1")
        require(block.header.merkle_root == block.merkle_root(), "BLK-2")
        coinbase = block.coinbase
        shape = (coinbase.version, coinbase.height, coinbase.tx_count)
        require(shape == (1, len(self.headers), len(block.transactions)), "BLK-3")
        require(len(coinbase.message) <= 64, "BLK-3")
        for transaction in block.transactions:
            check_transaction(transaction, self.genesis_hash)
        accounts = self.apply(block)
        require(coinbase.reward == self.chain.subsidy + sum(t.fee for t in block.transactions), "BLK-4")
        require(coinbase.chain_root == chain_root(self.headers), "BLK-5")
        encoded = {address: account.encode() for address, account in accounts.items()}
        require(coinbase.state_root == state_root(encoded), "BLK-6")
        self.accounts = accounts
        self.headers.append(block.header)

    def check_header(self, header: Header) -> None:
        parent = self.headers[-1]
        grandparent_time = self.headers[-2].time if len(self.headers) > 1 else None
        require(header.version & ~0x1FFFE000 == 0x20000000, "HDR-1")
        require(header.prev_hash == parent.hash(), "HDR-2")
        time = max(header.time, parent.time)
        require(header.bits == next_bits(self.chain, parent.bits, parent.time, grandparent_time, time), "HDR-3")
        require(int.from_bytes(header.hash(), "little") <= target_of(header.bits), "HDR-4")
        require(header.time > parent.time, "HDR-5")

    def apply(self, block: Block) -> dict[bytes, Account]:
        accounts = {address: replace(account) for address, account in self.accounts.items()}
        height = block.coinbase.height

        def account(address: bytes) -> Account:
            return accounts.setdefault(address, Account())

        for transaction in block.transactions:
            address = address_of(transaction.sender)
            sender, receiver = account(address), account(transaction.receiver)
            require(transaction.expires_at == 0 or height <= transaction.expires_at, "TX-5")
            require(transaction.nonce == sender.nonce, "TX-6")
            require(sender.balance >= transaction.amount + transaction.fee, "TX-7")
            sender.balance -= transaction.amount + transaction.fee
            sender.nonce += 1
            receiver.balance += transaction.amount
            require(receiver.balance <= MAX_INTEGER, "TX-7")
            sender.record(transaction.id(), height)
            if receiver is not sender:
                receiver.record(transaction.id(), height)
        miner, reward = account(block.coinbase.miner), block.coinbase.reward
        miner.balance += reward
        require(miner.balance <= MAX_INTEGER, "TX-7")
        miner.record(reward_entry(height, reward), height)
        return accounts


# 10. Proofs


def merkle_proof_root(index: int, count: int, leaf: bytes, siblings: list[bytes]) -> bytes:
    """The root that a proof leads to; `siblings` go from the leaf up, `leaf` is the bytes that are hashed."""
    require(0 <= index < count, "index")
    lefts = []  # For each level from the root down: is our leaf in the left part?
    while count > 1:
        cut = split(count)
        lefts.append(index < cut)
        index, count = (index, cut) if index < cut else (index - cut, count - cut)
    require(len(siblings) == len(lefts), "siblings")
    root = sha256d(leaf)
    for sibling, left in zip(siblings, reversed(lefts)):
        root = sha256d(root + sibling if left else sibling + root)
    return root


def account_proof_root(address: bytes, value: bytes | None, leaf, siblings: list[bytes]) -> bytes:
    """The state root that a proof leads to; `siblings` go from the root down."""
    key = sha256(address)
    require(len(siblings) <= 256, "siblings")
    if value is not None:
        require(leaf == (key, sha256(value)), "leaf")
    elif leaf is not None:
        shared = all(bit(leaf[0], depth) == bit(key, depth) for depth in range(len(siblings)))
        require(leaf[0] != key and shared, "leaf")
    root = state_leaf(*leaf) if leaf is not None else EMPTY_SUBTREE
    for depth in reversed(range(len(siblings))):
        root = state_node(siblings[depth], root) if bit(key, depth) else state_node(root, siblings[depth])
    return root
