"""Checks the pure modules against the files in shared/vectors. Run: python3 test_vectors.py"""

import json
import sys
from dataclasses import replace
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

import blocks
import codec
import consensus
import harness
import keys
from blocks import CHAINS, Block, Header, Transaction
from codec import DecodeError, Reader
from consensus import Account, Ledger, RuleBroken

VECTORS = Path(__file__).resolve().parents[2] / "shared" / "vectors"
FROM_HEX = bytes.fromhex


def load(name: str) -> dict:
    return json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))


def refused(error, function, *arguments) -> None:
    try:
        function(*arguments)
    except error:
        return
    raise AssertionError(f"{function.__name__} accepted {arguments}")


def imported_keys() -> list:
    vectors = load("keys")
    pems = [v["pkcs1_pem"] for v in vectors["vectors"]] + [v["pkcs8_pem"] for v in vectors["imported"]]
    return [keys.load_key(pem.encode()) for pem in pems]


def keys_from_words():
    for vector in load("keys")["vectors"]:
        seed = keys.seed_of_words(vector["mnemonic"], vector["passphrase"])
        assert seed.hex() == vector["seed"]
        key = keys.key_of_seed(seed, vector["account"])
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
        assert pem.decode() == vector["pkcs1_pem"]
        assert keys.modulus_of(key).hex() == vector["modulus"]


def addresses():
    vectors = load("keys")
    for vector in vectors["vectors"] + vectors["imported"]:
        modulus = FROM_HEX(vector["modulus"])
        address = keys.address_of(modulus)
        assert address.hex() == vector["address"]
        for chain in CHAINS:
            if text := vector.get(f"address_{chain}"):
                prefix = CHAINS[chain].address_prefix
                assert keys.address_text(address, prefix) == text
                assert keys.parse_address(text, prefix) == address
                assert keys.parse_address(text.upper(), prefix) == address
                refused(DecodeError, keys.parse_address, text.capitalize(), prefix)
                refused(DecodeError, keys.parse_address, text, "other")
        assert keys.tutorial_address(modulus) == vector["tutorial_address"]
        assert keys.parse_tutorial_address(vector["tutorial_address"]) == modulus


def mistyped_addresses():
    text = load("keys")["vectors"][0]["address_main"]
    for place in range(len("iron1"), len(text)):
        for character in keys.BECH32_CHARSET.replace(text[place], ""):
            mistyped = text[:place] + character + text[place + 1 :]
            refused(DecodeError, keys.parse_address, mistyped, "iron")


def transactions():
    signers = imported_keys()
    for vector in load("transactions")["vectors"]:
        genesis_hash = codec.unshown(vector["genesis_hash"])
        key = signers[vector["sender_key"]]
        fields = [vector[name] for name in ("amount", "fee", "nonce", "expires_at", "comment")]
        transaction = Transaction(keys.modulus_of(key), FROM_HEX(vector["receiver"]), *fields)
        assert transaction.body().hex() == vector["body"]
        assert transaction.signing_bytes(genesis_hash).hex() == vector["signing_bytes"]
        assert transaction.signed(key, genesis_hash).signature.hex() == vector["signature"]
        assert transaction.encode().hex() == vector["transaction"]
        assert codec.shown(transaction.id()) == vector["tx_id"]
        assert Transaction.decode(transaction.encode()) == transaction
        refused(DecodeError, Transaction.decode, transaction.encode() + b"\0")
        refused(DecodeError, Transaction.decode, transaction.encode()[:-1])
        consensus.check_transactions([transaction], genesis_hash)
        refused(RuleBroken, consensus.check_transactions, [transaction], genesis_hash[::-1])


def signed_messages():
    signers = imported_keys()
    for vector in load("transactions")["messages"]:
        genesis_hash = CHAINS[vector["chain"]].genesis().header.hash()
        message = blocks.message_bytes(vector["text"], genesis_hash)
        assert message.hex() == vector["message_bytes"]
        assert keys.sign(signers[vector["key"]], message).hex() == vector["signature"]


def genesis_blocks():
    for name, vector in load("chain")["chains"].items():
        genesis = CHAINS[name].genesis()
        assert genesis.coinbase.chain_root.hex() == vector["commitment"]
        assert genesis.encode().hex() == vector["genesis_block"]
        assert codec.shown(genesis.header.hash()) == vector["genesis_hash"]


def merkle_trees():
    for vector in load("merkle")["vectors"]:
        leaves = [FROM_HEX(leaf) for leaf in vector["leaves"]]
        assert blocks.merkle_root(leaves).hex() == vector["root"]


