"""Bytes of the Ironchain protocol: sections 1 to 4 and 8 of docs/protocol.md.

Written from that page alone, as a second opinion on the Rust code and as an example to read. Nothing here talks to
anybody; `client.py` does.
"""

import base64
import hashlib
import struct
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

MAX_INTEGER = 2**53 - 1
EXPONENT = 65537


class DecodeError(ValueError):
    """Bytes or text that are not the one encoding of anything."""


# 1. Hashes


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def sha256d(data: bytes) -> bytes:
    return sha256(sha256(data))


def tagged(tag: str, data: bytes) -> bytes:
    prefix = sha256(tag.encode())
    return sha256(prefix + prefix + data)


def shown(hash_: bytes) -> str:
    """How people see a block hash or a transaction id: hex, last byte first."""
    return hash_[::-1].hex()


def unshown(text: str) -> bytes:
    return bytes.fromhex(text)[::-1]


# Borsh: fixed-width little-endian integers; Vec<u8> and String behind a u32 length.


def u8(value: int) -> bytes:
    return struct.pack("<B", value)


def u32(value: int) -> bytes:
    return struct.pack("<I", value)


def u64(value: int) -> bytes:
    return struct.pack("<Q", value)


def vec(data: bytes) -> bytes:
    return u32(len(data)) + data


class Reader:
    """Reads values off the front of `data` and refuses whatever is not there."""

    def __init__(self, data: bytes):
        self.data = data

    def take(self, count: int) -> bytes:
        if count > len(self.data):
            raise DecodeError(f"{count} bytes wanted, {len(self.data)} left")
        taken, self.data = self.data[:count], self.data[count:]
        return taken

    def integer(self, width: int) -> int:
        return int.from_bytes(self.take(width), "little")

    def vec(self) -> bytes:
        return self.take(self.integer(4))

    def string(self) -> str:
        return self.vec().decode("utf-8")

    def end(self) -> None:
        if self.data:
            raise DecodeError(f"{len(self.data)} trailing bytes")


# 2. Keys and addresses

BECH32_CHARSET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
BECH32M_CHECKSUM = 0x2BC830A3


def bech32_polymod(values: list[int]) -> int:
    checksum = 1
    for value in values:
        top = checksum >> 25
        checksum = (checksum & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate([0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3]):
            checksum ^= generator if top >> bit & 1 else 0
    return checksum


def bech32_expand(prefix: str) -> list[int]:
    return [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix]


def regroup(values, from_bits: int, to_bits: int) -> list[int]:
    """Cuts a string of bits into other pieces; refuses padding that is not less than a piece of zeros."""
    total, count, out = 0, 0, []
    for value in values:
        total, count = total << from_bits | value, count + from_bits
        while count >= to_bits:
            count -= to_bits
            out.append(total >> count)
            total &= (1 << count) - 1
    if to_bits < from_bits and count:
        out.append(total << (to_bits - count))
    elif count >= from_bits or total:
        raise DecodeError("the padding is not zero")
    return out


def address_text(address: bytes, prefix: str) -> str:
    data = regroup(address, 8, 5)
    checksum = bech32_polymod(bech32_expand(prefix) + data + [0] * 6) ^ BECH32M_CHECKSUM
    data += [checksum >> 5 * (5 - i) & 31 for i in range(6)]
    return prefix + "1" + "".join(BECH32_CHARSET[value] for value in data)


def parse_address(text: str, prefix: str) -> bytes:
    if text not in (text.lower(), text.upper()):
        raise DecodeError("mixed case")
    found, separator, body = text.lower().rpartition("1")
    if not separator or found != prefix:
        raise DecodeError(f"not an address of the chain {prefix}")
    if any(c not in BECH32_CHARSET for c in body):
        raise DecodeError("a character that no address holds")
    data = [BECH32_CHARSET.index(c) for c in body]
    if bech32_polymod(bech32_expand(prefix) + data) != BECH32M_CHECKSUM:
        raise DecodeError("the checksum is wrong: mistyped")
    address = bytes(regroup(data[:-6], 5, 8))
    if len(address) != 20:
        raise DecodeError("not 20 bytes")
    return address


def check_modulus(modulus: bytes) -> None:
    if len(modulus) not in (256, 384, 512) or modulus[0] < 0x80 or modulus[-1] % 2 == 0:
        raise DecodeError("not a modulus of 2048, 3072 or 4096 bits")


def address_of(modulus: bytes) -> bytes:
    return tagged("ironchain/address", modulus)[:20]


def der(tag: int, body: bytes) -> bytes:
    size = len(body).to_bytes((len(body).bit_length() + 7) // 8 or 1, "big")
    return bytes([tag]) + (size if len(body) < 0x80 else bytes([0x80 | len(size)]) + size) + body


def tutorial_address(modulus: bytes) -> str:
    """The PKCS#1 public key, base64 on one line: SEQUENCE { INTEGER modulus, INTEGER 65537 }."""
    body = der(2, b"\0" + modulus) + der(2, EXPONENT.to_bytes(3, "big"))
    return base64.b64encode(der(0x30, body)).decode()


def parse_tutorial_address(text: str) -> bytes:
    """Returns the modulus. Strict: the only accepted text is the one that `tutorial_address` makes of it."""
    encoded = base64.b64decode(text, validate=True)
    for size in (256, 384, 512):
        modulus = encoded[-5 - size : -5]
        if len(modulus) == size and tutorial_address(modulus) == text:
            check_modulus(modulus)
            return modulus
    raise DecodeError("not a PKCS#1 public key in base64")


def load_key(pem: bytes) -> rsa.RSAPrivateKey:
    """Reads a private key from PEM, PKCS#1 or PKCS#8."""
    key = serialization.load_pem_private_key(pem, password=None)
    if not isinstance(key, rsa.RSAPrivateKey) or key.public_key().public_numbers().e != EXPONENT:
        raise DecodeError("not an RSA key with the exponent 65537")
    check_modulus(modulus_of(key))
    return key


def modulus_of(key: rsa.RSAPrivateKey) -> bytes:
    return key.public_key().public_numbers().n.to_bytes(key.key_size // 8, "big")


def sign(key: rsa.RSAPrivateKey, data: bytes) -> bytes:
    return key.sign(data, padding.PKCS1v15(), hashes.SHA256())


def verify(modulus: bytes, data: bytes, signature: bytes) -> bool:
    check_modulus(modulus)
    if len(signature) != len(modulus):
        return False
    key = rsa.RSAPublicNumbers(EXPONENT, int.from_bytes(modulus, "big")).public_key()
    try:
        key.verify(signature, data, padding.PKCS1v15(), hashes.SHA256())
        return True
    except InvalidSignature:
        return False


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
        sizes = u32(self.block_time) + u32(self.difficulty_window) + u32(self.limit_bits)
        upgrades = u32(0)
        return vec(self.address_prefix.encode()) + sizes + u64(self.subsidy) + u32(self.max_block_bytes) + upgrades

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
