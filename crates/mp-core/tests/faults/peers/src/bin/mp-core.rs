//! The cases, for mp-core. The start method is that of the environment.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::exit;
use std::thread::{self, sleep};
use std::time::Duration;

use mp_core::{
    Context, Lock, Process, RawValue, Result, StartMethod, start_method,
};
use survives::{
    FOR_EVER, HELD, before_init, case, is_quick, kill, kill_self, pass_if,
    raise_flag, timed, verdict,
};

const A_WHILE: Duration = Duration::from_secs(2);

fn main() -> Result<()> {
    before_init(std::env::var_os("MP_CORE_CHILD").is_some());
    mp_core::init();
    match case().as_str() {
        "holder_killed" => holder_killed(),
        "waiter_killed" => waiter_killed(),
        "parent_killed" => parent_killed(),
        "server_killed" => server_killed(),
        "grandchild" => grandchild(),
        "threads" => threads(),
        "dies_before_init" => dies_before_init(),
        "large_argument" => large_argument(),
        "panics" => panics(),
        "exit_code" => exit_code(),
        case => panic!("no case {case}"),
    }
}

fn hold(lock: Lock, held: RawValue<u8>) -> Result<()> {
    let _guard = lock.acquire()?;
    held.set(1);
    sleep(FOR_EVER);
    Ok(())
}

fn until(value: &RawValue<u8>) {
    while value.get() == 0 {
        sleep(Duration::from_millis(1));
    }
}

fn holder_killed() -> Result<()> {
    let (lock, held) = (Lock::new(), RawValue::new(0));
    let mut holder = Process::new(hold, (lock.clone(), held.clone()));
    holder.start()?;
    until(&held);
    holder.kill()?;
    holder.join()?;
    let guard = lock.acquire_timeout(A_WHILE)?;
    pass_if(guard.is_some_and(|guard| guard.owner_died()), "hang", "");
    Ok(())
}

fn waiter_killed() -> Result<()> {
    let (lock, held) = (Lock::new(), RawValue::new(0));
    let guard = lock.acquire()?;
    let mut waiter = Process::new(hold, (lock.clone(), held));
    waiter.start()?;
    sleep(Duration::from_millis(300));
    waiter.kill()?;
    waiter.join()?;
    drop(guard);
    let guard = lock.acquire_timeout(A_WHILE)?;
    pass_if(guard.is_some(), "hang", "");
    Ok(())
}

fn parent_killed() -> Result<()> {
    fn work(started: RawValue<u8>) {
        started.set(1);
        sleep(FOR_EVER);
    }
    let started = RawValue::new(0);
    let mut daemon = Process::new(work, (started.clone(),)).with_daemon(true);
    daemon.start()?;
    until(&started);
    println!("daemon {}", daemon.pid().unwrap());
    sleep(FOR_EVER);
    Ok(())
}

/// The children of this process, as the kernel lists them.
fn children() -> Vec<u32> {
    let own = std::process::id();
    let path = format!("/proc/{own}/task/{own}/children");
    let list = std::fs::read_to_string(path).unwrap();
    list.split_whitespace().map(|pid| pid.parse().unwrap()).collect()
}

fn server_killed() -> Result<()> {
    fn work(go: RawValue<u8>) {
        until(&go);
        exit(3);
    }
    let go = RawValue::new(0);
    let mut child = Process::new(work, (go.clone(),));
    child.start()?;
    let server =
        children().into_iter().find(|&pid| Some(pid) != child.pid()).unwrap();
    kill(server);
    sleep(Duration::from_millis(500));
    let seen = child.is_alive();
    go.set(1);
    child.join()?;
    let code = child.exitcode();
    let mut next = Process::new(|| (), ());
    next.start()?;
    next.join()?;
    let is_right = seen && code == Some(3) && next.exitcode() == Some(0);
    pass_if(is_right, "lost", &format!("alive: {seen}, exit code {code:?}"));
    Ok(())
}

fn grandchild() -> Result<()> {
    fn leave_one_behind() -> Result<()> {
        let fork = Context::new(StartMethod::Fork);
        let mut one = fork.process(|| sleep(Duration::from_secs(8)), ());
        one.start()?;
        kill_self()
    }
    let mut child = Process::new(leave_one_behind, ());
    child.start()?;
    let limit = Duration::from_secs(20);
    let (time, ended) = timed(|| child.join_timeout(limit));
    ended?;
    assert!(child.exitcode().is_none_or(|code| code == -9));
    pass_if(is_quick(time), "hang", &format!("{time:.1?}"));
    Ok(())
}

fn threads() -> Result<()> {
    fn use_it() {
        drop(HELD.lock());
    }
    thread::spawn(|| {
        let _held = HELD.lock();
        sleep(FOR_EVER);
    });
    sleep(Duration::from_millis(300));
    let mut child = Process::new(use_it, ());
    match child.start() {
        Ok(()) => {
            child.join_timeout(A_WHILE)?;
            pass_if(child.exitcode() == Some(0), "hang", "");
            child.kill()?;
        }
        Err(error) => {
            let fork = start_method()? == StartMethod::Fork;
            pass_if(fork, "lost", &format!("refused: {error}"));
        }
    }
    exit(0)
}

fn dies_before_init() -> Result<()> {
    raise_flag();
    let mut child = Process::new(|| (), ());
    if let Err(error) = child.start() {
        verdict("pass", &format!("an error: {error}"));
        return Ok(());
    }
    child.join()?;
    let code = child.exitcode();
    pass_if(code == Some(7), "lost", &format!("exit code {code:?}"));
    Ok(())
}

fn large_argument() -> Result<()> {
    let mut first = Process::new(|_: Vec<u8>| (), (vec![1; 1],));
    first.start()?;
    first.join()?;
    raise_flag();
    let mut child = Process::new(
        |bytes: Vec<u8>| assert_eq!(bytes.len(), 64 << 20),
        (vec![1; 64 << 20],),
    );
    let (time, started) = timed(|| child.start());
    started?;
    child.join()?;
    let is_right = is_quick(time) && child.exitcode() == Some(0);
    pass_if(is_right, "hang", &format!("start took {time:.1?}"));
    Ok(())
}

fn panics() -> Result<()> {
    let caught = catch_unwind(AssertUnwindSafe(|| {
        let mut child = Process::new(|| panic!("on purpose"), ());
        child.start().unwrap();
        child.join().unwrap();
        child.exitcode()
    }));
    pass_if(caught.is_ok_and(|code| code == Some(1)), "lost", "");
    Ok(())
}

fn exit_code() -> Result<()> {
    let mut child = Process::new(|| sleep(FOR_EVER), ());
    child.start()?;
    child.kill()?;
    child.join()?;
    let code = child.exitcode();
    pass_if(code == Some(-9), "lost", &format!("exit code {code:?}"));
    Ok(())
}
