//! The programs that have a transcript.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::order::Order;
use crate::rules::Rule;

/// The root of the workspace that cargo runs this in. It may be another than
/// the one that this was built in: checkouts can share a target directory.
pub fn root() -> PathBuf {
    let own = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    own.ancestors().nth(2).unwrap_or(&own).to_owned()
}

/// What a program is in the workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A crate of its own, `crates/ex1` and so on.
    Example,
    /// An example of mp-core: one cell of the tutorial.
    Cell,
}

/// A program with its arguments, and what is known about its lines.
#[derive(Debug)]
pub struct Program {
    kind: Kind,
    name: String,
    args: Vec<String>,
    pub(crate) order: Order,
    pub(crate) rules: Vec<Rule>,
}

impl Program {
    /// All programs, in the tutorial's order.
    ///
    /// # Errors
    ///
    /// If `programs.txt` is not written as its first lines say.
    pub fn all() -> Result<Vec<Self>> {
        Self::parse(include_str!("programs.txt"))
    }

    /// The programs that `names` choose, all if there are none. A name is a
    /// program's [`id`](Self::id), or its source's name for all ways to run
    /// it.
    ///
    /// # Errors
    ///
    /// If there is no program of that name.
    pub fn select(names: &[String]) -> Result<Vec<Self>> {
        let mut programs = Self::all()?;
        let known = |n: &String| programs.iter().any(|p| p.is(n));
        if let Some(unknown) = names.iter().find(|name| !known(name)) {
            let ids: Vec<_> = programs.iter().map(Self::id).collect();
            bail!("no program {unknown:?}: there are {}", ids.join(", "));
        }
        programs.retain(|p| names.is_empty() || names.iter().any(|n| p.is(n)));
        Ok(programs)
    }

    /// The program's name and arguments in one word: `ex5-with-lock`.
    pub fn id(&self) -> String {
        let args = self.args.iter().map(|arg| arg.trim_start_matches('-'));
        let mut words = vec![self.name.as_str()];
        words.extend(args);
        words.join("-")
    }

    /// What it is in the workspace.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The name of its source.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The arguments it is run with.
    pub fn args(&self) -> &[String] {
        &self.args
    }

    /// Its expected transcript, beside its Rust source.
    pub fn expected_path(&self, root: &Path) -> PathBuf {
        let id = self.id();
        let crates = root.join("crates");
        match self.kind {
            Kind::Cell => crates.join(format!("mp-core/examples/{id}.txt")),
            Kind::Example => {
                let variant = id.trim_start_matches(&self.name);
                let file = format!("expected{variant}.txt");
                crates.join(&self.name).join(file)
            }
        }
    }

    /// Its Python twin.
    pub fn twin(&self, root: &Path) -> PathBuf {
        let file = format!("{}.py", self.name);
        root.join("examples-book/python").join(file)
    }

    fn is(&self, name: &str) -> bool {
        name == self.id() || name == self.name
    }

    fn parse(text: &str) -> Result<Vec<Self>> {
        let mut programs: Vec<Self> = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let step = line.trim();
            if step.is_empty() || step.starts_with('#') {
                continue;
            }
            let taken = if line.starts_with(' ') {
                let last = programs.last_mut();
                last.context("a step before the first program")
                    .and_then(|program| program.add(step))
            } else {
                Self::begin(step).map(|program| programs.push(program))
            };
            taken.with_context(|| {
                format!("programs.txt, line {}: {step}", number + 1)
            })?;
        }
        Ok(programs)
    }

    fn begin(header: &str) -> Result<Self> {
        let mut words = header.split(' ').map(str::to_owned);
        let kind = match words.next().as_deref() {
            Some("example") => Kind::Example,
            Some("cell") => Kind::Cell,
            _ => bail!("neither an example nor a cell"),
        };
        let name = words.next().context("a program without a name")?;
        let (args, rules) = (words.collect(), Vec::new());
        Ok(Self { kind, name, args, order: Order::new(), rules })
    }

    fn add(&mut self, step: &str) -> Result<()> {
        match step.strip_prefix("rule ") {
            Some(name) => self.rules.push(name.parse()?),
            None => self.order.add(step)?,
        }
        Ok(())
    }
}
