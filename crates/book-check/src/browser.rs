//! The pages in a browser, as wide as a screen and as narrow as a telephone.
//!
//! Chromium is told what to do by its driver, over HTTP on this machine.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use crate::page::SUMMARY;
use crate::{Problems, pages};

/// The widths, and how many columns a pair has in them.
const WIDTHS: [(u32, u64); 2] = [(1440, 2), (400, 1)];

/// What a page says of itself: whether anything is wider than the window, in
/// how many columns its pairs stand, and how wide its pictures are.
const PROBE: &str = "
    const columns = pair => new Set([...pair.querySelectorAll(':scope > pre')]
        .map(pre => Math.round(pre.getBoundingClientRect().left))).size;
    const scrollers = [document.scrollingElement,
        ...document.querySelectorAll('.content, .pair pre, .pair code')];
    return {
        overflow: Math.max(...scrollers
            .map(element => element.scrollWidth - element.clientWidth)),
        columns: [...document.querySelectorAll('.pair:not(.names)')]
            .map(columns),
        pictures: [...document.querySelectorAll('figure.picture')]
            .map(figure => figure.querySelector('svg')
                ?.getBoundingClientRect().width ?? 0).map(Math.round),
    };";

/// Looks at every page.
///
/// # Errors
///
/// If there is no browser, or it cannot be driven.
pub fn browser(book: &Path) -> Result<Problems> {
    let mut problems = Problems::default();
    let output = book.join("book").canonicalize().context("no built book")?;
    let driver = Driver::start()?;
    let session = driver.session()?;
    for page in pages(&book.join("src"))? {
        if page.name == SUMMARY {
            continue;
        }
        let file = Path::new(&page.name).with_extension("html");
        for (width, columns) in WIDTHS {
            let place = format!("{} at {width} px", file.display());
            session.resize(width)?;
            session.open(&output.join(&file))?;
            look(&session, &place, columns, &mut problems)?;
        }
    }
    session.end()?;
    Ok(problems)
}

fn look(
    session: &Session,
    place: &str,
    columns: u64,
    problems: &mut Problems,
) -> Result<()> {
    let seen = session.execute(PROBE)?;
    let numbers = |what: &str| {
        let list = seen[what].as_array().cloned().unwrap_or_default();
        list.into_iter().filter_map(|number| number.as_u64())
    };
    if seen["overflow"].as_u64() != Some(0) {
        let what = format!("something is too wide by {}", seen["overflow"]);
        problems.add(place, what);
    }
    if numbers("columns").any(|number| number != columns) {
        problems.add(place, format!("a pair has not {columns} column(s)"));
    }
    if numbers("pictures").any(|width| width < 200) {
        problems.add(place, "a picture is not there");
    }
    for message in session.messages()? {
        problems.add(place, message);
    }
    Ok(())
}

/// A running driver.
struct Driver {
    process: Child,
    address: String,
}

impl Driver {
    fn start() -> Result<Self> {
        let mut process = Command::new("chromedriver")
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot run chromedriver")?;
        let output = process.stdout.take().context("it has no output")?;
        let mut driver = Self { process, address: String::new() };
        for line in BufReader::new(output).lines() {
            let line = line?;
            let Some((_, port)) =
                line.split_once("started successfully on port ")
            else {
                continue;
            };
            let port = port.trim_end_matches('.');
            driver.address = format!("http://127.0.0.1:{port}/session");
            return Ok(driver);
        }
        bail!("chromedriver did not start")
    }

    fn session(&self) -> Result<Session> {
        let profile = tempfile::tempdir()?;
        let arguments = json!([
            "--headless",
            // The pages are our own, and CI runs as root.
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            format!("--user-data-dir={}", profile.path().display()),
        ]);
        let asked = json!({ "capabilities": { "alwaysMatch": {
            "goog:chromeOptions": { "args": arguments },
            "goog:loggingPrefs": { "browser": "ALL" },
        } } });
        let answer = post(&self.address, &asked)?;
        let id = answer["sessionId"].as_str().context("there is no session")?;
        let address = format!("{}/{id}", self.address);
        Ok(Session { address, _profile: profile })
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A browser window.
struct Session {
    address: String,
    _profile: tempfile::TempDir,
}

impl Session {
    fn ask(&self, what: &str, with: &Value) -> Result<Value> {
        post(&format!("{}/{what}", self.address), with)
    }

    /// A window has a least width, but the page in it can be told another.
    fn resize(&self, width: u32) -> Result<()> {
        let metrics = json!({
            "width": width, "height": 900, "deviceScaleFactor": 1,
            "mobile": false,
        });
        self.ask(
            "goog/cdp/execute",
            &json!({
                "cmd": "Emulation.setDeviceMetricsOverride", "params": metrics,
            }),
        )
        .map(drop)
    }

    fn open(&self, file: &Path) -> Result<()> {
        let address = format!("file://{}", file.display());
        self.ask("url", &json!({ "url": address })).map(drop)
    }

    fn execute(&self, script: &str) -> Result<Value> {
        self.ask("execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// The errors and warnings on the console since the last time.
    fn messages(&self) -> Result<Vec<String>> {
        let entries = self.ask("se/log", &json!({ "type": "browser" }))?;
        let entries = entries.as_array().cloned().unwrap_or_default();
        let bad = |entry: &&Value| {
            matches!(entry["level"].as_str(), Some("SEVERE" | "WARNING"))
        };
        let text = |entry: &Value| entry["message"].to_string();
        Ok(entries.iter().filter(bad).map(text).collect())
    }

    fn end(self) -> Result<()> {
        ureq::delete(&self.address).call().context("cannot end the browser")?;
        Ok(())
    }
}

fn post(address: &str, what: &Value) -> Result<Value> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(std::time::Duration::from_secs(60)))
        .build()
        .into();
    let mut answer = agent
        .post(address)
        .send_json(what)
        .context("cannot talk to chromedriver")?;
    let status = answer.status();
    let mut body: Value = answer.body_mut().read_json()?;
    let value = body["value"].take();
    ensure!(status.is_success(), "chromedriver says: {}", value["message"]);
    Ok(value)
}
