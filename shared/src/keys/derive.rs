//! The same words, the same key: how two primes follow from a seed (`docs/protocol.md`, section 2).

use chacha20::ChaCha20;
use chacha20::cipher::{KeyIvInit as _, StreamCipher as _};
use core::num::NonZeroU32;
use crypto_bigint::{Encoding as _, NonZero, U1024, Word};
use crypto_primes::hazmat::SmallFactorsSieve;
use crypto_primes::{Flavor, is_prime};
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::PUBLIC_EXPONENT;
use crate::words::Seed;

const PRIME_BITS: NonZeroU32 = NonZeroU32::new(1024).unwrap();
const PRIME_BYTES: usize = 128;
/// Primes that differ by less than 2^924 could be found from their product.
const MIN_DISTANCE_BITS: u32 = 924;

/// How far the derivation of a key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyProgress {
    /// How many of the two primes are found.
    pub primes: u8,
    /// How many numbers were tested so far, for both primes; 80 are to be expected.
    pub tested: u32,
}

/// Returns the two primes of the key for `account`, the larger one first.
pub(super) fn primes(
    seed: &Seed,
    account: u32,
    progress: impl FnMut(KeyProgress),
) -> (Zeroizing<U1024>, Zeroizing<U1024>) {
    let mut key = Zeroizing::new([0_u8; 32]);
    #[expect(clippy::expect_used, reason = "HKDF-SHA256 yields up to 255 · 32 bytes")]
    Hkdf::<Sha256>::new(Some(b"ironchain/rsa-account"), seed.as_bytes())
        .expand(&account.to_le_bytes(), key.as_mut_slice())
        .expect("HKDF yields 32 bytes because it yields up to 8160");
    let stream = ChaCha20::new((&*key).into(), &[0_u8; 12].into());
    let mut search = Search { stream, progress, done: KeyProgress { primes: 0, tested: 0 } };
    let p = search.next_prime(|_| true);
    let q = search.next_prime(|q| {
        let distance = if *p > *q { p.wrapping_sub(q) } else { q.wrapping_sub(&*p) };
        distance.bits() > MIN_DISTANCE_BITS
    });
    if *p > *q { (p, q) } else { (q, p) }
}

struct Search<F> {
    stream: ChaCha20,
    progress: F,
    done: KeyProgress,
}

impl<F: FnMut(KeyProgress)> Search<F> {
    /// Reads starting points from the stream until the first prime after one of them is `acceptable`.
    fn next_prime(&mut self, acceptable: impl Fn(&U1024) -> bool) -> Zeroizing<U1024> {
        loop {
            let start = self.read_start();
            // The sieve steps by 2, skips multiples of small primes, and ends where the number outgrows 1024 bits.
            #[expect(
                clippy::expect_used,
                reason = "the sieve refuses only more bits than the number's type has"
            )]
            let candidates = SmallFactorsSieve::new(*start, PRIME_BITS, false)
                .expect("a sieve of 1024 bits can be made because the numbers have as many");
            let prime = candidates.map(Zeroizing::new).find(|candidate| self.is_usable_prime(candidate));
            if let Some(prime) = prime.filter(|prime| acceptable(prime)) {
                self.done.primes = self.done.primes.saturating_add(1);
                (self.progress)(self.done);
                return prime;
            }
        }
    }

    /// Reads 128 bytes of the stream as a number with its two top bits and its lowest bit set.
    fn read_start(&mut self) -> Zeroizing<U1024> {
        let mut bytes = Zeroizing::new([0_u8; PRIME_BYTES]);
        self.stream.apply_keystream(bytes.as_mut_slice());
        if let [first, .., last] = bytes.as_mut_slice() {
            *first |= 0b1100_0000;
            *last |= 1;
        }
        Zeroizing::new(U1024::from_be_bytes((*bytes).into()))
    }

    fn is_usable_prime(&mut self, candidate: &U1024) -> bool {
        let exponent =
            NonZero::<crypto_bigint::Limb>::new_unwrap(crypto_bigint::Limb(Word::from(PUBLIC_EXPONENT)));
        let prime =
            candidate.rem_limb(exponent) != crypto_bigint::Limb::ONE && is_prime(Flavor::Any, candidate);
        self.done.tested = self.done.tested.saturating_add(1);
        (self.progress)(self.done);
        prime
    }
}
