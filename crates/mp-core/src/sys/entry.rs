//! A function's place in this executable, and back.
//!
//! Another process that runs the same executable has the same code at the same
//! offset from wherever the image was loaded, so an offset is all that has to
//! be sent. What is sent is not the place of the function itself but of a
//! constant [`Entry`] that holds it, behind a mark: an offset that is wrong
//! finds no mark there, and is refused instead of being called.

#![allow(unsafe_code, reason = "reads the image by offset")]

use std::ffi::{c_int, c_void};
use std::ops::Range;
use std::sync::OnceLock;

/// What a new process can begin with: a function of the bytes it was sent.
#[derive(Debug)]
#[repr(C, align(16))]
pub struct Entry {
    // First: `at` looks at it before it believes the rest.
    mark: [u64; 2],
    run: Run,
}

/// It gives an exit code, or says why it failed.
type Run = fn(&'static [u8]) -> Result<i32, String>;

const MARK: [u64; 2] = [0x9e1c_6d70_5f63_6f72, 0x65e2_8a3b_17c4_d05f];

impl Entry {
    /// An entry that runs `run`.
    pub(crate) const fn new(run: Run) -> Self {
        Self { mark: MARK, run }
    }

    /// Runs it.
    pub(crate) fn run(&self, sent: &'static [u8]) -> Result<i32, String> {
        (self.run)(sent)
    }

    /// Finds the program's image, if that was not done. A copy of the process
    /// that is made while another thread does it would wait for that for ever.
    pub(crate) fn find_image() {
        image();
    }

    /// How far from the start of the program's image this entry is, or none if
    /// it is not in that image (but in a library's).
    pub(crate) fn offset(&'static self) -> Option<u64> {
        let address = std::ptr::from_ref(self).addr();
        let image = image();
        image.holds(address).then(|| (address - image.base) as u64)
    }

    /// The entry at an offset that came from another process, or none if there
    /// is no entry.
    pub(crate) fn at(offset: u64) -> Option<&'static Self> {
        let offset = usize::try_from(offset).ok()?;
        let image = image();
        let address = image.base.checked_add(offset)?;
        if !image.holds(address) || address % align_of::<Self>() != 0 {
            return None;
        }
        let entry: *const Self = std::ptr::with_exposed_provenance(address);
        // SAFETY: the place lies in a loaded part of the image, which is
        // readable and stays for the life of the program, and it is aligned.
        // Two numbers may have any bytes.
        let mark = unsafe { entry.cast::<[u64; 2]>().read() };
        // SAFETY: besides the constants `Entry` of this crate only `MARK`
        // itself looks like that, and no process sends its place. Neither is
        // written.
        (mark == MARK).then(|| unsafe { &*entry })
    }
}

/// The program's own image (not a library's) in memory.
#[derive(Default)]
struct Image {
    base: usize,
    /// What was loaded from the file. There may be gaps in between.
    parts: Vec<Range<usize>>,
}

impl Image {
    /// Whether an entry can be at this address.
    fn holds(&self, address: usize) -> bool {
        let Some(end) = address.checked_add(size_of::<Entry>()) else {
            return false;
        };
        self.parts.iter().any(|part| part.start <= address && end <= part.end)
    }
}

fn image() -> &'static Image {
    static IMAGE: OnceLock<Image> = OnceLock::new();
    IMAGE.get_or_init(|| {
        let mut image = Image::default();
        // SAFETY: the callback gets the pointer to `image`, which outlives the
        // call.
        unsafe {
            libc::dl_iterate_phdr(Some(first_image), (&raw mut image).cast());
        };
        image
    })
}

/// Takes the parts of the first image, the program's, and ends the iteration.
#[allow(clippy::cast_possible_truncation, reason = "addresses fit")]
unsafe extern "C" fn first_image(
    info: *mut libc::dl_phdr_info,
    _size: usize,
    image: *mut c_void,
) -> c_int {
    // SAFETY: the loader passes a valid record for the time of the call.
    let info = unsafe { &*info };
    let count = usize::from(info.dlpi_phnum);
    // SAFETY: the record says where the headers are and how many.
    let headers = unsafe { std::slice::from_raw_parts(info.dlpi_phdr, count) };
    // SAFETY: it is the `Image` of the only caller, which waits for this.
    let image = unsafe { &mut *image.cast::<Image>() };
    image.base = info.dlpi_addr as usize;
    let loaded = headers.iter().filter(|header| header.p_type == libc::PT_LOAD);
    image.parts.extend(loaded.map(|header| {
        let start = image.base + header.p_vaddr as usize;
        start..start + header.p_filesz as usize
    }));
    1
}
