//! Follows the processes of a program from stop to stop.

use std::collections::BTreeMap;

use mp_core::StartMethod;
use nix::errno::Errno;
use nix::libc;
use nix::sys::ptrace;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use super::registers::{
    beginning_call, set_argument, set_result, skip_call, tolerate_end,
};
use super::steps::{Walked, count_to_call, go, walk};
use super::{Deed, Mark, Place, Role, Run, Task};

struct Tracee {
    role: Role,
    /// How many calls of each kind it has made between the marks.
    calls: BTreeMap<i64, u32>,
    /// What is to be done at the end of the call that it is in.
    pending: Option<Pending>,
}

#[derive(Clone, Copy)]
enum Pending {
    Deed(Deed),
    /// The first argument is put back.
    Argument(u64),
    /// It is killed somewhere on its way to the mark for the end.
    Walk,
}

/// Follows a program, and does what is to be done.
pub(super) struct Tracer {
    main: Pid,
    method: StartMethod,
    task: Task,
    tracees: BTreeMap<Pid, Tracee>,
    /// Processes that stopped before their parent's stop told who they are.
    strangers: Vec<Pid>,
    /// Whether the program has set the mark for the beginning.
    looking: bool,
    /// Whether it has set the mark for the end, or the task is done.
    over: bool,
    launched: u32,
    children: u32,
    pub(super) run: Run,
}

impl Tracer {
    pub(super) fn new(main: Pid, method: StartMethod, task: Task) -> Self {
        let mut tracer = Self {
            main,
            method,
            task,
            tracees: BTreeMap::new(),
            strangers: Vec::new(),
            looking: false,
            over: false,
            launched: 0,
            children: 0,
            run: Run::default(),
        };
        tracer.take_in(main, Role::Main);
        tracer
    }

    fn take_in(&mut self, pid: Pid, role: Role) {
        let tracee = Tracee { role, calls: BTreeMap::new(), pending: None };
        self.tracees.insert(pid, tracee);
    }

    /// Follows all processes of the group to their ends.
    pub(super) fn follow(&mut self) {
        let group = Pid::from_raw(-self.main.as_raw());
        loop {
            match waitpid(group, Some(WaitPidFlag::__WALL)) {
                Err(Errno::ECHILD) => return,
                Err(Errno::EINTR) => {}
                status => self.hear(status.unwrap()),
            }
        }
    }

    /// Takes note of a process that has stopped or ended, and lets it go on.
    fn hear(&mut self, status: WaitStatus) {
        let Some(pid) = status.pid() else { return };
        let mut signal = None;
        match status {
            WaitStatus::Exited(..) | WaitStatus::Signaled(..) => {
                self.hear_end(status);
                return;
            }
            _ if !self.tracees.contains_key(&pid) => {
                self.strangers.push(pid);
                return;
            }
            WaitStatus::Stopped(_, sent) => signal = Some(sent),
            WaitStatus::PtraceEvent(_, _, event) => self.hear_event(pid, event),
            WaitStatus::PtraceSyscall(_) => self.hear_call(pid),
            other => unreachable!("{other:?}"),
        }
        self.go_on(pid, signal);
    }

    /// Takes note of a process that has ended, if it has.
    fn hear_end(&mut self, status: WaitStatus) {
        let (WaitStatus::Exited(pid, _) | WaitStatus::Signaled(pid, ..)) =
            status
        else {
            return;
        };
        self.tracees.remove(&pid);
        if pid == self.main {
            self.run.end = Some(status);
        }
    }

    fn go_on(&self, pid: Pid, signal: Option<Signal>) {
        // While a child walks, nobody would be there to let the program go on.
        let is_free =
            self.over || matches!(self.task, Task::Walk(_)) && pid == self.main;
        let gone_on = if is_free {
            ptrace::cont(pid, signal)
        } else {
            ptrace::syscall(pid, signal)
        };
        tolerate_end(gone_on);
    }

    fn hear_event(&mut self, pid: Pid, event: i32) {
        match event {
            libc::PTRACE_EVENT_FORK
            | libc::PTRACE_EVENT_VFORK
            | libc::PTRACE_EVENT_CLONE => {
                let Ok(new) = ptrace::getevent(pid) else { return };
                let new = Pid::from_raw(new.try_into().unwrap());
                let role = if event == libc::PTRACE_EVENT_VFORK {
                    self.launched += 1;
                    Role::Launcher(self.launched)
                } else {
                    self.children += 1;
                    Role::Child(self.children)
                };
                self.take_in(new, role);
                let known = self.strangers.iter().position(|&pid| pid == new);
                if let Some(place) = known {
                    self.strangers.remove(place);
                    self.be_born(new);
                    self.go_on(new, None);
                }
            }
            libc::PTRACE_EVENT_EXEC => {
                if let Role::Launcher(number) = self.tracees[&pid].role {
                    self.take_in(pid, Role::Loader(number));
                    self.be_born(pid);
                }
            }
            // The first stop of a new process.
            _ => self.be_born(pid),
        }
    }

