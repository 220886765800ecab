//! Making the programs that are measured.

use std::collections::HashMap;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::program::Subject;

/// The programs, or why there is none.
#[derive(Debug)]
pub(crate) struct Programs {
    found: HashMap<&'static str, Vec<OsString>>,
    /// Where the executables of this workspace are.
    directory: PathBuf,
}

impl Programs {
    /// Finds or builds the programs of these subjects, and says which there
    /// are not, and why.
    pub(crate) fn new(
        subjects: &[Subject],
    ) -> Result<(Self, Vec<(Subject, String)>)> {
        let executable = env::current_exe()?;
        let directory =
            executable.parent().context("a program lies somewhere")?;
        let mut programs =
            Self { found: HashMap::new(), directory: directory.to_owned() };
        let mut missing = Vec::new();
        for &subject in subjects {
            match programs.find(subject) {
                Ok(command) => {
                    programs.found.insert(subject.name(), command);
                }
                Err(error) => missing.push((subject, format!("{error:#}"))),
            }
        }
        Ok((programs, missing))
    }

    fn find(&self, subject: Subject) -> Result<Vec<OsString>> {
        Ok(match subject {
            Subject::Limit => vec![build_limit(&self.directory)?.into()],
            Subject::MpCore => vec![self.mp_core()?.into()],
            Subject::CPython => {
                vec![python()?, package().join("peers/cpython/main.py").into()]
            }
            peer => vec![build_peer(&self.directory, peer)?.into()],
        })
    }

    /// The executable whose children the limit's are copies of.
    pub(crate) fn mp_core(&self) -> Result<PathBuf> {
        let program = self.directory.join("bench-mp-core");
        ensure!(program.is_file(), "it was not built with this program");
        Ok(program)
    }

    /// The command that runs a subject's program. None if there is none.
    pub(crate) fn command(&self, subject: Subject) -> Option<Command> {
        let [program, arguments @ ..] = &self.found.get(subject.name())?[..]
        else {
            return None;
        };
        let mut command = Command::new(program);
        command.args(arguments);
        Some(command)
    }
}

fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The root of the workspace.
pub(crate) fn root() -> PathBuf {
    package().join("../..")
}

fn build_limit(directory: &Path) -> Result<PathBuf> {
    let compiler = env::var_os("CC").unwrap_or_else(|| "cc".into());
    let mut sources = Vec::new();
    for file in fs::read_dir(package().join("limits"))? {
        let file = file?.path();
        if file.extension().is_some_and(|extension| extension == "c") {
            sources.push(file);
        }
    }
    let program = directory.join("bench-limit");
    let mut command = Command::new(compiler);
    command.args(["-O2", "-o"]).arg(&program).args(sources).arg("-lpthread");
    run(&mut command)?;
    Ok(program)
}

/// The interpreter that `PYTHON` names, else `python3`: the file itself, since
/// what is found by the name may be a script that takes its time.
pub(crate) fn python() -> Result<OsString> {
    let named = env::var_os("PYTHON").filter(|name| !name.is_empty());
    let name = named.unwrap_or_else(|| "python3".into());
    let question = "import multiprocessing, sys; print(sys.executable)";
    let mut command = Command::new(name);
    let path = run(command.args(["-c", question]))?;
    Ok(path.trim_end().into())
}

fn build_peer(directory: &Path, peer: Subject) -> Result<PathBuf> {
    let target = directory.join("peers");
    let mut command = cargo();
    command
        .args(["build", "--quiet", "--release", "--manifest-path"])
        .arg(package().join("peers/Cargo.toml"))
        .args(["--bin", peer.name(), "--features", peer.name()])
        .arg("--target-dir")
        .arg(&target);
    run(&mut command)?;
    Ok(target.join("release").join(peer.name()))
}

/// The version of another crate that is measured.
pub(crate) fn peer_version(peer: Subject) -> Option<String> {
    let lock = fs::read_to_string(package().join("peers/Cargo.lock")).ok()?;
    let name = format!("name = \"{peer}\"");
    let mut lines = lock.lines().skip_while(|line| *line != name);
    let version = lines.nth(1)?.strip_prefix("version = ")?;
    Some(version.trim_matches('"').to_owned())
}

/// Builds the examples of the workspace, and says where they are.
pub(crate) fn build_examples(names: &[&str]) -> Result<PathBuf> {
    let executable = env::current_exe()?;
    let directory = executable.parent().context("a program lies somewhere")?;
    let target = directory.join("examples");
    let mut command = cargo();
    command
        .args(["build", "--quiet", "--release", "--target-dir"])
        .arg(&target)
        .args(names.iter().flat_map(|name| ["--package", name]))
        .current_dir(root());
    run(&mut command)?;
    Ok(target.join("release"))
}

fn cargo() -> Command {
    Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Runs a command to its end. The result is what it printed.
pub(crate) fn run(command: &mut Command) -> Result<String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot run {command:?}"))?;
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        let first = errors.lines().find(|line| line.contains("error"));
        bail!("{}", first.unwrap_or("it failed and does not say why"));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
