"""State, rules, difficulty and proofs: sections 5, 6, 7 and 10 of docs/protocol.md.

`Ledger` checks a whole chain from genesis and believes nobody: slow, short, written from that page alone.
"""

from dataclasses import dataclass, replace

from blocks import MAX_INTEGER, Block, Chain, Header, Transaction, split
from codec import DecodeError, sha256, sha256d, tagged, u32, u64
from keys import address_of, check_modulus, verify

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


class MountainRange:
    """Headers from genesis on, and the root over them. A node: (hash, work, two times, two bits)."""

    def __init__(self):
        self.count = 0
        self.peaks = []  # (node, number of headers below it), larger ones first.

    def append(self, header: Header) -> None:
        node, size = chain_leaf(header), 1
        while self.peaks and self.peaks[-1][1] == size:
            node, size = chain_merge(self.peaks.pop()[0], node), size * 2
        self.peaks.append((node, size))
        self.count += 1

    def root(self) -> bytes:
        bagged = self.peaks[-1][0]
        for peak, _ in reversed(self.peaks[:-1]):
            bagged = chain_merge(peak, bagged)
        return tagged("ironchain/chain-root", chain_node_bytes(bagged) + u64(self.count))


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


def next_bits(chain: Chain, bits: int, parent_time: int, grandparent_time: int | None, time: int) -> int:
    """The bits of a block stamped `time` on a parent that has `bits`; without grandparent it is genesis."""
    target, period = target_of(bits), chain.block_time
    if grandparent_time is not None:
        solve = max(1, min(parent_time - grandparent_time, 100 * period))
        window = chain.difficulty_window * period
        target = max(1, target * (window + solve - period) // window)
    target <<= max(0, time - parent_time) // (240 * period)
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


def check_shape(transaction: Transaction, _genesis_hash: bytes) -> None:
    try:
        check_modulus(transaction.sender)
    except DecodeError:
        raise RuleBroken("TX-1") from None
    signed = len(transaction.signature) == len(transaction.sender)
    require(transaction.version == 1 and signed and transaction.amount >= 1, "TX-1")


def check_integers(transaction: Transaction, _genesis_hash: bytes) -> None:
    numbers = [transaction.amount + transaction.fee, transaction.nonce, transaction.expires_at]
    require(max(numbers) <= MAX_INTEGER, "TX-2")


def check_comment(transaction: Transaction, _genesis_hash: bytes) -> None:
    control = any(ord(c) < 0x20 or 0x7F <= ord(c) <= 0x9F for c in transaction.comment)
    require(len(transaction.comment.encode()) <= 256 and not control, "TX-3")


def check_signature(transaction: Transaction, genesis_hash: bytes) -> None:
    signing_bytes = transaction.signing_bytes(genesis_hash)
    require(verify(transaction.sender, signing_bytes, transaction.signature), "TX-4")


STATELESS_RULES = [check_shape, check_integers, check_comment, check_signature]


def check_transactions(transactions: list[Transaction], genesis_hash: bytes) -> None:
    """TX-1 to TX-4: rule by rule, so that the cheap ones are done before the first signature."""
    for check in STATELESS_RULES:
        for transaction in transactions:
            check(transaction, genesis_hash)


class Ledger:
    """A chain, checked block by block from genesis. The rule about the clock (HDR-6) is left out."""

    def __init__(self, chain: Chain):
        self.chain = chain
        genesis = chain.genesis().header
        self.genesis_hash = genesis.hash()
        self.headers = [genesis]
        self.mountain_range = MountainRange()
        self.mountain_range.append(genesis)
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
        check_transactions(block.transactions, self.genesis_hash)
        accounts = self.apply(block)
        require(coinbase.chain_root == self.mountain_range.root(), "BLK-5")
        encoded = {address: account.encode() for address, account in accounts.items()}
        require(coinbase.state_root == state_root(encoded), "BLK-6")
        self.accounts = accounts
        self.headers.append(block.header)
        self.mountain_range.append(block.header)

    def check_header(self, header: Header) -> None:
        parent = self.headers[-1]
        grandparent_time = self.headers[-2].time if len(self.headers) > 1 else None
        require(header.version & ~0x1FFFE000 == 0x20000000, "HDR-1")
        require(header.prev_hash == parent.hash(), "HDR-2")
        bits = next_bits(self.chain, parent.bits, parent.time, grandparent_time, header.time)
        require(header.bits == bits, "HDR-3")
        require(int.from_bytes(header.hash(), "little") <= target_of(header.bits), "HDR-4")
        require(header.time > parent.time, "HDR-5")

    def apply(self, block: Block) -> dict[bytes, Account]:
        """TX-5 to BLK-4, and the accounts after the block."""
        accounts = {address: replace(account) for address, account in self.accounts.items()}
        height, coinbase = block.coinbase.height, block.coinbase

        def account(address: bytes) -> Account:
            return accounts.setdefault(address, Account())

        for transaction in block.transactions:
            require(transaction.expires_at == 0 or height <= transaction.expires_at, "TX-5")
        for transaction in block.transactions:
            sender = account(address_of(transaction.sender))
            require(transaction.nonce == sender.nonce, "TX-6")
            sender.nonce += 1
        for transaction in block.transactions:
            sender, receiver = account(address_of(transaction.sender)), account(transaction.receiver)
            require(sender.balance >= transaction.amount + transaction.fee, "TX-7")
            sender.balance -= transaction.amount + transaction.fee
            receiver.balance += transaction.amount
            require(receiver.balance <= MAX_INTEGER, "TX-7")
            sender.record(transaction.id(), height)
            if receiver is not sender:
                receiver.record(transaction.id(), height)
        fees = sum(transaction.fee for transaction in block.transactions)
        require(coinbase.reward == self.chain.subsidy + fees, "BLK-4")
        miner = account(coinbase.miner)
        miner.balance += coinbase.reward
        require(miner.balance <= MAX_INTEGER, "TX-7")
        miner.record(reward_entry(height, coinbase.reward), height)
        return accounts


# 10. Proofs


def expect(fine: bool, otherwise: str) -> None:
    if not fine:
        raise DecodeError(otherwise)


def merkle_proof_root(index: int, count: int, leaf: bytes, siblings: list[bytes]) -> bytes:
    """The root that a proof leads to; `siblings` go from the leaf up, `leaf` is the bytes that are hashed."""
    expect(0 <= index < count, "there is no such leaf")
    lefts = []  # For each level from the root down: is our leaf in the left part?
    while count > 1:
        cut = split(count)
        lefts.append(index < cut)
        index, count = (index, cut) if index < cut else (index - cut, count - cut)
    expect(len(siblings) == len(lefts), "index and count give another number of siblings")
    root = sha256d(leaf)
    for sibling, left in zip(siblings, reversed(lefts), strict=True):
        root = sha256d(root + sibling if left else sibling + root)
    return root


def account_proof_root(address: bytes, value: bytes | None, leaf, siblings: list[bytes]) -> bytes:
    """The state root that a proof leads to; `siblings` go from the root down."""
    key = sha256(address)
    expect(len(siblings) <= 256, "more siblings than a key has bits")
    if value is not None:
        expect(leaf == (key, sha256(value)), "the leaf is not that account's")
    elif leaf is not None:
        shared = all(bit(leaf[0], depth) == bit(key, depth) for depth in range(len(siblings)))
        expect(leaf[0] != key and shared, "the leaf does not rule out the account")
    root = state_leaf(*leaf) if leaf is not None else EMPTY_SUBTREE
    for depth in reversed(range(len(siblings))):
        root = state_node(siblings[depth], root) if bit(key, depth) else state_node(root, siblings[depth])
    return root
