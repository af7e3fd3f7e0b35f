//! An array whose places are used again.

/// Items in a chunk. Chunks never move, so growing copies nothing and wastes less than one of them.
const CHUNK: usize = 4_096;

#[derive(Debug, Clone)]
pub(super) struct Arena<T> {
    chunks: Vec<Vec<T>>,
    free: Vec<u32>,
}

fn position(place: u32) -> (usize, usize) {
    let place = usize::try_from(place).unwrap_or(usize::MAX);
    (place.wrapping_div(CHUNK), place.wrapping_rem(CHUNK))
}

impl<T: Copy> Arena<T> {
    pub(super) const fn new() -> Self {
        Self { chunks: Vec::new(), free: Vec::new() }
    }

    /// Puts `item` into a free place.
    #[expect(clippy::expect_used, reason = "2^31 places are more than memory holds")]
    pub(super) fn insert(&mut self, item: T) -> u32 {
        if let Some(place) = self.free.pop() {
            self.set(place, item);
            return place;
        }
        let place = u32::try_from(self.places())
            .ok()
            .filter(|place| *place < u32::MAX / 2)
            .expect("2^31 nodes of 64 bytes exceed the memory of any machine that runs this");
        match self.chunks.last_mut() {
            Some(chunk) if chunk.len() < CHUNK => chunk.push(item),
            Some(_) | None => {
                let mut chunk = Vec::with_capacity(CHUNK);
                chunk.push(item);
                self.chunks.push(chunk);
            }
        }
        place
    }

    #[expect(clippy::expect_used, reason = "places come from `insert` alone and chunks never shrink")]
    pub(super) fn get(&self, place: u32) -> T {
        let (chunk, index) = position(place);
        let item = self.chunks.get(chunk).and_then(|chunk| chunk.get(index));
        *item.expect("the place was handed out by insert")
    }

    pub(super) fn set(&mut self, place: u32, item: T) {
        let (chunk, index) = position(place);
        if let Some(old) = self.chunks.get_mut(chunk).and_then(|chunk| chunk.get_mut(index)) {
            *old = item;
        }
    }

    /// Takes the item out of a place, which may be used again.
    pub(super) fn remove(&mut self, place: u32) -> T {
        self.free.push(place);
        self.get(place)
    }

    /// Returns how many places there are, free ones included.
    pub(super) fn places(&self) -> usize {
        let last = self.chunks.last().map_or(0, Vec::len);
        self.chunks.len().saturating_sub(1).saturating_mul(CHUNK).saturating_add(last)
    }
}
