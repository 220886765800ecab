//! What only a look inside shows of the behaviours HEAP. The others, and what
//! processes do to a heap, are in `tests/it/heap.rs`.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use nix::sys::stat::fstat;
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, TargetArch};

use super::{Block, FIRST_ARENA, Heap, LARGEST_ARENA, STEPS, UNIT};
use crate::shm::items::Items;
use crate::sys::lock::lock;

/// A heap that is not the one of this process: dropping a block does nothing
/// to it.
fn private() -> Heap {
    Heap { generation: u64::MAX, ..Heap::new() }
}

fn free(heap: &mut Heap, block: Block) {
    heap.free(&block.arena, block.lease.unwrap());
}

/// The free bytes of an arena.
fn room(heap: &Heap, index: usize) -> usize {
    let report = heap.arenas[index].allocator.storage_report();
    report.total_free_space as usize * UNIT
}

fn sizes(heap: &Heap) -> Vec<usize> {
    heap.arenas.iter().map(|own| own.arena.mapping.length()).collect()
}

fn used(heap: &Heap) -> usize {
    heap.arenas.iter().map(|own| own.blocks).sum()
}

/// Blocks do not overlap, and with what is free make up their arenas.
fn check_tiling(heap: &Heap, blocks: &[Block]) {
    assert_eq!(used(heap), blocks.len());
    for (index, own) in heap.arenas.iter().enumerate() {
        let here = blocks.iter().filter(|b| b.arena.id == own.arena.id);
        let mut ranges: Vec<_> =
            here.map(|b| (b.offset, b.offset + b.length)).collect();
        ranges.sort_unstable();
        assert_eq!(ranges.len(), own.blocks);
        assert!(ranges.windows(2).all(|pair| pair[0].1 <= pair[1].0));
        let size = own.arena.mapping.length();
        assert!(ranges.iter().all(|&(_, end)| end <= size));
        let taken: usize = ranges.iter().map(|(start, end)| end - start).sum();
        assert_eq!(taken + room(heap, index), size);
    }
}

/// After many allocations and frees of random sizes in a random order.
fn worn() -> (Heap, Vec<Block>) {
    let (mut heap, mut blocks) = (private(), Vec::new());
    for _ in 0..3000 {
        let length = rand::random_range(1..=8000);
        let block = heap.allocate(length).unwrap();
        assert!(block.length >= length);
        blocks.push(block);
        if blocks.len() > 40 {
            let index = rand::random_range(0..blocks.len());
            free(&mut heap, blocks.swap_remove(index));
        }
    }
    (heap, blocks)
}

#[test]
fn heap_01_blocks_tile_the_arenas() {
    let (heap, blocks) = worn();
    check_tiling(&heap, &blocks);
}

/// The newest arena stays, whole; CPython keeps small ones.
#[test]
fn heap_02_everything_can_be_freed() {
    let (mut heap, mut blocks) = worn();
    while !blocks.is_empty() {
        let index = rand::random_range(0..blocks.len());
        free(&mut heap, blocks.swap_remove(index));
        check_tiling(&heap, &blocks);
    }
    assert_eq!((used(&heap), heap.arenas.len()), (0, 1));
    assert_eq!(room(&heap, 0), sizes(&heap)[0]);
    assert!(heap.limbo.is_empty());
    let mut block = heap.allocate(1).unwrap();
    assert_eq!(block.offset, 0);
    for _ in 0..10_000 {
        free(&mut heap, block);
        block = heap.allocate(1).unwrap();
    }
    assert_eq!((block.offset, heap.arenas.len()), (0, 1));
}

/// To a line of the cache; CPython rounds to 8 bytes.
#[test]
fn heap_03_rounding() {
    let mut heap = private();
    let lengths = [1, UNIT + 1, 0, UNIT, 13];
    let blocks = lengths.map(|length| heap.allocate(length).unwrap());
    let mut end = 0;
    for (block, units) in blocks.iter().zip([1, 2, 1, 1, 1]) {
        assert_eq!((block.offset, block.length), (end, units * UNIT));
        end += block.length;
        assert_eq!(block.start().addr().get() % Block::ALIGN, 0);
    }
}

