//! Work on blocks in order, with all processors.

use rayon::iter::{IntoParallelIterator as _, ParallelIterator as _};

/// Encoded bytes of the blocks that are worked on together: large enough that threads seldom wait for each other and a
/// durable write is rare, small enough that two such groups with all that is made of them stay below 100 MiB.
pub(super) const GROUP_BYTES: usize = 12 << 20;
/// Blocks that are worked on together, however small.
pub(super) const GROUP_BLOCKS: usize = 4_096;

/// Hands what `next` gives to `take`, group by group, in order. Meanwhile `prepare` works on the following group, on
/// all processors. An empty group is the end.
pub(super) fn run<A: Send, B: Send, E: Send>(
    mut next: impl FnMut() -> Result<Vec<A>, E> + Send,
    prepare: impl Fn(A) -> B + Sync,
    mut take: impl FnMut(Vec<B>) -> Result<(), E> + Send,
) -> Result<(), E> {
    let mut ready = Vec::new();
    loop {
        let group = std::mem::take(&mut ready);
        let (taken, following) = rayon::join(
            || if group.is_empty() { Ok(()) } else { take(group) },
            || Ok(next()?.into_par_iter().map(&prepare).collect::<Vec<B>>()),
        );
        taken?;
        ready = following?;
        if ready.is_empty() {
            return Ok(());
        }
    }
}
