//! What a process does after its target has ended: its exit hooks, and the
//! destructor of what it gave. None of it changes the result.

use std::fs;
use std::io::Write;
use std::panic::catch_unwind;
use std::process::{abort, exit};
use std::thread::sleep;
use std::time::Duration;

use mp_core::{
    Error, ErrorKind, Process, Returning, StartMethod, Task, atexit,
};
use serde::de::DeserializeOwned;
use serde::ser::SerializeTuple;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use signal_hook::low_level::raise;

use crate::outcomes::Awkward;
use crate::support::silence;

crate::cases! {
    each_method: [
        hook_that_panics_after_the_value,
        hook_that_panics_after_a_panic,
        hook_that_panics_after_a_failure,
        hook_that_panics_after_an_exit,
        hook_that_outlives_the_time,
        files_of_a_hook_that_outlives_the_time,
        value_whose_destructor_panics,
        abort_while_it_gives_after_a_panic_was_caught,
    ],
    once: [],
}

/// Longer than any case may take.
const LONG: Duration = Duration::from_secs(100);

/// Starts a process that has nothing to say, and waits for its end.
fn ended<F, Args>(target: F, args: Args) -> Process<Returning<F::Output>>
where
    F: Task<Args, Output: Serialize + DeserializeOwned + 'static>,
    Args: Serialize + Deserialize<'static> + Send + 'static,
{
    let mut process =
        Process::returning(target, args).with_name("It").with_quiet_panics();
    process.start().unwrap();
    process.join().unwrap();
    process
}

fn error_of(target: impl Task<(), Output = ()>) -> Error {
    ended(target, ()).result().unwrap_err()
}

/// Has this process panic at its end.
fn panic_at_the_end() {
    silence();
    atexit(|| panic!("the hook's own")).unwrap();
}

fn hook_that_panics_after_the_value(_: StartMethod) {
    let target = |length| {
        panic_at_the_end();
        "x".repeat(length)
    };
    for length in [0, 5, 100_000] {
        let process = ended(target, (length,));
        assert_eq!(process.result().unwrap(), "x".repeat(length));
        assert_eq!(process.exitcode(), Some(0));
    }
}

fn hook_that_panics_after_a_panic(_: StartMethod) {
    let error = error_of(|| {
        panic_at_the_end();
        panic!("the target's");
    });
    assert_eq!(error.kind(), ErrorKind::Panicked, "{error}");
    assert_eq!(error.panic().unwrap().message(), "the target's");
}

fn hook_that_panics_after_a_failure(_: StartMethod) {
    let target = || {
        panic_at_the_end();
        Awkward(true)
    };
    let error = ended(target, ()).result().err().unwrap();
    assert_eq!(error.kind(), ErrorKind::BadResult, "{error}");
    assert!(error.to_string().ends_with("it will not go"), "{error}");
}

/// `exit` destroys what is local to the thread before the hooks run.
fn hook_that_panics_after_an_exit(_: StartMethod) {
    let error = error_of(|| {
        panic_at_the_end();
        exit(3)
    });
    assert_eq!(error.kind(), ErrorKind::Exited { code: 3 }, "{error}");
}

/// What the timer does when the time is over.
fn end_the_time() {
    raise(nix::libc::SIGRTMAX()).unwrap();
    sleep(LONG);
}

fn hook_that_outlives_the_time(_: StartMethod) {
    let target = || {
        atexit(end_the_time).unwrap();
        7
    };
    let mut process = Process::returning(target, ()).with_timeout(LONG);
    process.start().unwrap();
    assert_eq!(process.result().unwrap(), 7);
    assert_eq!(process.exitcode(), Some(-15));
}

/// None of them has the number of the file that the result was to go to.
fn files_of_a_hook_that_outlives_the_time(_: StartMethod) {
    const TEXT: &[u8] = b"what the program has written to its own file\n";
    const COUNT: usize = 20;
    let target = |folder: String| -> () {
        let hook = move || {
            let files = (0..COUNT).map(|number| {
                let path = format!("{folder}/{number}");
                let mut file = fs::File::create(path).unwrap();
                file.write_all(TEXT).unwrap();
                file
            });
            let files: Vec<_> = files.collect();
            end_the_time();
            drop(files);
        };
        atexit(hook).unwrap();
        exit(3)
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap().to_owned();
    let mut process = Process::returning(target, (path,)).with_timeout(LONG);
    process.start().unwrap();
    let error = process.result().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut, "{error}");
    for number in 0..COUNT {
        let path = folder.path().join(number.to_string());
        assert_eq!(fs::read(path).unwrap(), TEXT);
    }
}

/// Only the child's own copy of the value, which nobody needs any more, cannot
/// be dropped.
fn value_whose_destructor_panics(_: StartMethod) {
    #[derive(Serialize, Deserialize)]
    struct Bomb {
        maker: u32,
    }
    impl Drop for Bomb {
        fn drop(&mut self) {
            assert_ne!(self.maker, std::process::id(), "on purpose");
        }
    }
    let target = || {
        silence();
        Bomb { maker: std::process::id() }
    };
    let process = ended(target, ());
    assert_eq!(Some(process.result().unwrap().maker), process.pid());
    assert_eq!(process.exitcode(), Some(1));
}

/// Begins as a panic does in the file, and is never whole.
struct LikeAPanic;

impl Serialize for LikeAPanic {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut items = to.serialize_tuple(4)?;
        items.serialize_element("no message")?;
        items.serialize_element("no file")?;
        items.serialize_element(&(1_u32, 2_u32))?;
        // More than is kept back before it is written.
        items.serialize_element(&vec![0_u8; 1 << 20])?;
        abort()
    }
}

impl<'de> Deserialize<'de> for LikeAPanic {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Ok(Self)
    }
}

fn abort_while_it_gives_after_a_panic_was_caught(_: StartMethod) {
    let target = || {
        catch_unwind(|| panic!("{}", "caught".repeat(10))).unwrap_err();
        LikeAPanic
    };
    let error = ended(target, ()).result().err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Killed { signal: 6 });
    assert!(error.panic().is_none(), "{error}");
}
