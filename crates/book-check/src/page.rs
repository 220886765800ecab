//! The pages of the book, as they are written.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

/// The list of the pages.
pub(crate) const SUMMARY: &str = "SUMMARY.md";

/// A page.
#[derive(Debug)]
pub struct Page {
    /// Its file.
    pub path: PathBuf,
    /// Its name within the book.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// A piece of code in a page.
#[derive(Debug)]
pub struct Block {
    /// What it is said to be, such as `rust`.
    pub language: String,
    /// What stands in the page: an include, mostly.
    pub text: String,
    /// Where: the page and the line.
    pub place: String,
}

/// All pages in the folder of the book's sources, and the list of them.
///
/// # Errors
///
/// If they cannot be read.
pub fn pages(folder: &Path) -> Result<Vec<Page>> {
    let entries = fs::read_dir(folder)
        .with_context(|| format!("cannot read {}", folder.display()))?;
    let mut pages = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "md") {
            let text = fs::read_to_string(&path)?;
            let name = path.file_name().unwrap_or_default();
            let name = name.to_string_lossy().into_owned();
            pages.push(Page { path, name, text });
        }
    }
    pages.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(pages)
}

impl Page {
    /// The folder that its includes start from.
    pub fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("."))
    }

    /// Its pieces of code, in their order.
    pub fn blocks(&self) -> Vec<Block> {
        let mut blocks: Vec<Block> = Vec::new();
        let mut open = false;
        let parser = Parser::new_ext(&self.text, Options::all());
        for (event, range) in parser.into_offset_iter() {
            match event {
                Event::Start(Tag::CodeBlock(kind)) => {
                    let language = match kind {
                        CodeBlockKind::Fenced(info) => info.into_string(),
                        CodeBlockKind::Indented => String::new(),
                    };
                    let before = &self.text[..range.start];
                    let line = before.matches('\n').count() + 1;
                    let place = format!("{}:{line}", self.name);
                    blocks.push(Block { language, text: String::new(), place });
                    open = true;
                }
                Event::End(TagEnd::CodeBlock) => open = false,
                Event::Text(text) if open => {
                    if let Some(block) = blocks.last_mut() {
                        block.text.push_str(&text);
                    }
                }
                _ => {}
            }
        }
        blocks
    }

    /// The names of source files in its text.
    pub fn files(&self) -> Vec<String> {
        Parser::new_ext(&self.text, Options::all())
            .filter_map(|event| match event {
                Event::Code(code) if is_file(&code) => Some(code.into_string()),
                _ => None,
            })
            .collect()
    }

    /// Where its links lead.
    pub fn links(&self) -> Vec<String> {
        Parser::new_ext(&self.text, Options::all())
            .filter_map(|event| match event {
                Event::Start(Tag::Link { dest_url, .. }) => {
                    Some(dest_url.into_string())
                }
                _ => None,
            })
            .collect()
    }
}

fn is_file(code: &str) -> bool {
    let extension = Path::new(code).extension();
    extension.is_some_and(|extension| extension == "rs" || extension == "py")
}
