"""A client for an Ironchain node: section 9 of docs/protocol.md.

python3 client.py --url ws://127.0.0.1:1111/ info
python3 client.py --url ws://127.0.0.1:1111/ balance iron1...
python3 client.py --url ws://127.0.0.1:1111/ history iron1...
python3 client.py --url ws://127.0.0.1:1111/ watch iron1...
python3 client.py --url ws://127.0.0.1:1111/ send KEY.pem RECEIVER AMOUNT FEE [COMMENT]
"""

import argparse
import base64
import json
import time
from collections import deque
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

from cryptography.hazmat.primitives.asymmetric import rsa
from websockets.sync.client import connect

import keys
from blocks import CHAINS, Block, Transaction
from codec import shown

ANSWER_SECONDS = 30


class Refused(Exception):
    """The node answered with an error; `rule` is the id of the broken rule, if there is one."""

    def __init__(self, message: str, code: int | None = None, rule: str | None = None):
        super().__init__(f"{message} [{rule or code}]")
        self.message, self.code, self.rule = message, code, rule


class Session:
    """One connection. It asks one thing at a time and keeps what subscriptions tell in between."""

    def __init__(self, url: str):
        self.url = url
        self.socket = connect(url, proxy=None)
        self.next_id = 0
        self.events: dict[int, deque] = {}
        info = self.call("get_info")
        self.chain = CHAINS[info["chain"]]
        self.genesis_hash = self.chain.genesis().header.hash()
        if info["genesis_hash"] != shown(self.genesis_hash):
            raise Refused(f"the node calls its chain {info['chain']}, but its genesis is another")

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *_exception) -> None:
        self.socket.close()

    # The two envelopes

    def ask(self, text: str):
        """Sends a frame and returns the parsed reply: the next message that is not a subscription's."""
        self.socket.send(text)
        deadline = time.monotonic() + ANSWER_SECONDS
        while True:
            message = self.receive(deadline)
            if message is not None:
                return message

    def receive(self, deadline: float | None):
        """Returns the next message, or None when it belonged to a subscription and was put aside."""
        timeout = None if deadline is None else max(0.0, deadline - time.monotonic())
        message = json.loads(self.socket.recv(timeout))
        if isinstance(message, dict) and message.get("method") == "subscription":
            event = message["params"]
            self.events.setdefault(event["id"], deque()).append(event["result"])
            return None
        return message

    def tutorial(self, request: str, **fields) -> dict:
        """Asks in the tutorial's envelope; the reply is returned as it is."""
        return self.ask(json.dumps({"request": request, **fields}))

    def call(self, method: str, **params):
        """Asks by JSON-RPC; returns the result or raises Refused."""
        self.next_id += 1
        call = {"jsonrpc": "2.0", "id": self.next_id, "method": method, "params": params}
        reply = self.ask(json.dumps(call))
        if reply["id"] != self.next_id:
            raise Refused(f"a reply to {reply['id']} instead of {self.next_id}")
        if error := reply.get("error"):
            raise Refused(error["message"], error["code"], error.get("data", {}).get("rule"))
        return reply["result"]

    # Subscriptions

    def subscribe(self, topic: str, **argument) -> int:
        return self.call("subscribe", topic=topic, **argument)

    def next_event(self, subscription: int, deadline: float | None = None):
        """Waits for a subscription's next value; `deadline` is in seconds of time.monotonic()."""
        while not self.events.get(subscription):
            self.receive(deadline)
        return self.events[subscription].popleft()

    # Transactions

    def payment(self, key: rsa.RSAPrivateKey, receiver: bytes, amount: int, fee: int, **more) -> Transaction:
        """Signs a payment with the account's next nonce."""
        sender = keys.modulus_of(key)
        nonce = more.pop("nonce", None)
        if nonce is None:
            address = keys.address_text(keys.address_of(sender), self.chain.address_prefix)
            nonce = self.call("get_account", address=address)["next_nonce"]
        transaction = Transaction(sender, receiver, amount, fee, nonce, **more)
        return transaction.signed(key, self.genesis_hash)

    def submit(self, transaction: Transaction) -> str:
        """Submits by JSON-RPC and returns the id."""
        return self.call("transaction", transaction=transaction.encode().hex())["tx_id"]

    def submit_tutorial(self, transaction: Transaction, **changes) -> dict:
        """Submits in the tutorial's form, with `changes` made after signing, and returns the reply."""
        fields = {
            "address": keys.tutorial_address(transaction.sender),
            "receiver": keys.address_text(transaction.receiver, self.chain.address_prefix),
            "amount": transaction.amount,
            "fee": transaction.fee,
            "comment": transaction.comment,
            "nonce": transaction.nonce,
            "signature": base64.b64encode(transaction.signature).decode(),
        }
        if transaction.expires_at:
            fields["expires_at"] = transaction.expires_at
        return self.tutorial("transaction", **(fields | changes))

    # Whole lists

    def history(self, address: str, length: int, page: int = 100) -> tuple[list[dict], str]:
        """Returns the oldest `length` entries, oldest first, and the head before them (zeros, if honest)."""
        entries, before, head = [], length, bytes(32).hex()
        while before > 0:
            reply = self.call("get_history", address=address, before=before, limit=page)
            entries += reply["entries"]
            before, head = reply["entries"][-1]["index"], reply["head_before"]
        return entries[::-1], head

    def raw_block(self, block_hash: str) -> Block:
        """Fetches a block's bytes by HTTP and decodes them."""
        url = f"http://{urlsplit(self.url).netloc}/block/{block_hash}"
        with urlopen(url, timeout=ANSWER_SECONDS) as response:
            return Block.decode(response.read())


def main() -> None:
    parser = argparse.ArgumentParser(description="A client for an Ironchain node.")
    parser.add_argument("--url", default="ws://127.0.0.1:1111/")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("info")
    for name in ("balance", "history", "watch"):
        commands.add_parser(name).add_argument("address")
    send = commands.add_parser("send")
    send.add_argument("key", type=Path)
    send.add_argument("receiver")
    send.add_argument("amount", type=int)
    send.add_argument("fee", type=int)
    send.add_argument("comment", nargs="?", default="")
    run(parser.parse_args())


def run(arguments: argparse.Namespace) -> None:
    with Session(arguments.url) as session:
        match arguments.command:
            case "info":
                print(json.dumps(session.call("get_info"), indent=2))
            case "balance":
                print(session.tutorial("get_balance", address=arguments.address)["balance"])
            case "history":
                account = session.call("get_account", address=arguments.address)
                for entry in session.history(arguments.address, account["history_len"])[0]:
                    print(json.dumps(entry))
            case "watch":
                subscription = session.subscribe("address", address=arguments.address)
                while True:
                    print(json.dumps(session.next_event(subscription)), flush=True)
            case "send":
                key = keys.load_key(arguments.key.read_bytes())
                receiver = keys.parse_address(arguments.receiver, session.chain.address_prefix)
                money = (arguments.amount, arguments.fee)
                transaction = session.payment(key, receiver, *money, comment=arguments.comment)
                print(session.submit(transaction))


if __name__ == "__main__":
    main()
