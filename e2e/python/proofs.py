"""What a node proves: the replies of section 9, read and verified as section 10 of docs/protocol.md says."""

from blocks import Coinbase, Header, Transaction
from codec import DecodeError, Reader, shown
from consensus import Account, account_proof_root, expect, merkle_proof_root


def read_hashes(reader: Reader) -> list[bytes]:
    return [reader.take(32) for _ in range(reader.integer(4))]


def read_option(reader: Reader, read):
    there = reader.integer(1)
    expect(there in (0, 1), "an option is 0 or 1")
    return read() if there else None


def read_merkle_proof(data: bytes) -> tuple[int, int, bytes, list[bytes]]:
    reader = Reader(data)
    proof = reader.integer(4), reader.integer(4), reader.vec(), read_hashes(reader)
    reader.end()
    return proof


def read_account_proof(data: bytes):
    reader = Reader(data)
    value = read_option(reader, lambda: reader.take(56))
    leaf = read_option(reader, lambda: (reader.take(32), reader.take(32)))
    siblings = read_hashes(reader)
    reader.end()
    return value, leaf, siblings


def proven_coinbase(reply: dict) -> tuple[Header, Coinbase]:
    """The reply's header, and the coinbase that it commits to."""
    reader = Reader(bytes.fromhex(reply["header"]))
    header = Header.read(reader)
    reader.end()
    expect(shown(header.hash()) == reply["block_hash"], "the header is another block's")
    index, count, leaf, siblings = read_merkle_proof(bytes.fromhex(reply["coinbase_proof"]))
    expect(index == 0, "a coinbase is the first leaf")
    reader = Reader(leaf)
    coinbase = Coinbase.read(reader)
    reader.end()
    expect(count == coinbase.tx_count + 1, "the coinbase counts otherwise")
    expect(merkle_proof_root(index, count, leaf, siblings) == header.merkle_root, "another Merkle root")
    expect(coinbase.height == reply["height"], "another height")
    return header, coinbase


def proven_account(reply: dict, address: bytes) -> Account:
    _, coinbase = proven_coinbase(reply)
    value, leaf, siblings = read_account_proof(bytes.fromhex(reply["account_proof"]))
    root = account_proof_root(address, value, leaf, siblings)
    expect(root == coinbase.state_root, "another state root")
    if value is None:
        return Account()
    reader = Reader(value)
    return Account(reader.integer(8), reader.integer(8), reader.integer(8), reader.take(32))


def proven_transaction(reply: dict) -> Transaction:
    header, coinbase = proven_coinbase(reply)
    index, count, leaf, siblings = read_merkle_proof(bytes.fromhex(reply["proof"]))
    expect(index > 0 and count == coinbase.tx_count + 1, "not a transaction's place")
    expect(merkle_proof_root(index, count, leaf, siblings) == header.merkle_root, "another Merkle root")
    transaction = Transaction.decode(leaf)
    expect(shown(transaction.id()) == reply["tx_id"], "another transaction")
    return transaction


def refuses_changes(reply: dict, field: str, prove) -> None:
    """Changes one byte after another of a part of the reply; none of the results may pass."""
    proof = bytes.fromhex(reply[field])
    for at in range(len(proof)):
        changed = proof[:at] + bytes([proof[at] ^ 1]) + proof[at + 1 :]
        try:
            prove({**reply, field: changed.hex()})
        except (DecodeError, UnicodeDecodeError):
            continue
        raise AssertionError(f"byte {at} of {field} does not matter")