    /// Takes note that a process begins, in the role that it has.
    fn be_born(&mut self, pid: Pid) {
        if let Some(deed) = self.deed_at(pid, Place::BIRTH) {
            self.do_after(pid, Pending::Deed(deed));
        }
    }

    /// Takes note of a call of a process. What is to be done there, if anything.
    fn deed_at(&mut self, pid: Pid, call: i64) -> Option<Deed> {
        if !self.looking || self.over {
            return None;
        }
        let tracee = self.tracees.get_mut(&pid)?;
        let count = tracee.calls.entry(call).or_default();
        *count += 1;
        let place = Place { role: tracee.role, call, nth: *count };
        self.run.places.push(place);
        match self.task {
            Task::Strike(there, deed) if there == place => Some(deed),
            _ => None,
        }
    }

    fn hear_call(&mut self, pid: Pid) {
        let Some(call) = beginning_call(pid) else {
            let tracee = self.tracees.get_mut(&pid);
            if let Some(pending) = tracee.and_then(|it| it.pending.take()) {
                self.do_after(pid, pending);
            }
            return;
        };
        let mut pending = None;
        if let Some(mark) = Mark::from_call(call.number, call.argument) {
            match mark {
                Mark::Begin => self.looking = true,
                Mark::End => self.over = true,
                Mark::InMain => self.come_to_main(pid),
                Mark::Walk => pending = Some(Pending::Walk),
            }
        } else if let Some(deed) = self.deed_at(pid, call.number) {
            match deed {
                Deed::Fail(_) if call.number == libc::SYS_brk => {
                    // It fails by returning the end of memory as it is, which
                    // is also how it answers to an end at nought.
                    set_argument(pid, 0);
                    pending = Some(Pending::Argument(call.argument));
                }
                Deed::Fail(error) => {
                    self.be_done();
                    skip_call(pid, error);
                }
                Deed::KillBefore => {
                    self.kill(pid);
                    self.be_done();
                }
                other => pending = Some(Pending::Deed(other)),
            }
        }
        if let Some(tracee) = self.tracees.get_mut(&pid) {
            tracee.pending = pending;
        }
    }

    fn come_to_main(&mut self, pid: Pid) {
        if let Role::Loader(number) = self.tracees[&pid].role {
            let role = match self.method {
                StartMethod::ForkServer => Role::Server(number),
                _ => Role::Child(number),
            };
            self.take_in(pid, role);
            self.be_born(pid);
        }
    }

    /// Does something at the end of a call.
    fn do_after(&mut self, pid: Pid, pending: Pending) {
        // The call has lasted past the end: too late.
        if self.over {
            return;
        }
        match pending {
            Pending::Argument(argument) => {
                // The caller compares the result with it.
                set_argument(pid, argument);
                self.be_done();
            }
            Pending::Deed(Deed::FailAfter(error)) => {
                set_result(pid, error);
                self.be_done();
            }
            Pending::Deed(Deed::KillAfter(count)) => {
                if go(pid, count) {
                    self.kill(pid);
                    self.be_done();
                }
            }
            Pending::Deed(Deed::Measure) => {
                self.run.measured = count_to_call(pid);
                self.be_done();
            }
            Pending::Deed(deed) => unreachable!("{deed:?}"),
            Pending::Walk => self.walk(pid),
        }
    }

    /// Kills a process a little further on its way than the last one, unless it
    /// comes to the end before that.
    fn walk(&mut self, pid: Pid) {
        let Task::Walk(pace) = self.task else { return };
        match walk(pid, pace, self.run.killed) {
            Walked::There => {
                self.run.killed += 1;
                self.kill(pid);
            }
            Walked::End => self.be_done(),
            Walked::Lost => {}
        }
    }

    /// Kills a process. It is gone before any other goes on, which might still
    /// take it for one that lives.
    fn kill(&mut self, pid: Pid) {
        tolerate_end(kill(pid, Signal::SIGKILL));
        while self.tracees.contains_key(&pid) {
            match waitpid(pid, Some(WaitPidFlag::__WALL)) {
                Ok(status) => self.hear_end(status),
                Err(_) => return,
            }
        }
    }

    /// The task is done.
    fn be_done(&mut self) {
        self.run.struck = true;
        self.over = true;
    }
}
