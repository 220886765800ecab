//! One process, as another one (or it itself) sees it.

mod field;
mod repr;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use nix::unistd::getpid;

use self::field::Field;
pub(crate) use self::field::hold;
use crate::error::Cause;
use crate::process::birth::Birth;
use crate::process::parent_sentinel;
use crate::process::popen::{Exit, Popen};
use crate::process::rules::Rules;
use crate::process::start_method::StartMethod;
use crate::synchronize::owner::MAIN_PROCESS;
use crate::sys::fork::generation;
use crate::sys::private_fd::PrivateFd;
use crate::{Error, Result};

/// A process.
#[derive(Debug)]
pub(crate) struct Handle {
    role: Role,
    /// The name of its type, in Python.
    type_name: String,
    /// Counts up in each process, behind the numbers of that process.
    identity: Vec<u32>,
    /// In which process it was made.
    generation: u64,
    parent_pid: Option<libc::pid_t>,
    name: Field<String>,
    daemon: AtomicBool,
    state: Field<State>,
}

/// What a process is to the one that has the handle.
#[derive(Debug)]
enum Role {
    /// Made here, and a child once it is started.
    Child,
    /// The process itself, and how it was started if it was.
    Current {
        method: Option<StartMethod>,
    },
    Parent {
        pid: libc::pid_t,
        parent_sentinel: PrivateFd,
    },
}

#[derive(Debug)]
enum State {
    Initial,
    Started { popen: Arc<Popen>, method: StartMethod },
    Closed,
}

impl Handle {
    /// A process that is to be started from here: the nth that `parent`, which
    /// is this process, has made.
    pub(crate) fn child(type_name: String, parent: &Self, number: u32) -> Self {
        let identity = [parent.identity.as_slice(), &[number]].concat();
        let name = default_name(&type_name, &identity);
        Self {
            role: Role::Child,
            type_name,
            identity,
            generation: generation(),
            parent_pid: Some(getpid().as_raw()),
            name: Field::new(name),
            daemon: AtomicBool::new(parent.daemon()),
            state: Field::new(State::Initial),
        }
    }

    /// The process that the program was started as.
    pub(crate) fn main() -> Self {
        Self {
            role: Role::Current { method: None },
            type_name: "_MainProcess".to_owned(),
            identity: Vec::new(),
            generation: generation(),
            parent_pid: None,
            name: Field::new(MAIN_PROCESS.to_owned()),
            daemon: AtomicBool::new(false),
            state: Field::new(State::Initial),
        }
    }

    /// A child, as it sees itself.
    pub(crate) fn current(birth: Birth) -> Self {
        Self {
            role: Role::Current { method: Some(birth.method) },
            type_name: birth.type_name,
            identity: birth.identity,
            generation: generation(),
            parent_pid: Some(birth.parent_pid),
            name: Field::new(birth.name),
            daemon: AtomicBool::new(birth.daemon),
            state: Field::new(State::Initial),
        }
    }

    /// The parent, as its child sees it.
    pub(crate) fn parent(
        name: String,
        pid: libc::pid_t,
        parent_sentinel: PrivateFd,
    ) -> Self {
        Self {
            role: Role::Parent { pid, parent_sentinel },
            type_name: "_ParentProcess".to_owned(),
            identity: Vec::new(),
            generation: generation(),
            parent_pid: None,
            name: Field::new(name),
            daemon: AtomicBool::new(false),
            state: Field::new(State::Initial),
        }
    }

    /// What the child is born with, if `parent`, which is this process, starts
    /// it now.
    pub(crate) fn birth(
        &self,
        method: StartMethod,
        method_chosen: bool,
        parent: &Self,
        rules: Rules,
    ) -> Birth {
        Birth {
            type_name: self.type_name.clone(),
            name: self.name(),
            identity: self.identity.clone(),
            daemon: self.daemon(),
            method,
            method_chosen,
            parent_pid: getpid().as_raw(),
            parent_name: parent.name(),
            rules,
        }
    }

    /// Whether it can be started.
    pub(crate) fn check_startable(&self) -> Result<()> {
        match &*self.state.access() {
            State::Initial => {}
            State::Started { .. } => return Err(Cause::StartedTwice.into()),
            State::Closed => return Err(Cause::Closed.into()),
        }
        if !self.is_ours() || !matches!(self.role, Role::Child) {
            return Err(Cause::NotStartable.into());
        }
        Ok(())
    }

    /// Takes note that it has been started.
    pub(crate) fn started(&self, popen: Popen, method: StartMethod) {
        let popen = Arc::new(popen);
        *self.state.access() = State::Started { popen, method };
    }

    pub(crate) fn name(&self) -> String {
        self.name.access().clone()
    }

    /// An empty name stands for the default, as in Python.
    pub(crate) fn set_name(&self, name: &str) {
        *self.name.access() = if name.is_empty() {
            default_name(&self.type_name, &self.identity)
        } else {
            name.to_owned()
        };
    }

    pub(crate) fn daemon(&self) -> bool {
        self.daemon.load(Ordering::Relaxed)
    }

    pub(crate) fn set_daemon(&self, daemon: bool) -> Result<()> {
        match *self.state.access() {
            State::Initial => {}
            State::Started { .. } => return Err(Cause::AlreadyStarted.into()),
            State::Closed => return Err(Cause::Closed.into()),
        }
        self.daemon.store(daemon, Ordering::Relaxed);
        Ok(())
    }

