//! Who runs a program: Rust, or Python its twin.

use std::collections::HashMap;
use std::env;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use clap::ValueEnum;
use serde_json::Value;

use crate::program::{Kind, Program};

/// How processes are started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Method {
    /// By a copy of the parent.
    Fork,
    /// By a fresh program.
    Spawn,
    /// By a server that forks.
    Forkserver,
}

impl Method {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Fork, Self::Spawn, Self::Forkserver];

    /// Its name in Python.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fork => "fork",
            Self::Spawn => "spawn",
            Self::Forkserver => "forkserver",
        }
    }
}

/// The programs of this workspace, built.
#[derive(Debug)]
pub struct Rust {
    /// The files, by crate kind and name.
    files: HashMap<(String, String), PathBuf>,
}

impl Rust {
    /// Builds all programs of the workspace at `root`.
    ///
    /// # Errors
    ///
    /// If the build fails.
    pub fn build(root: &Path) -> Result<Self> {
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let output = Command::new(cargo)
            .args(["build", "--workspace", "--bins", "--examples"])
            .arg("--message-format=json-render-diagnostics")
            .current_dir(root)
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()
            .context("cannot run cargo")?;
        ensure!(output.status.success(), "the programs do not build");
        let messages = String::from_utf8_lossy(&output.stdout);
        Ok(Self { files: messages.lines().filter_map(built).collect() })
    }

    fn command(&self, program: &Program, method: Method) -> Result<Command> {
        let kind = match program.kind() {
            Kind::Example => "bin",
            Kind::Cell => "example",
        };
        let key = (kind.to_owned(), program.name().to_owned());
        let file = self.files.get(&key).with_context(|| {
            format!("the workspace has no {kind} {}", program.name())
        })?;
        let mut command = Command::new(file);
        command.args(program.args()).env("MP_START_METHOD", method.name());
        Ok(command)
    }
}

/// The kind, the name and the file of a program that cargo has built.
fn built(message: &str) -> Option<((String, String), PathBuf)> {
    let message: Value = serde_json::from_str(message).ok()?;
    let target = &message["target"];
    let kind = target["kind"][0].as_str()?.to_owned();
    let name = target["name"].as_str()?.to_owned();
    Some(((kind, name), message["executable"].as_str()?.into()))
}

/// A Python that can run the twins.
#[derive(Debug)]
pub struct Python {
    interpreter: PathBuf,
    version: String,
    root: PathBuf,
}

impl Python {
    /// Finds the interpreter: the one that `PYTHON` names, else `python3`.
    ///
    /// # Errors
    ///
    /// If there is none, or it is not Python 3.10 or newer.
    pub fn find(root: &Path) -> Result<Self> {
        let named = env::var_os("PYTHON").filter(|name| !name.is_empty());
        let name = PathBuf::from(named.unwrap_or_else(|| "python3".into()));
        // The file itself: what is found by the name may be a script that
        // takes its time to find it.
        let question = "import platform, sys\n\
            print(sys.version_info >= (3, 10))\n\
            print(platform.python_implementation())\n\
            print(platform.python_version())\n\
            print(sys.executable)";
        let output = Command::new(&name)
            .args(["-c", question])
            .stdin(Stdio::null())
            .output()
            .with_context(|| format!("cannot run {}", name.display()))?;
        let answer = String::from_utf8_lossy(&output.stdout).into_owned();
        let lines: Vec<_> = answer.lines().collect();
        let [new, implementation, version, file] = lines[..] else {
            bail!("{} is no Python", name.display());
        };
        ensure!(
            (new, implementation) == ("True", "CPython"),
            "{} is {implementation} {version}, not CPython 3.10 or newer",
            name.display()
        );
        let (interpreter, version) = (file.into(), version.to_owned());
        Ok(Self { interpreter, version, root: root.to_owned() })
    }

    fn command(&self, program: &Program, method: Method) -> Command {
        let driver = self.root.join("examples-book/python/run_twin.py");
        let mut command = Command::new(&self.interpreter);
        command
            .arg(driver)
            .arg(method.name())
            .arg(program.twin(&self.root))
            .args(program.args())
            // It would write a line in two parts.
            .env_remove("PYTHONUNBUFFERED");
        command
    }
}

/// Who runs a program.
#[derive(Debug)]
pub enum Subject {
    /// The program itself.
    Rust(Rust),
    /// Its twin.
    Python(Python),
}

impl Subject {
    pub(crate) fn command(
        &self,
        program: &Program,
        method: Method,
    ) -> Result<Command> {
        match self {
            Self::Rust(rust) => rust.command(program, method),
            Self::Python(python) => Ok(python.command(program, method)),
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rust(_) => f.write_str("Rust"),
            Self::Python(python) => write!(f, "CPython {}", python.version),
        }
    }
}
