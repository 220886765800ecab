//! What the compiler says of a mistake, word for word.
//!
//! Each `ui/*.rs` makes a mistake, and the `.stderr` beside it is what the
//! compiler says. Each release of the compiler has words of its own, so they
//! are compared only by the one that they were recorded with, which
//! `ui/rustc-version` names. To record them anew with the one at hand:
//!
//! ```sh
//! TRYBUILD=overwrite cargo test -p mp-core --test ui
//! ```

use std::env;
use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};

use libtest_mimic::{Arguments, Failed, Trial};

const VERSION_FILE: &str = "tests/ui/rustc-version";

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let here = rustc_version();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(VERSION_FILE);
    if env::var_os("TRYBUILD").is_some_and(|value| value == "overwrite") {
        fs::write(&file, format!("{here}\n")).unwrap();
    }
    let recorded = fs::read_to_string(&file).unwrap();
    let recorded = recorded.trim();
    if recorded != here {
        eprintln!(
            "ui: skipped, since the messages were recorded with rustc \
             {recorded}, and this is {here}"
        );
    }
    let messages = Trial::test("messages", compare_messages)
        .with_ignored_flag(recorded != here);
    libtest_mimic::run(&arguments, vec![messages]).exit_code()
}

/// The release of the compiler, such as `1.85.0`.
fn rustc_version() -> String {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("--version").output().unwrap();
    let words = String::from_utf8(output.stdout).unwrap();
    let release = words.split_whitespace().nth(1);
    release.unwrap_or_else(|| panic!("no release in {words:?}")).to_owned()
}

#[allow(clippy::unnecessary_wraps, reason = "what a trial is")]
fn compare_messages() -> Result<(), Failed> {
    // It compares when it is dropped, and panics if anything is different.
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
    Ok(())
}
