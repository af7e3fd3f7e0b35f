"""Looks for weak keys among RSA moduli, a line of hex each. Run: python3 check_moduli.py FILE

The checks are those of badkeys (https://badkeys.info) that need no list from elsewhere, and whether two of the keys
share a prime."""

import sys
from hashlib import shake_256
from math import gcd, prod
from pathlib import Path

import gmpy2
from badkeys import allchecks, checkrsa

import harness

CHECKS = [name for name, check in allchecks.items() if check["type"] == "rsa"]
E = 65537
SHARED = "shares a prime with another of these keys"


def weak(moduli: list[int]) -> list[tuple[int, list[str]]]:
    """The moduli that are weak, with what is wrong with each."""
    # Whatever divides a modulus and the product of the others divides the product twice.
    product = gmpy2.mpz(prod(moduli))
    found = []
    for n in moduli:
        wrong = list(checkrsa(n, e=E, checks=CHECKS))
        if gcd(int(product % gmpy2.mpz(n) ** 2) // n, n) != 1:
            wrong.append(SHARED)
        if wrong:
            found.append((n, wrong))
    return found


def prime(name: bytes) -> int:
    """A prime of 1024 bits that looks like a random one."""
    return int(gmpy2.next_prime(3 << 1022 | int.from_bytes(shake_256(name).digest(127), "big")))


def weak_keys_are_found() -> None:
    p, q, r = prime(b"p"), prime(b"q"), prime(b"r")
    assert weak([p * q, p * r]) == [(p * q, [SHARED]), (p * r, [SHARED])]
    close = p * int(gmpy2.next_prime(p))
    assert weak([q * r, close]) == [(close, ["fermat"])]


def none_of_these_is_weak() -> None:
    moduli = [int(line, 16) for line in Path(sys.argv[1]).read_text(encoding="ascii").split()]
    assert moduli and len(set(moduli)) == len(moduli), "no keys, or the same twice"
    found = weak(moduli)
    assert not found, [(hex(n), wrong) for n, wrong in found]
    print(f"{len(moduli)} keys, {len(CHECKS)} checks each: {', '.join(CHECKS)}")


if __name__ == "__main__":
    sys.exit(harness.run([weak_keys_are_found, none_of_these_is_weak]))
