//! Checks that the book shows the files as they are.
//!
//! The book is built by mdBook, which leaves out a file that is not there with
//! a warning, and a part that is not there without one. So
//!
//! - [`sources()`] looks at the pages before they are built: every piece of
//!   code comes from a file, and the file has it;
//! - [`built()`] looks at what was built from them: every listing is the text
//!   of its file, and every link leads somewhere;
//! - [`tries()`] makes each change that a page proposes, in a copy, and
//!   compares what the program prints with what the page says;
//! - [`browser()`] looks at pages in a real browser, wide and narrow.

mod browser;
mod built;
mod include;
mod page;
mod problems;
mod sources;
mod tries;

pub use browser::browser;
pub use built::built;
pub use include::{Include, Part};
pub use page::{Block, Page, pages};
pub use problems::Problems;
pub use sources::sources;
pub use tries::tries;
