"""The tutorial's story against a running node of chain dev, and everything that must be refused on the way.

    python3 test_story.py --url ws://127.0.0.1:PORT/ --key FILE.pem

FILE.pem (PKCS#1 or PKCS#8) is the key of an account that has coins or is mining them.
"""

import argparse
import json
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa

import blocks
import codec
import harness
import keys
import proofs
from blocks import CHAINS, Transaction
from client import Refused, Session
from consensus import Account, Ledger, reward_entry

LIVENESS_SECONDS = 180
FUNDS = 30


class Story:
    def __init__(self, url: str, key: rsa.RSAPrivateKey):
        self.session = Session(url)
        self.key = key
        self.receiver_key = rsa.generate_private_key(keys.EXPONENT, 2048)
        self.receiver = keys.address_of(keys.modulus_of(self.receiver_key))
        self.mined: list[Transaction] = []

    # What the story needs again and again

    def text(self, address: bytes) -> str:
        return keys.address_text(address, self.session.chain.address_prefix)

    @property
    def sender(self) -> str:
        return self.text(keys.address_of(keys.modulus_of(self.key)))

    def account(self, address: str) -> dict:
        return self.session.call("get_account", address=address)

    def wait(self, topic: str, until, **argument):
        """Subscribes, returns the first value that `until` holds for, and unsubscribes."""
        deadline = time.monotonic() + LIVENESS_SECONDS
        subscription = self.session.subscribe(topic, **argument)
        while not until(value := self.session.next_event(subscription, deadline)):
            pass
        assert self.session.call("unsubscribe", id=subscription) is True
        return value

    def wait_for_balance(self, address: str, balance: int) -> dict:
        return self.wait("address", lambda account: account["balance"] >= balance, address=address)

    def expect_mined(self, transaction: Transaction) -> None:
        """Waits until the receiver has the coins, then looks at the transaction and at the newest entry."""
        self.mined.append(transaction)
        expected = sum(transaction.amount for transaction in self.mined)
        receiver = self.text(self.receiver)
        account = self.wait_for_balance(receiver, expected)
        assert account["balance"] == expected and account["history_len"] == len(self.mined)
        tx_id = codec.shown(transaction.id())
        found = self.session.call("get_transaction", tx_id=tx_id)
        assert found["status"] == "confirmed" and found["confirmations"] >= 1
        view = {
            "tx_id": tx_id,
            "sender": self.sender,
            "receiver": receiver,
            "amount": transaction.amount,
            "fee": transaction.fee,
            "nonce": transaction.nonce,
            "expires_at": transaction.expires_at,
            "comment": transaction.comment,
        }
        newest = self.session.call("get_history", address=receiver, limit=1)["entries"][0]
        assert found["transaction"].items() >= view.items() and newest["view"].items() >= view.items()
        assert newest["kind"] == "transaction" and newest["id"] == tx_id
        assert newest["height"] == found["height"] and newest["index"] == len(self.mined) - 1

    def expect_refused(self, rule: str, transaction: Transaction) -> None:
        """Submits in both forms; both are refused by this rule."""
        try:
            self.session.submit(transaction)
        except Refused as refused:
            assert refused.rule == rule, refused
        else:
            raise AssertionError(f"a transaction that breaks {rule} was accepted")
        reply = self.session.submit_tutorial(transaction)
        assert reply["result"] is False and reply["rule"] == rule and reply["result_message"], reply

    def expect_error(self, text: str, code: int | None = None) -> None:
        """Sends a frame that is answered by an error, with this code if it is answered by JSON-RPC."""
        reply = self.session.ask(text)
        error = reply["error"]
        assert error["code"] == code if code is not None else isinstance(error, str), reply

    # The story

    def the_chain_is_the_one_it_claims(self):
        info = self.session.call("get_info")
        assert info["chain"] == "dev" and info["protocol"] == 1
        assert info["genesis_hash"] == codec.shown(CHAINS["dev"].genesis().header.hash())
        assert info["target_block_time"] == CHAINS["dev"].block_time
        assert self.session.tutorial("get_info").keys() == info.keys()

    def nothing_is_compressed(self):
        assert self.session.socket.protocol.extensions == []

    def the_tip_is_told_when_it_changes(self):
        first = self.wait("heads", lambda head: True)
        later = self.wait("heads", lambda head: head["height"] > first["height"])
        assert later["time"] > first["time"]
        assert self.session.call("unsubscribe", id=2**53 - 1) is False

    def a_balance_in_the_tutorials_form(self):
        self.wait_for_balance(self.sender, FUNDS)
        tutorial_address = keys.tutorial_address(keys.modulus_of(self.key))
        for address in (tutorial_address, self.sender, self.sender.upper()):
            reply = self.session.tutorial("get_balance", address=address)
            assert reply["address"] == address and reply["balance"] >= FUNDS
            reply = self.session.tutorial("get_balance", address=address, id="mine")
            assert reply["id"] == "mine"
        nobody = {"address": self.text(self.receiver), "balance": 0}
        assert self.session.tutorial("get_balance", address=nobody["address"]) == nobody

    def a_payment_in_the_tutorials_form(self):
        transaction = self.session.payment(self.key, self.receiver, 7, 1, comment="rent 鐵鏈")
        assert self.session.submit_tutorial(transaction)["result"] is True
        self.expect_mined(transaction)

    def a_payment_by_json_rpc(self):
        height = self.session.call("get_info")["height"]
        transaction = self.session.payment(self.key, self.receiver, 5, 2, expires_at=height + 1000)
        assert self.session.submit(transaction) == codec.shown(transaction.id())
        self.expect_mined(transaction)

    # What is refused

    def a_replay(self):
        for transaction in self.mined:
            self.expect_refused("TX-6", transaction)

    def another_chains_transaction(self):
        transaction = self.session.payment(self.key, self.receiver, 1, 1)
        self.expect_refused("TX-4", transaction.signed(self.key, CHAINS["main"].genesis().header.hash()))

    def an_overdraft(self):
        balance = sum(transaction.amount for transaction in self.mined)
        payment = partial(self.session.payment, self.receiver_key, self.receiver)
        self.expect_refused("TX-7", payment(balance, 1))
        self.expect_refused("TX-7", payment(10**15, 1))

    def flipped_bits(self):
        transaction = self.session.payment(self.key, self.receiver, 4, 1, comment="four")
        signature = bytearray(transaction.signature)
        signature[100] ^= 0x10
        self.expect_refused("TX-4", replace(transaction, signature=bytes(signature)))
        self.expect_refused("TX-4", replace(transaction, amount=transaction.amount ^ 1))
        self.expect_refused("TX-4", replace(transaction, receiver=bytes(20)))
        self.expect_refused("TX-4", replace(transaction, comment="fouR"))
        reply = self.session.submit_tutorial(transaction, amount=transaction.amount + 1)
        assert reply["result"] is False and reply["rule"] == "TX-4"

    def broken_rules(self):
        payment = partial(self.session.payment, self.key, self.receiver)
        self.expect_refused("TX-1", payment(0, 1))
        self.expect_refused("TX-1", replace(payment(1, 1), signature=b"short"))
        self.expect_refused("TX-2", payment(blocks.MAX_INTEGER, 1))
        self.expect_refused("TX-3", payment(1, 1, comment="bell\a"))
        self.expect_refused("TX-3", payment(1, 1, comment="x" * 257))
        height = self.session.call("get_info")["height"]
        self.expect_refused("TX-5", payment(1, 1, expires_at=height))

    def malformed_transactions(self):
        encoded = self.session.payment(self.key, self.receiver, 1, 1).encode()
        for text in ("", "00", "xyz", encoded[:-1].hex(), (encoded + b"\0").hex()):
            try:
                self.session.call("transaction", transaction=text)
            except Refused:
                continue
            raise AssertionError(f"accepted {text[:20]}")

    def numbers_that_are_not_whole(self):
        fields = self.payment_as_json()
        for number in ("1.0", "1.5", "1e0", "-1", "-0", "9007199254740992", '"1"', "null", "true", "01"):
            for name in ("amount", "fee", "nonce", "expires_at"):
                wrong = [f'"{key}": {number if key == name else value}' for key, value in fields.items()]
                self.expect_error("{" + ", ".join(wrong) + "}", code=-32700 if number == "01" else None)

    def keys_that_do_not_belong(self):
        fields = [f'"{key}": {value}' for key, value in self.payment_as_json().items()]
        self.expect_error("{" + ", ".join([*fields, '"amount": 2']) + "}")
        self.expect_error("{" + ", ".join([*fields, '"colour": 2']) + "}")
        for place, field in enumerate(fields):
            if '"request"' not in field and '"expires_at"' not in field:
                self.expect_error("{" + ", ".join(fields[:place] + fields[place + 1 :]) + "}")
        twice = (
            '{"jsonrpc": "2.0", "id": 1, "method": "get_balance", "params": {"address": "a", "address": "b"}}'
        )
        self.expect_error(twice, -32602)

    def payment_as_json(self) -> dict[str, str]:
        """The fields of a payment in the tutorial's form, each value as JSON text."""
        sender = keys.tutorial_address(keys.modulus_of(self.key))
        texts = {"request": "transaction", "address": sender, "receiver": self.text(self.receiver)}
        texts |= {"comment": "", "signature": "AAAA"}
        numbers = {"amount": 1, "fee": 1, "nonce": 0, "expires_at": 0}
        return {key: json.dumps(value) for key, value in (texts | numbers).items()}

    def unknown_commands(self):
        assert self.session.tutorial("mine_for_me") == {"message": "Unknown command."}
        self.expect_error('{"jsonrpc": "2.0", "id": 1, "method": "mine_for_me"}', -32601)

    def frames_that_are_no_requests(self):
        self.expect_error("", -32700)
        self.expect_error("garbage", -32700)
        self.expect_error('{"jsonrpc": "2.0", "id": 1, "method": "get_info"', -32700)
        self.expect_error("17", -32600)
        self.expect_error("[]", -32600)
        self.expect_error("{}", -32600)
        self.expect_error('{"jsonrpc": "1.0", "id": 1, "method": "get_info"}', -32600)
        self.expect_error("[" * 100_000, -32600)
        assert self.session.call("get_info")["chain"] == "dev"

    def addresses_that_are_none(self):
        receiver = self.text(self.receiver)
        mistyped = receiver[:-1] + ("q" if receiver[-1] != "q" else "p")
        for address in ("", mistyped, keys.address_text(self.receiver, "iron"), receiver.capitalize()):
            self.expect_error(json.dumps({"request": "get_balance", "address": address}))

    def batches_and_notifications(self):
        calls = [{"jsonrpc": "2.0", "id": number, "method": "get_info"} for number in (1, "two")]
        silent = {"jsonrpc": "2.0", "method": "get_info"}
        replies = self.session.ask(json.dumps([calls[0], silent, calls[1]]))
        assert sorted(str(reply["id"]) for reply in replies) == ["1", "two"]
        assert all(reply["result"]["chain"] == "dev" for reply in replies)

    # What can be checked without believing the node

    def histories_lead_to_their_heads(self):
        for address in (self.sender, self.text(self.receiver)):
            account = self.account(address)
            entries, before = self.session.history(address, account["history_len"], page=7)
            assert before == bytes(32).hex()
            assert [entry["index"] for entry in entries] == list(range(account["history_len"]))
            replayed = Account()
            for entry in entries:
                replayed.record(self.entry_hash(entry), entry["height"])
            assert replayed.history_head.hex() == account["history_head"]
            assert sum(coins(entry, address) for entry in entries) == account["balance"]

    @staticmethod
    def entry_hash(entry: dict) -> bytes:
        if entry["kind"] == "reward":
            return reward_entry(entry["height"], entry["reward"])
        return codec.unshown(entry["id"])

    def a_block_is_what_its_view_says(self):
        found = self.session.call("get_transaction", tx_id=codec.shown(self.mined[0].id()))
        block = self.session.raw_block(found["block_hash"])
        assert codec.shown(block.header.hash()) == found["block_hash"]
        assert block.header.merkle_root == block.merkle_root()
        assert self.mined[0] in block.transactions
        by_hash = self.session.call("get_block", hash=found["block_hash"])
        by_height = self.session.call("get_block", height=found["height"])
        by_hash.pop("confirmations"), by_height.pop("confirmations")
        assert by_hash == by_height
        header, coinbase = block.header, block.coinbase
        assert (
            by_hash.items()
            >= {
                "hash": found["block_hash"],
                "height": coinbase.height,
                "size": len(block.encode()),
                "version": header.version,
                "prev_hash": codec.shown(header.prev_hash),
                "merkle_root": header.merkle_root.hex(),
                "time": header.time,
                "bits": header.bits,
                "nonce": header.nonce,
                "miner": self.text(coinbase.miner),
                "reward": coinbase.reward,
                "state_root": coinbase.state_root.hex(),
                "chain_root": coinbase.chain_root.hex(),
                "message": coinbase.message.hex(),
            }.items()
        )
        ids = [codec.shown(transaction.id()) for transaction in block.transactions]
        assert [view["tx_id"] for view in by_hash["transactions"]] == ids

    def the_whole_chain_obeys_the_rules(self):
        """Fetches every block's bytes, checks them from genesis on, and compares the accounts."""
        views = [self.account(address) for address in (self.sender, self.text(self.receiver))]
        ledger, chain, states = Ledger(self.session.chain), [], {}
        block_hash = max(views, key=lambda view: view["height"])["block_hash"]
        while codec.unshown(block_hash) != ledger.genesis_hash:
            chain.append(self.session.raw_block(block_hash))
            block_hash = codec.shown(chain[-1].header.prev_hash)
        for block in reversed(chain):
            ledger.extend(block)
            states[codec.shown(block.header.hash())] = ledger.accounts
        for view in views:
            address = keys.parse_address(view["address"], self.session.chain.address_prefix)
            account = states[view["block_hash"]][address]
            assert (account.balance, account.nonce) == (view["balance"], view["nonce"])
            assert account.history_len == view["history_len"]
            assert account.history_head.hex() == view["history_head"]
        assert sum(account.balance for account in ledger.accounts.values()) == 10 * len(chain)

    def a_check_before_signing(self):
        transaction = self.session.payment(self.key, self.receiver, 2, 1)
        unsigned = replace(transaction, signature=b"").encode().hex()
        for text in (unsigned, transaction.encode().hex()):
            view = self.session.call("check_transaction", transaction=text)
            assert view["verdict"] == "valid", view
            expected = view["expected_block"]
        later = replace(transaction, nonce=transaction.nonce + 9, signature=b"").encode().hex()
        view = self.session.call("check_transaction", transaction=later)
        assert view["verdict"] == "not_now" and view["rule"] == "TX-6", view
        tx_id = codec.shown(transaction.id())
        assert self.wait("transaction", lambda _: True, tx_id=tx_id) == {"tx_id": tx_id, "status": "unknown"}
        self.session.submit(transaction)
        news = self.wait("transaction", lambda news: news["status"] == "confirmed", tx_id=tx_id)
        assert news["height"] >= expected and news["confirmations"] >= 1
        self.expect_mined(transaction)

    def accounts_are_proven(self):
        nobody = self.text(bytes(range(20)))
        for address in (self.sender, self.text(self.receiver), nobody):
            # A block may come between the two questions.
            while True:
                reply = self.session.call("get_account_proof", address=address)
                view = self.account(address)
                if view["block_hash"] == reply["block_hash"]:
                    break
            raw = keys.parse_address(address, self.session.chain.address_prefix)
            prove = partial(proofs.proven_account, address=raw)
            account = prove(reply)
            assert (account.balance, account.nonce) == (view["balance"], view["nonce"])
            assert account.history_head.hex() == view["history_head"]
            for field in ("account_proof", "coinbase_proof"):
                proofs.refuses_changes(reply, field, prove)

    def transactions_are_proven(self):
        for transaction in self.mined:
            reply = self.session.call("get_transaction_proof", tx_id=codec.shown(transaction.id()))
            assert proofs.proven_transaction(reply) == transaction
            proofs.refuses_changes(reply, "proof", proofs.proven_transaction)
        try:
            self.session.call("get_transaction_proof", tx_id="0" * 64)
        except Refused as refused:
            assert refused.code == -32001, refused
        else:
            raise AssertionError("an unknown transaction is proven")

    def control_needs_a_token(self):
        for method, params in (("get_node", {}), ("set_mining", {"threads": 0})):
            request = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
            self.expect_error(request, -32010)
        wrong = {"jsonrpc": "2.0", "id": 1, "method": "authorize", "params": {"token": "0" * 32}}
        self.expect_error(json.dumps(wrong), -32011)

    def tests(self) -> list:
        return [
            self.the_chain_is_the_one_it_claims, self.nothing_is_compressed,
            self.the_tip_is_told_when_it_changes, self.a_balance_in_the_tutorials_form,
            self.a_payment_in_the_tutorials_form, self.a_payment_by_json_rpc,
            self.a_replay, self.another_chains_transaction, self.an_overdraft, self.flipped_bits,
            self.broken_rules, self.malformed_transactions, self.numbers_that_are_not_whole,
            self.keys_that_do_not_belong, self.unknown_commands, self.frames_that_are_no_requests,
            self.addresses_that_are_none, self.batches_and_notifications,
            self.histories_lead_to_their_heads, self.a_block_is_what_its_view_says,
            self.a_check_before_signing, self.accounts_are_proven, self.transactions_are_proven,
            self.control_needs_a_token, self.the_whole_chain_obeys_the_rules,
        ]  # fmt: skip


def coins(entry: dict, address: str) -> int:
    """What a history entry did to the balance of `address`."""
    if entry["kind"] == "reward":
        return entry["reward"]
    view = entry["view"]
    spent = view["amount"] + view["fee"] if view["sender"] == address else 0
    return (view["amount"] if view["receiver"] == address else 0) - spent


def main() -> int:
    parser = argparse.ArgumentParser(description="The tutorial's story against a node of chain dev.")
    parser.add_argument("--url", required=True)
    parser.add_argument("--key", required=True, type=Path)
    arguments = parser.parse_args()
    return harness.run(Story(arguments.url, keys.load_key(arguments.key.read_bytes())).tests())


if __name__ == "__main__":
    sys.exit(main())
