//! Starting a process.
//!
//! CPython: `start` in `multiprocessing/process.py`.

use nix::fcntl::{OFlag, open};
use nix::sys::stat::Mode;

use crate::codec;
use crate::error::Cause;
use crate::process::birth::{Birth, Ties};
use crate::process::body::Body;
use crate::process::preparation::Preparation;
use crate::process::process::Process;
use crate::process::start_method::{self, Choice, StartMethod};
use crate::process::{family, init, parent_sentinel, start, stdout};
use crate::sys::entry::Entry;
use crate::sys::fork::ForkWithThreads;
use crate::{Error, Result};

impl<T: Body> Process<T> {
    /// Starts the process.
    ///
    /// Python: [`Process.start`]. This returns as soon as the process is made,
    /// and waits neither for it to begin nor for its arguments to be read.
    ///
    /// [`Process.start`]: https://docs.python.org/3/library/multiprocessing.html#multiprocessing.Process.start
    ///
    /// # What large arguments cost
    ///
    /// By fork nothing is sent. By spawn and forkserver, arguments of more than
    /// 32 KiB are written to a file in memory before this returns: texts,
    /// slices and `Vec`s of numbers in one piece, and everything else item by
    /// item. That is one copy. The child reads it where it is as a `&str` or a
    /// `&[u8]`; a `String` or a `Vec` is a second copy.
    ///
    /// A process owns its arguments. A parent that keeps a large one gives it as
    /// what is shared within a process, `Arc<str>` or `Arc<[f64]>` or a
    /// `&'static str`, so that it need not be cloned for each process. Large
    /// numbers that several processes work on are best in a shared
    /// [`Array`](crate::Array), [`RawArray`](crate::RawArray) or
    /// [`ChunkedArray`](crate::ChunkedArray), which is not copied at all.
    ///
    /// # Errors
    ///
    /// - It has been started or closed, was not made in this process, or this
    ///   process is a daemon.
    /// - By spawn or forkserver: [`init`](crate::init) was not called; the
    ///   arguments cannot be serialized, or the target is not in the program
    ///   itself.
    /// - By fork: this process has other threads.
    /// - The system refuses it: there are too many processes, too many open
    ///   files, or too little memory. Or, for ten seconds, too many descriptors
    ///   were on their way to processes that have not come to
    ///   [`init`](crate::init) yet: the system lets a user have as many as a
    ///   process may have open. There is no child then, and the process can be
    ///   started later.
    pub fn start(&mut self) -> Result<()> {
        self.launch(None)
    }

    /// Starts the process, also by fork while other threads are running.
    ///
    /// A fork waits until no thread is writing to the standard streams, which
    /// it locks: standard output first, and standard error second. It waits for
    /// ever if a thread keeps [`std::io::stdout`] locked, and if one locks
    /// [`std::io::stderr`] and then prints to standard output: each of the two
    /// has what the other waits for. Nobody can try these locks, so lock both in
    /// the order of the fork.
    ///
    /// The first fork waits, too, until no thread is reporting a panic: it puts
    /// a panic hook of its own before that of the program, which names the
    /// process in the children.
    ///
    /// # Errors
    ///
    /// Those of [`start`](Self::start).
    pub fn start_with_threads(
        &mut self,
        permit: ForkWithThreads,
    ) -> Result<()> {
        self.launch(Some(permit))
    }

    fn launch(&mut self, permit: Option<ForkWithThreads>) -> Result<()> {
        self.handle.check_startable()?;
        let current = family::current();
        if current.daemon() {
            return Err(Cause::ChildOfDaemon.into());
        }
        if init::is_bootstrapping() {
            return Err(Cause::Bootstrapping.into());
        }
        let choice = match self.method {
            Some(method) => Choice { method, chosen: true },
            None => start_method::choice()?,
        };
        let method = choice.method(permit.is_some())?;
        let rules = self.rules.clone();
        let birth = self.handle.birth(method, choice.chosen, &current, rules);
        family::SETTLE.register()?;
        // So that lines come in their order. A fork does it when it has stopped
        // all other threads that print.
        if method != StartMethod::Fork {
            stdout::flush_before_start();
        }
        let popen = match method {
            StartMethod::Fork => {
                let ties = self.ties(&birth)?;
                start::fork::start(birth, ties, &mut self.body, permit)
            }
            StartMethod::Spawn => start::spawn::start(&self.prepare(birth)?),
            StartMethod::ForkServer => {
                start::forkserver::start(&self.prepare(birth)?)
            }
        }?;
        self.handle.started(popen, method);
        family::add_child(self.handle.clone());
        self.body.let_go();
        Ok(())
    }

    /// The descriptors that tie the child to this process.
    fn ties(&mut self, birth: &Birth) -> Result<Ties> {
        let parent_sentinel = parent_sentinel::for_child(birth.daemon)
            .map_err(Error::system_of("prepare the start of", &birth.name))?;
        Ok(Ties { parent_sentinel, result: self.body.open_result()? })
    }

    /// What a new process of the program is sent.
    fn prepare(&mut self, birth: Birth) -> Result<Preparation> {
        let name = birth.name.clone();
        let method = birth.method;
        if !init::is_initialised() {
            return Err(
                if birth.method_chosen || method == StartMethod::Spawn {
                    Cause::NoInit { name, method: method.name() }.into()
                } else {
                    Cause::NoInitBesideThreads { name }.into()
                },
            );
        }
        let Some(entry) = self.body.entry().and_then(Entry::offset) else {
            return Err(Cause::NotInImage { name }.into());
        };
        let payload = match self.body.pack() {
            Ok(payload) => payload,
            Err(codec::error::Error::System(source)) => {
                let write = Error::system_of("write the arguments of", &name);
                return Err(write(source));
            }
            Err(source) => {
                let source = source.into();
                return Err(Cause::Pack { name, source }.into());
            }
        };
        // The server has stayed where the program was when it was started.
        let directory = match method {
            StartMethod::ForkServer => {
                let flags =
                    OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
                let directory = open(".", flags, Mode::empty())
                    .map_err(Error::system("open the working directory"))?;
                Some(directory)
            }
            StartMethod::Fork | StartMethod::Spawn => None,
        };
        let ties = self.ties(&birth)?;
        Preparation::new(entry, birth, ties, directory, payload)
            .map_err(Error::system_of("prepare the start of", &name))
    }
}