def merkle_proofs():
    for block in load("chain")["blocks"]:
        block = Block.decode(FROM_HEX(block["block"]))
        leaves = [block.coinbase.encode()] + [t.encode() for t in block.transactions]
        tree = [codec.sha256d(leaf) for leaf in leaves]
        for index, leaf in enumerate(leaves):
            siblings = merkle_siblings(tree, index)
            proof = (index, len(leaves), leaf, siblings)
            assert consensus.merkle_proof_root(*proof) == block.header.merkle_root
            refused(DecodeError, consensus.merkle_proof_root, *proof[:3], siblings + [bytes(32)])
    for vector in load("merkle")["vectors"]:
        leaves = [FROM_HEX(leaf) for leaf in vector["leaves"]]
        for proof in vector["proofs"]:
            assert [s.hex() for s in merkle_siblings(leaves, proof["index"])] == proof["siblings"]


def merkle_siblings(leaves: list[bytes], index: int) -> list[bytes]:
    if len(leaves) == 1:
        return []
    cut = blocks.split(len(leaves))
    if index < cut:
        return merkle_siblings(leaves[:cut], index) + [blocks.merkle_root(leaves[cut:])]
    return merkle_siblings(leaves[cut:], index - cut) + [blocks.merkle_root(leaves[:cut])]


def states():
    for vector in load("state")["vectors"]:
        accounts = {FROM_HEX(a["address"]): FROM_HEX(a["value"]) for a in vector["accounts"]}
        assert consensus.state_root(accounts).hex() == vector["root"]
        for proof in vector["proofs"]:
            value = FROM_HEX(proof["value"]) if proof["value"] else None
            leaf = tuple(FROM_HEX(part) for part in proof["leaf"]) if proof["leaf"] else None
            siblings = [FROM_HEX(sibling) for sibling in proof["siblings"]]
            root = consensus.account_proof_root(FROM_HEX(proof["address"]), value, leaf, siblings)
            assert root.hex() == vector["root"]


def chain_roots():
    for vector in load("chain_root")["vectors"]:
        mountain_range = consensus.MountainRange()
        for header in vector["headers"]:
            mountain_range.append(Header.read(Reader(FROM_HEX(header))))
        assert mountain_range.root().hex() == vector["root"]


def difficulty():
    vectors = load("difficulty")
    for step in vectors["steps"]:
        places = ("parent_bits", "parent_time", "grandparent_time", "time")
        assert consensus.next_bits(CHAINS[step["chain"]], *[step[name] for name in places]) == step["bits"]
    for vector in vectors["compact"]:
        target = consensus.target_of(vector["bits"])
        assert f"{target:064x}" == vector["target"]
        assert f"{consensus.work(vector['bits']):064x}" == vector["work"]
        assert consensus.compact(target) == vector["bits"]
    for bits in vectors["refused"]:
        refused(DecodeError, consensus.target_of, bits)


def whole_chain():
    ledger = Ledger(CHAINS["dev"])
    for vector in load("chain")["blocks"]:
        block = Block.decode(FROM_HEX(vector["block"]))
        assert block.encode().hex() == vector["block"]
        assert codec.shown(block.header.hash()) == vector["hash"]
        assert [codec.shown(t.id()) for t in block.transactions] == vector["tx_ids"]
        ledger.extend(block)
        expected = {
            FROM_HEX(address): Account(**account | {"history_head": FROM_HEX(account["history_head"])})
            for address, account in vector["accounts"].items()
        }
        assert ledger.accounts == expected


def broken_blocks():
    """A block of the chain, spoiled in one place each time, breaks the rule that says so."""
    chain = [Block.decode(FROM_HEX(vector["block"])) for vector in load("chain")["blocks"]]
    ledger = Ledger(CHAINS["dev"])
    for block in chain[:4]:
        ledger.extend(block)
    fifth = chain[4]
    spoiled = {
        "HDR-1": replace(fifth, header=replace(fifth.header, version=1)),
        "HDR-2": replace(fifth, header=replace(fifth.header, prev_hash=bytes(32))),
        "HDR-3": replace(fifth, header=replace(fifth.header, bits=fifth.header.bits - 1)),
        "HDR-4": replace(fifth, header=replace(fifth.header, nonce=fifth.header.nonce + 1)),
        "BLK-2": replace(fifth, transactions=fifth.transactions[:-1]),
    }
    for rule, block in spoiled.items():
        try:
            ledger.extend(block)
        except RuleBroken as broken:
            assert broken.rule == rule, f"{broken.rule} instead of {rule}"
        else:
            raise AssertionError(f"{rule} was not noticed")
    ledger.extend(fifth)


TESTS = [
    keys_from_words, addresses, mistyped_addresses, transactions, signed_messages, genesis_blocks,
    merkle_trees, merkle_proofs, states, chain_roots, difficulty, whole_chain, broken_blocks,
]  # fmt: skip

if __name__ == "__main__":
    sys.exit(harness.run(TESTS))
