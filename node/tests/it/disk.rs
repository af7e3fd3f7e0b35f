//! A disk in memory that remembers every write and sync, and what it may look like after the power was cut.

use std::io::{Error, ErrorKind};
use std::sync::{Arc, Mutex};

use redb::StorageBackend;

/// What happened to a disk, in order.
#[derive(Debug, Clone)]
pub(crate) enum Op {
    Write(usize, Vec<u8>),
    SetLen(usize),
    Sync,
    /// Somebody was told that everything before this is durable; the number of the state that they were told of.
    Told(usize),
}

#[derive(Debug, Default)]
struct Content {
    bytes: Vec<u8>,
    log: Vec<Op>,
    /// The operation, counted from now, that fails and all after it.
    fails_after: Option<usize>,
    /// How many operations failed.
    n_failed: usize,
}

impl Content {
    fn next(&mut self) -> Result<(), Error> {
        match &mut self.fails_after {
            Some(0) => {
                self.n_failed += 1;
                Err(Error::other("input/output error"))
            }
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }
}

/// The disk. Clones are the same disk.
#[derive(Debug, Clone, Default)]
pub(crate) struct Disk(Arc<Mutex<Content>>);

impl Disk {
    pub(crate) fn with(bytes: Vec<u8>) -> Self {
        Self(Arc::new(Mutex::new(Content { bytes, ..Content::default() })))
    }

    pub(crate) fn fail_after(&self, n_operations: usize) {
        self.0.lock().unwrap().fails_after = Some(n_operations);
    }

    pub(crate) fn n_failed(&self) -> usize {
        self.0.lock().unwrap().n_failed
    }

    pub(crate) fn told(&self, state: usize) {
        self.0.lock().unwrap().log.push(Op::Told(state));
    }

    pub(crate) fn log(&self) -> Vec<Op> {
        self.0.lock().unwrap().log.clone()
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap().bytes.clone()
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> Result<u64, Error> {
        Ok(u64::try_from(self.0.lock().unwrap().bytes.len()).unwrap())
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), Error> {
        let mut content = self.0.lock().unwrap();
        content.next()?;
        let offset = usize::try_from(offset).unwrap();
        let bytes = content.bytes.get(offset..offset + out.len());
        out.copy_from_slice(bytes.ok_or_else(|| Error::from(ErrorKind::UnexpectedEof))?);
        Ok(())
    }

    fn set_len(&self, len: u64) -> Result<(), Error> {
        let mut content = self.0.lock().unwrap();
        content.next()?;
        let len = usize::try_from(len).unwrap();
        content.bytes.resize(len, 0);
        content.log.push(Op::SetLen(len));
        Ok(())
    }

    fn sync_data(&self) -> Result<(), Error> {
        let mut content = self.0.lock().unwrap();
        content.next()?;
        content.log.push(Op::Sync);
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<(), Error> {
        let mut content = self.0.lock().unwrap();
        content.next()?;
        let offset = usize::try_from(offset).unwrap();
        write(&mut content.bytes, offset, data);
        content.log.push(Op::Write(offset, data.to_vec()));
        Ok(())
    }
}

fn write(bytes: &mut Vec<u8>, offset: usize, data: &[u8]) {
    if bytes.len() < offset + data.len() {
        bytes.resize(offset + data.len(), 0);
    }
    bytes[offset..offset + data.len()].copy_from_slice(data);
}

/// Numbers that are the same in every run (SplitMix64).
#[derive(Debug, Clone)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(end).unwrap()).unwrap()
    }
}

/// How much of what was not synced is on the disk after the power was cut.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Survives {
    Nothing,
    Everything,
    /// All up to some write, and a part of that.
    Prefix,
    /// Any of the sectors of any of the writes, of so many bytes each.
    Sectors(usize),
}

/// A disk whose power is cut after the first, second, … operation of a log.
pub(crate) struct PowerCuts<'a> {
    base: Vec<u8>,
    log: &'a [Op],
    /// Where the first operation that is not synced is.
    synced: usize,
    position: usize,
    told: usize,
}

impl<'a> PowerCuts<'a> {
    /// `base` is the disk before the first operation.
    pub(crate) fn new(base: Vec<u8>, log: &'a [Op]) -> Self {
        Self { base, log, synced: 0, position: 0, told: 0 }
    }

    /// Goes on by one operation; `false` at the end.
    pub(crate) fn advance(&mut self) -> bool {
        let Some(op) = self.log.get(self.position) else { return false };
        self.position += 1;
        match op {
            Op::Sync => {
                for op in &self.log[self.synced..self.position] {
                    apply(&mut self.base, op);
                }
                self.synced = self.position;
            }
            Op::Told(state) => self.told = *state,
            Op::Write(..) | Op::SetLen(_) => {}
        }
        true
    }

    pub(crate) fn position(&self) -> usize {
        self.position
    }

    /// The last state that somebody was told of.
    pub(crate) fn told(&self) -> usize {
        self.told
    }

    /// What is on the disk now.
    pub(crate) fn image(&self, survives: Survives, random: &mut Random) -> Vec<u8> {
        let mut image = self.base.clone();
        let pending = &self.log[self.synced..self.position];
        let last = if pending.is_empty() { 0 } else { random.below(pending.len()) };
        for (index, op) in pending.iter().enumerate() {
            match (survives, op) {
                (Survives::Nothing, _) => {}
                (Survives::Everything, op) => apply(&mut image, op),
                (Survives::Prefix, op) if index < last => apply(&mut image, op),
                (Survives::Prefix, Op::Write(offset, data)) if index == last => {
                    let part = data.len() / 512 * 512;
                    write(&mut image, *offset, &data[..random.below(part / 512 + 1) * 512]);
                }
                (Survives::Prefix, _) => {}
                (Survives::Sectors(size), Op::Write(offset, data)) => {
                    for (number, sector) in data.chunks(size).enumerate() {
                        if random.next().is_multiple_of(2) {
                            write(&mut image, offset + number * size, sector);
                        }
                    }
                }
                (Survives::Sectors(_), op) => {
                    if random.next().is_multiple_of(2) {
                        apply(&mut image, op);
                    }
                }
            }
        }
        image
    }
}

fn apply(bytes: &mut Vec<u8>, op: &Op) {
    match op {
        Op::Write(offset, data) => write(bytes, *offset, data),
        Op::SetLen(len) => bytes.resize(*len, 0),
        Op::Sync | Op::Told(_) => {}
    }
}
