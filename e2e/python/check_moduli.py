"""Looks for weak keys among RSA moduli, a line of hex each. Run: python3 check_moduli.py FILE

The checks are those of badkeys (https://badkeys.info) that need no list from elsewhere, and whether two of the keys
share a prime."""

import sys
from hashlib import shake_256
from math import prod
from pathlib import Path

import gmpy2
from badkeys import allchecks, checkrsa

import harness

CHECKS = [name for name, check in allchecks.items() if check["type"] == "rsa"]
E = 65537
SHARED = "shares a prime with another of these keys"


def share_primes(moduli: list[int]) -> list[bool]:
    """Whether each shares a prime with another, by Bernstein's batch algorithm: a tree of products, and the remainder of
    the whole product by the square of each."""
    levels = [[gmpy2.mpz(n) for n in moduli]]
    while len(levels[-1]) > 1:
        level = levels[-1]
        levels.append([prod(level[i : i + 2]) for i in range(0, len(level), 2)])
    remainders = levels.pop()
    for level in reversed(levels):
        remainders = [remainders[i // 2] % n**2 for i, n in enumerate(level)]
    return [gmpy2.gcd(remainder // n, n) != 1 for remainder, n in zip(remainders, moduli)]


def weak(moduli: list[int]) -> list[tuple[int, list[str]]]:
    """The moduli that are weak, with what is wrong with each."""
    found = []
    for n, shares in zip(moduli, share_primes(moduli)):
        wrong = list(checkrsa(n, e=E, checks=CHECKS)) + [SHARED] * shares
        if wrong:
            found.append((n, wrong))
    return found


def prime(name: bytes) -> int:
    """A prime of 1024 bits that looks like a random one."""
    return int(gmpy2.next_prime(3 << 1022 | int.from_bytes(shake_256(name).digest(127), "big")))


def weak_keys_are_found() -> None:
    p, q, r = prime(b"p"), prime(b"q"), prime(b"r")
    fine = [prime(b"p%d" % i) * prime(b"q%d" % i) for i in range(4)]
    assert weak([p * q, *fine, p * r]) == [(p * q, [SHARED]), (p * r, [SHARED])]
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
