//! The pages as mdBook built them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use scraper::{Html, Selector};

use crate::page::SUMMARY;
use crate::{Include, Page, Problems, pages};

/// Checks that every listing is the text of its file as it is now, and that
/// every link within the book leads to a page, and to a place in it.
///
/// # Errors
///
/// If the pages cannot be read.
pub fn built(book: &Path) -> Result<Problems> {
    let mut problems = Problems::default();
    let output = book.join("book");
    for page in pages(&book.join("src"))? {
        if page.name != SUMMARY {
            let checked = check_listings(&page, &output);
            problems.take("built", checked);
        }
    }
    check_links(&output, &mut problems)?;
    Ok(problems)
}

fn selector(text: &str) -> Result<Selector> {
    Selector::parse(text).map_err(|error| anyhow::anyhow!("{error}"))
}

fn check_listings(page: &Page, output: &Path) -> Result<()> {
    let file = output.join(Path::new(&page.name).with_extension("html"));
    let html = fs::read_to_string(&file)
        .with_context(|| format!("{} was not built", file.display()))?;
    let html = Html::parse_document(&html);
    let listings: Vec<String> = html
        .select(&selector("main pre > code")?)
        .map(|code| code.text().collect())
        .collect();
    let blocks = page.blocks();
    ensure!(
        listings.len() == blocks.len(),
        "it has {} listings in the built book, and {} in the source",
        listings.len(),
        blocks.len()
    );
    for (listing, block) in listings.iter().zip(blocks) {
        let text = match Include::parse(&block.text)? {
            Some(include) => include.text(page.folder())?,
            None => block.text,
        };
        ensure!(
            listing.trim_end() == text.trim_end(),
            "{}: the listing is not the text of its file",
            block.place
        );
    }
    Ok(())
}

/// What a built page has, and what it needs.
struct Built {
    ids: BTreeSet<String>,
    links: Vec<String>,
}

fn read(file: &Path) -> Result<Built> {
    let html = Html::parse_document(&fs::read_to_string(file)?);
    let ids = html
        .select(&selector("[id]")?)
        .filter_map(|element| element.attr("id"))
        .map(str::to_owned)
        .collect();
    let mut links = Vec::new();
    for (what, attribute) in [
        ("a[href], link[href]", "href"),
        ("img[src], script[src], iframe[src]", "src"),
    ] {
        let selector = selector(what)?;
        let elements = html.select(&selector);
        let found = elements.filter_map(|element| element.attr(attribute));
        links.extend(found.map(str::to_owned));
    }
    Ok(Built { ids, links })
}

fn check_links(output: &Path, problems: &mut Problems) -> Result<()> {
    let mut built = BTreeMap::new();
    for entry in fs::read_dir(output)
        .with_context(|| format!("cannot read {}", output.display()))?
    {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "html") {
            let page = read(&path)?;
            built.insert(path, page);
        }
    }
    for (path, page) in &built {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        for link in &page.links {
            if let Err(error) = check_link(path, link, &built) {
                problems.add(&name, format!("the link {link:?}: {error}"));
            }
        }
    }
    Ok(())
}

fn check_link(
    from: &Path,
    link: &str,
    built: &BTreeMap<PathBuf, Built>,
) -> Result<()> {
    if link.contains("://") || link.starts_with("mailto:") {
        return Ok(());
    }
    let (target, id) = link.split_once('#').unwrap_or((link, ""));
    let folder = from.parent().unwrap_or(Path::new("."));
    let file = match target.trim_start_matches('/') {
        "" if target.is_empty() => from.to_owned(),
        "" | "." | "./" => folder.join("index.html"),
        target => folder.join(target),
    };
    ensure!(file.is_file(), "there is no such file");
    if let (Some(page), false) = (built.get(&file), id.is_empty()) {
        ensure!(page.ids.contains(id), "the page has no such place");
    }
    Ok(())
}
