use core::convert::Infallible;

use rand_core::{TryCryptoRng, TryRng};

use super::check;
use crate::error::WalletError;
use crate::tests::TestRng;

/// A source that gives the same bytes at every draw.
struct Stuck(fn(usize) -> u8);

impl TryRng for Stuck {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.0(0).into())
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.0(0).into())
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        bytes.iter_mut().enumerate().for_each(|(index, byte)| *byte = self.0(index));
        Ok(())
    }
}

impl TryCryptoRng for Stuck {}

#[test]
fn a_source_that_varies_passes() {
    assert_eq!(check(&mut TestRng::default()), Ok(()));
}

#[test]
fn a_source_that_repeats_itself_is_refused() {
    let bytes: [fn(usize) -> u8; 3] = [|_| 0, |_| 7, |index| index.to_le_bytes()[0]];
    for byte in bytes {
        assert_eq!(check(&mut Stuck(byte)), Err(WalletError::NoRandomness));
    }
}

#[test]
fn a_source_that_gives_nothing_is_refused() {
    let mut rng = TestRng { is_empty: true, ..TestRng::default() };
    assert_eq!(check(&mut rng), Err(WalletError::NoRandomness));
}