#[test]
fn heap_04_bad_sizes() {
    let mut heap = private();
    for length in [usize::MAX, usize::MAX - UNIT, 1 << 45, (1 << 38) + 1] {
        let error = heap.allocate(length).err().unwrap();
        assert_eq!(error.raw_os_error(), Some(libc::ENOMEM));
    }
    assert!(heap.arenas.is_empty());
    assert_eq!(heap.allocate(1).unwrap().offset, 0);
}

#[test]
fn heap_05_reuse_and_merging() {
    let mut heap = private();
    let blocks: [_; 5] =
        std::array::from_fn(|_| heap.allocate(2 * UNIT).unwrap());
    let [first, second, third, fourth, fifth] = blocks;
    let (hole, next_to_it) = (second.offset, third.offset);
    free(&mut heap, second);
    let reused = heap.allocate(UNIT + 1).unwrap();
    assert_eq!(reused.offset, hole);
    free(&mut heap, reused);
    free(&mut heap, fourth);
    // The one between the two free ones joins them all.
    free(&mut heap, third);
    let merged = heap.allocate(6 * UNIT).unwrap();
    assert_eq!((merged.offset, merged.length), (hole, 6 * UNIT));
    assert!(merged.offset < next_to_it);
    check_tiling(&heap, &[first, merged, fifth]);
}

#[test]
fn heap_06_arena_sizes() {
    let (mut heap, mut blocks) = (private(), Vec::new());
    while heap.arenas.len() < 6 {
        blocks.push(heap.allocate(FIRST_ARENA / 4).unwrap());
    }
    let expected: Vec<_> = (0..6).map(|n| FIRST_ARENA << n).collect();
    assert_eq!(sizes(&heap), expected);
    // What needs more gets it, in whole pages.
    blocks.push(heap.allocate(3_000_001).unwrap());
    let large = sizes(&heap)[6];
    assert!((3_000_001..3_500_000).contains(&large) && large % 4096 == 0);
    // What comes next fits beside it, and what does not gets twice as much.
    blocks.push(heap.allocate(3_000_001).unwrap());
    assert_eq!(sizes(&heap)[7], 2 * large);
    check_tiling(&heap, &blocks);
    heap.grow(LARGEST_ARENA / 2).unwrap();
    heap.grow(1).unwrap();
    heap.grow(1).unwrap();
    assert_eq!(sizes(&heap)[9..], [LARGEST_ARENA; 2]);
}

/// The memory of an arena that is there, as the heap and as the system sees it.
fn reserved(heap: &Heap, index: usize) -> usize {
    let own = &heap.arenas[index];
    let blocks = fstat(own.arena.fd()).unwrap().st_blocks;
    assert_eq!(usize::try_from(blocks).unwrap() * 512, own.reserved);
    own.reserved
}

/// What is not handed out takes no memory, but for a part of one step.
#[test]
fn heap_06_memory_is_reserved_in_steps() {
    let mut heap = private();
    while sizes(&heap).last() != Some(&(1 << 20)) {
        heap.grow(1).unwrap();
    }
    let (newest, step) = (heap.arenas.len() - 1, (1 << 20) / STEPS);
    assert_eq!(reserved(&heap, newest), step);
    for _ in 0..20 {
        let block = heap.allocate(step / 5).unwrap();
        let (end, reserved) =
            (block.offset + block.length, reserved(&heap, newest));
        assert!(end <= reserved && reserved < end + step);
    }
    // Large ones take what they need, and it stays when they are freed.
    let large = heap.allocate(2 * step).unwrap();
    let before = reserved(&heap, newest);
    assert_eq!(before, (large.offset + large.length).next_multiple_of(4096));
    free(&mut heap, large);
    assert_eq!(reserved(&heap, newest), before);
}

