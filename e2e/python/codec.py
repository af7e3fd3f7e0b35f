"""Hashes and encoding: section 1 of docs/protocol.md."""

import hashlib
import struct


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


# Encoding (borsh): fixed-width little-endian integers; Vec<u8> and String behind a u32 length.


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