    pub(crate) fn pid(&self) -> Option<libc::pid_t> {
        match &self.role {
            Role::Current { .. } => Some(getpid().as_raw()),
            Role::Parent { pid, .. } => Some(*pid),
            Role::Child => match &*self.state.access() {
                State::Started { popen, .. } => Some(popen.pid()),
                State::Initial | State::Closed => None,
            },
        }
    }

    /// How it was started, if it was.
    pub(crate) fn start_method(&self) -> Option<StartMethod> {
        match (&self.role, &*self.state.access()) {
            (Role::Current { method }, _) => *method,
            (_, State::Started { method, .. }) => Some(*method),
            _ => None,
        }
    }

    /// How it ended, if it has.
    pub(crate) fn poll(&self) -> Result<Option<Exit>> {
        match self.started_child() {
            Some(popen) if self.is_ours() => {
                popen.poll().map_err(self.failed("wait for"))
            }
            _ => Ok(None),
        }
    }

    /// The child, if it has been started and is not closed.
    fn started_child(&self) -> Option<Arc<Popen>> {
        match &*self.state.access() {
            State::Started { popen, .. } => Some(popen.clone()),
            State::Initial | State::Closed => None,
        }
    }

    pub(crate) fn is_alive(&self) -> Result<bool> {
        match &self.role {
            Role::Current { .. } => Ok(true),
            Role::Parent { parent_sentinel, .. } => parent_sentinel
                .get()
                .and_then(|fd| {
                    parent_sentinel::has_ended(fd, Some(Duration::ZERO))
                })
                .map(|ended| !ended)
                .map_err(self.failed("look after")),
            Role::Child => {
                if !self.is_ours() {
                    return Err(Cause::TestOfOther.into());
                }
                match *self.state.access() {
                    State::Initial => return Ok(false),
                    State::Closed => return Err(Cause::Closed.into()),
                    State::Started { .. } => {}
                }
                Ok(self.poll()?.is_none())
            }
        }
    }

    /// Whether it is a child that runs. One that cannot be asked does not.
    pub(crate) fn is_running(&self) -> bool {
        self.is_alive().unwrap_or(false)
    }

    /// Waits for the end. False if it did not come in time.
    pub(crate) fn wait(&self, timeout: Option<Duration>) -> Result<bool> {
        match &self.role {
            Role::Current { .. } => Err(Cause::JoinOfOther.into()),
            Role::Parent { parent_sentinel, .. } => parent_sentinel
                .get()
                .and_then(|fd| parent_sentinel::has_ended(fd, timeout))
                .map_err(self.failed("wait for")),
            Role::Child => {
                let popen =
                    self.popen(Cause::JoinBeforeStart, Cause::JoinOfOther)?;
                let exit =
                    popen.wait(timeout).map_err(self.failed("wait for"))?;
                if exit == Some(Exit::Unknown) {
                    let name = self.name();
                    return Err(Cause::ExitCodeLost { name }.into());
                }
                Ok(exit.is_some())
            }
        }
    }

    /// Sends a signal, unless it has ended.
    pub(crate) fn signal(&self, signal: i32) -> Result<()> {
        self.popen(Cause::NotStarted, Cause::SignalToOther)?
            .signal(signal)
            .map_err(self.failed("send a signal to"))
    }

    /// The child, once started. Else the error is one of the two.
    pub(crate) fn popen(
        &self,
        not_started: Cause,
        not_ours: Cause,
    ) -> Result<Arc<Popen>> {
        match &*self.state.access() {
            State::Closed => Err(Cause::Closed.into()),
            _ if !self.is_ours() => Err(not_ours.into()),
            State::Initial => Err(not_started.into()),
            State::Started { popen, .. } => Ok(popen.clone()),
        }
    }

    /// Gives up what the system holds for it.
    pub(crate) fn close(&self) -> Result<()> {
        let is_running = match &self.role {
            Role::Current { .. } => true,
            Role::Parent { .. } => self.is_alive()?,
            Role::Child => {
                self.poll()?;
                self.started_child().is_some_and(|popen| !popen.has_ended())
            }
        };
        if is_running && !self.is_ours() {
            return Err(Cause::CloseOfOther.into());
        }
        if is_running {
            return Err(Cause::StillRunning.into());
        }
        *self.state.access() = State::Closed;
        Ok(())
    }

    /// Whether it is a child that was seen to have ended.
    pub(crate) fn has_ended(&self) -> bool {
        match &*self.state.access() {
            State::Started { popen, .. } => popen.has_ended(),
            State::Initial => false,
            State::Closed => true,
        }
    }

    /// Whether it was made in this very process, not in one it is a copy of.
    pub(crate) fn is_ours(&self) -> bool {
        self.generation == generation()
    }

    fn failed(&self, what: &'static str) -> impl FnOnce(io::Error) -> Error {
        move |source| Error::system_of(what, &self.name())(source)
    }
}

fn default_name(type_name: &str, identity: &[u32]) -> String {
    let identity: Vec<_> = identity.iter().map(u32::to_string).collect();
    format!("{type_name}-{}", identity.join(":"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_count_along_the_path() {
        assert_eq!(default_name("Process", &[2, 1]), "Process-2:1");
    }
}
