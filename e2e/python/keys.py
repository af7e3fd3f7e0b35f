"""Keys, addresses and signatures: section 2 of docs/protocol.md."""

import base64
import unicodedata
from hashlib import pbkdf2_hmac
from math import gcd, lcm

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from codec import DecodeError, tagged, u32

EXPONENT = 65537

# Addresses: bech32m (BIP-350) over 20 bytes

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


# Keys and signatures


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


# Keys from words

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
