//! Start methods and contexts: the behaviours CTX.

use std::process::{Command, ExitCode};
use std::sync::atomic::{AtomicU32, Ordering};

use mp_core::{
    Array, Context, Lock, Process, RLock, StartMethod, Value,
    chosen_start_method, force_start_method, set_start_method, start_method,
};
use serde::Serialize;

use crate::notes::Notes;
use crate::support::program;

crate::cases! {
    each_method: [
        ctx_02_contexts,
        ctx_07_the_start_method_in_a_child,
        ctx_08_a_context_decides_in_a_child,
        ctx_09_children_of_a_child_of_a_context,
        ctx_13_memory_under_fork,
        ctx_14_names_of_types,
    ],
    once: [
        ctx_01_list_of_methods,
        ctx_03_contexts_by_name,
        ctx_04_unknown_method,
        ctx_04_unknown_method_in_the_environment,
        ctx_05_setting_twice,
        ctx_06_none_chosen,
        ctx_11_locks_belong_to_no_context,
        ctx_12_sharing_only_while_starting,
    ],
    programs: [
        default_method,
        bad_environment,
        unknown_method,
        setting_twice,
        none_chosen,
    ],
}

/// A program that starts out with no start method, which succeeds.
fn succeeds(command: &mut Command) {
    let output = command.env_remove("MP_START_METHOD").output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

fn ctx_01_list_of_methods() {
    use StartMethod::{Fork, ForkServer, Spawn};
    assert_eq!(StartMethod::ALL, [Fork, Spawn, ForkServer]);
    let names = StartMethod::ALL.map(StartMethod::name);
    assert_eq!(names, ["fork", "spawn", "forkserver"]);
    succeeds(&mut program("default_method", Fork));
}

fn default_method() -> ExitCode {
    assert_eq!(start_method().unwrap(), StartMethod::ALL[0]);
    ExitCode::SUCCESS
}

/// Nothing can be set on a context: the compiler sees to that.
fn ctx_02_contexts(method: StartMethod) {
    let context = Context::new(method);
    assert_eq!(context.start_method(), method);
    assert_eq!(context, Context::new(method));
    for other in StartMethod::ALL {
        let equal = Context::new(other) == context;
        assert_eq!(equal, other == method);
    }
}

/// A context is made from a name anywhere, by none or by another.
fn ctx_03_contexts_by_name() {
    for method in StartMethod::ALL {
        let context: Context = method.name().parse().unwrap();
        assert_eq!(context, Context::new(method));
    }
}

fn is_unknown(name: &str) {
    let sentence = format!("cannot find context for '{name}'");
    let error = name.parse::<StartMethod>().unwrap_err();
    assert_eq!(error.to_string(), sentence);
    let error = name.parse::<Context>().unwrap_err();
    assert_eq!(error.to_string(), sentence);
}

fn ctx_04_unknown_method() {
    succeeds(&mut program("unknown_method", StartMethod::Fork));
}

fn unknown_method() -> ExitCode {
    for name in ["bogus", "", "Fork", "spawn "] {
        is_unknown(name);
    }
    assert_eq!(chosen_start_method(), None);
    set_start_method(StartMethod::Spawn).unwrap();
    is_unknown("bogus");
    assert_eq!(chosen_start_method(), Some(StartMethod::Spawn));
    ExitCode::SUCCESS
}

fn ctx_04_unknown_method_in_the_environment() {
    let mut command = program("bad_environment", StartMethod::Fork);
    let output = command.env("MP_START_METHOD", "bogus").output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

fn bad_environment() -> ExitCode {
    let sentence = "the environment variable MP_START_METHOD is 'bogus': it \
                    must be fork, spawn or forkserver";
    assert_eq!(start_method().unwrap_err().to_string(), sentence);
    let mut process = Process::new(|| (), ());
    assert_eq!(process.start().unwrap_err().to_string(), sentence);
    // It can be started once there is a method.
    assert_eq!(chosen_start_method(), None);
    set_start_method(StartMethod::Fork).unwrap();
    process.start().unwrap();
    process.join().unwrap();
    ExitCode::SUCCESS
}

fn ctx_05_setting_twice() {
    succeeds(&mut program("setting_twice", StartMethod::Fork));
}

fn setting_twice() -> ExitCode {
    set_start_method(StartMethod::Spawn).unwrap();
    for method in StartMethod::ALL {
        let error = set_start_method(method).unwrap_err();
        assert_eq!(error.to_string(), "context has already been set");
        assert_eq!(start_method().unwrap(), StartMethod::Spawn);
    }
    force_start_method(StartMethod::ForkServer);
    assert_eq!(start_method().unwrap(), StartMethod::ForkServer);
    ExitCode::SUCCESS
}

fn ctx_06_none_chosen() {
    succeeds(&mut program("none_chosen", StartMethod::Fork));
}

fn none_chosen() -> ExitCode {
    assert_eq!(chosen_start_method(), None);
    // A context of its own leaves it open; asking settles it.
    let mut process = Context::new(StartMethod::Spawn).process(|| (), ());
    process.start().unwrap();
    process.join().unwrap();
    assert_eq!(chosen_start_method(), None);
    assert_eq!(start_method().unwrap(), StartMethod::Fork);
    assert_eq!(chosen_start_method(), Some(StartMethod::Fork));
    assert!(set_start_method(StartMethod::Spawn).is_err());
    // And there is a way back.
    force_start_method(None);
    assert_eq!(chosen_start_method(), None);
    set_start_method(StartMethod::Spawn).unwrap();
    assert_eq!(start_method().unwrap(), StartMethod::Spawn);
    ExitCode::SUCCESS
}

fn joined(mut process: Process) {
    process.start().unwrap();
    process.join().unwrap();
    assert_eq!(process.exitcode(), Some(0));
}

fn note_method(notes: Notes) {
    notes.add(start_method().unwrap());
    let error = set_start_method(StartMethod::Fork).unwrap_err();
    assert_eq!(error.to_string(), "context has already been set");
}

fn ctx_07_the_start_method_in_a_child(method: StartMethod) {
    force_start_method(method);
    assert_eq!(start_method().unwrap(), method);
    let notes = Notes::new();
    joined(Process::new(note_method, (notes.clone(),)));
    assert_eq!(notes.read(), method.name());
}

fn ctx_08_a_context_decides_in_a_child(global: StartMethod) {
    for method in StartMethod::ALL {
        let notes = Notes::new();
        let context = Context::new(method);
        joined(context.process(note_method, (notes.clone(),)));
        assert_eq!(notes.read(), method.name());
        assert_eq!(start_method().unwrap(), global);
    }
}

/// Of the objects that Python makes by context, processes are the ones that
/// belong to it here.
fn ctx_09_children_of_a_child_of_a_context(_: StartMethod) {
    fn child(notes: Notes) {
        joined(Process::new(note_method, (notes,)));
    }
    for method in StartMethod::ALL {
        let notes = Notes::new();
        let context = Context::new(method);
        joined(context.process(child, (notes.clone(),)));
        assert_eq!(notes.read(), method.name());
    }
}

/// One lock and one value go to processes of every method at the same time.
fn ctx_11_locks_belong_to_no_context() {
    fn count(lock: Lock, total: Value<u32>) {
        for _ in 0..100 {
            let _guard = lock.acquire().unwrap();
            let seen = total.get();
            total.set(seen + 1);
        }
    }
    let (lock, total) = (Lock::new(), Value::new(0));
    let mut processes = StartMethod::ALL.map(|method| {
        Context::new(method).process(count, (lock.clone(), total.clone()))
    });
    for process in &mut processes {
        process.start().unwrap();
    }
    for process in &processes {
        process.join().unwrap();
        assert_eq!(process.exitcode(), Some(0));
    }
    assert_eq!(total.get(), 300);
}

fn ctx_12_sharing_only_while_starting() {
    fn refused<T: Serialize>(what: &str, object: &T) {
        let error = serde_json::to_string(object).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "{what} objects should only be shared between processes \
                 through inheritance"
            )
        );
    }
    refused("Lock", &Lock::new());
    refused("RLock", &RLock::new());
    refused("Value", &Value::new(1));
    refused("Array", &Array::<u8>::new(1));
    // What a parcel would hold is of no use either.
    let place = r#"{"arena":0,"offset":0,"length":64,"count":1}"#;
    let error = serde_json::from_str::<Value<u8>>(place).unwrap_err();
    assert!(
        error.to_string().starts_with(
            "Value objects should only be shared between processes through \
             inheritance"
        ),
        "{error}"
    );
}

static MEMORY: AtomicU32 = AtomicU32::new(0);

/// Only a forked child has what the parent had in memory.
fn ctx_13_memory_under_fork(method: StartMethod) {
    fn look(wanted: u32) {
        assert_eq!(MEMORY.swap(2, Ordering::Relaxed), wanted);
    }
    MEMORY.store(1, Ordering::Relaxed);
    let wanted = u32::from(method == StartMethod::Fork);
    joined(Process::new(look, (wanted,)));
    assert_eq!(MEMORY.load(Ordering::Relaxed), 1);
}

fn ctx_14_names_of_types(method: StartMethod) {
    let name = match method {
        StartMethod::Fork => "Fork",
        StartMethod::Spawn => "Spawn",
        StartMethod::ForkServer => "ForkServer",
        other => panic!("{other} is new"),
    };
    let context = Context::new(method);
    let shown = context.process(|| (), ()).to_string();
    assert!(shown.starts_with(&format!("<{name}Process name='")), "{shown}");
    let shown = format!("{context:?}");
    assert!(shown.contains(name), "{shown}");
}
