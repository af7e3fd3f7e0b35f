//! A look at a chain of headers that may or may not be worth keeping, in little memory however long it is.
//!
//! Its headers are checked and forgotten, but for a mark every so often. When it turns out to have more work than the
//! best chain known, they are asked for again, and kept as far as they lead to the same marks: a hash says everything of
//! what came before it.

use shared::block::Header;
use shared::hash::BlockHash;

use super::known::Trail;

/// Marks of one search: 32 KiB. When there are more, every second is dropped. A search through a million headers keeps one
/// in 1,024, and then waits with as many, 80 KB, for the next mark. Times rise by a second a header at least, so a chain
/// has at most as many headers as seconds passed since the fork.
const MAX_MARKS: usize = 1_024;

/// The headers of one peer that are looked at.
#[derive(Debug)]
pub(super) struct Search {
    /// Where they leave what is known.
    fork: Trail,
    /// The last one seen.
    end: Trail,
    count: usize,
    /// There is a mark at every so many headers.
    step: usize,
    marks: Vec<BlockHash>,
    second: Option<SecondTime>,
}

/// The headers come once more.
#[derive(Debug)]
struct SecondTime {
    end: Trail,
    count: usize,
    /// Those after the last mark.
    waiting: Vec<(BlockHash, Header)>,
}

/// What to do with the headers that came for the second time.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// Keep these, if any, and go on.
    More(Vec<(BlockHash, Header)>),
    /// Keep these: they are the last.
    All(Vec<(BlockHash, Header)>),
    /// They are others than before.
    Others,
}

impl Search {
    pub(super) fn new(fork: Trail) -> Self {
        Self { fork, end: fork, count: 0, step: 1, marks: Vec::new(), second: None }
    }

    /// Returns the last header that came.
    pub(super) fn end(&self) -> &Trail {
        self.second.as_ref().map_or(&self.end, |second| &second.end)
    }

    /// Returns where they leave what is known.
    pub(super) fn fork(&self) -> &Trail {
        &self.fork
    }

    /// Returns whether the headers come for the second time.
    pub(super) fn is_second_time(&self) -> bool {
        self.second.is_some()
    }

    /// Looks at the next header, which was checked, and forgets it.
    pub(super) fn look(&mut self, next: Trail) {
        self.end = next;
        self.count += 1;
        if !self.count.is_multiple_of(self.step) {
            return;
        }
        self.marks.push(next.hash);
        if self.marks.len() == MAX_MARKS {
            let mut position = 0;
            self.marks.retain(|_| {
                position += 1;
                position % 2 == 0
            });
            self.step *= 2;
        }
    }

    /// Begins anew at the fork, to keep them this time.
    pub(super) fn begin_again(&mut self) {
        self.second = Some(SecondTime { end: self.fork, count: 0, waiting: Vec::new() });
    }

    /// Takes the next header, which was checked, for the second time.
    pub(super) fn take(&mut self, next: Trail, header: Header) -> Taken {
        let Some(second) = &mut self.second else { return Taken::Others };
        second.end = next;
        second.count += 1;
        second.waiting.push((next.hash, header));
        if second.count == self.count {
            let is_same = next.hash == self.end.hash;
            return if is_same { Taken::All(std::mem::take(&mut second.waiting)) } else { Taken::Others };
        }
        if !second.count.is_multiple_of(self.step) {
            return Taken::More(Vec::new());
        }
        if self.marks.get(second.count / self.step - 1) == Some(&next.hash) {
            Taken::More(std::mem::take(&mut second.waiting))
        } else {
            Taken::Others
        }
    }

    /// Returns how many bytes it holds.
    pub(super) fn bytes(&self) -> usize {
        let waiting = self.second.as_ref().map_or(0, |second| second.waiting.len());
        self.marks.len() * size_of::<BlockHash>() + waiting * size_of::<(BlockHash, Header)>()
    }
}