/// When there is no more memory, what is there is used to the last block.
#[test]
fn heap_06_a_shortage_is_an_error() {
    let mut heap = private();
    let mut blocks = vec![heap.allocate(1).unwrap()];
    thread::scope(|scope| {
        scope.spawn(|| {
            refuse_memory();
            while heap.arenas[0].reserved / UNIT > blocks.len() {
                blocks.push(heap.allocate(1).unwrap());
            }
            for _ in 0..3 {
                let error = heap.allocate(1).err().unwrap();
                assert_eq!(error.raw_os_error(), Some(libc::ENOSPC));
            }
            free(&mut heap, blocks.pop().unwrap());
            blocks.push(heap.allocate(1).unwrap());
        });
    });
    assert_eq!(heap.arenas.len(), 1);
    check_tiling(&heap, &blocks);
    blocks.push(heap.allocate(1).unwrap());
    assert_eq!(heap.arenas.len(), 1);
}

/// From this thread.
fn refuse_memory() {
    let filter = SeccompFilter::new(
        [(libc::SYS_fallocate, Vec::new())].into(),
        SeccompAction::Allow,
        SeccompAction::Errno(libc::ENOSPC.unsigned_abs()),
        TargetArch::x86_64,
    );
    let filter: BpfProgram = filter.unwrap().try_into().unwrap();
    seccompiler::apply_filter(&filter).unwrap();
}

/// An empty arena is given up, however small, unless it is the newest.
#[test]
fn heap_07_empty_arenas() {
    let mut heap = private();
    let first = heap.allocate(FIRST_ARENA / 2).unwrap();
    let second = heap.allocate(FIRST_ARENA).unwrap();
    let third = heap.allocate(4 * FIRST_ARENA).unwrap();
    assert_eq!(heap.arenas.len(), 3);
    let newest = heap.arenas[2].arena.id;
    free(&mut heap, second);
    assert_eq!(heap.arenas.len(), 2);
    free(&mut heap, third);
    free(&mut heap, first);
    assert_eq!((heap.arenas.len(), heap.arenas[0].arena.id), (1, newest));
    assert_eq!(room(&heap, 0), sizes(&heap)[0]);
}

/// There is no collector of garbage to interrupt an allocation; a block can be
/// freed while another thread allocates.
#[test]
fn heap_08_free_from_threads() {
    let heap = Mutex::new(private());
    let items =
        |block: &Arc<Block>| Items::<u64>::new(block.clone(), 1).unwrap();
    let work = |mark: u64| {
        let mut kept: Vec<Arc<Block>> = Vec::new();
        for _ in 0..4000 {
            let block = lock(&heap).allocate(rand::random_range(8..900));
            let block = Arc::new(block.unwrap());
            items(&block).parts::<AtomicU64>()[0]
                .store(mark, Ordering::Relaxed);
            kept.push(block);
            if kept.len() > 40 {
                let index = rand::random_range(0..kept.len());
                let block = kept.swap_remove(index);
                let items = items(&block);
                let seen =
                    items.parts::<AtomicU64>()[0].load(Ordering::Relaxed);
                assert_eq!(seen, mark);
                drop(items);
                free(&mut lock(&heap), Arc::into_inner(block).unwrap());
            }
        }
        kept
    };
    let kept = thread::scope(|scope| {
        let work = &work;
        let threads = [1, 2].map(|mark| scope.spawn(move || work(mark)));
        threads.map(|thread| thread.join().unwrap())
    });
    let kept: Vec<Block> =
        kept.into_iter().flatten().filter_map(Arc::into_inner).collect();
    let mut heap = lock(&heap);
    check_tiling(&heap, &kept);
    for block in kept {
        free(&mut heap, block);
    }
    assert_eq!((used(&heap), heap.arenas.len()), (0, 1));
}
