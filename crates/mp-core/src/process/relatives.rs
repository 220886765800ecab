//! This process, its parent, and its children.

use crate::process::family;
use crate::process::process::Process;

/// The process that this code runs in.
///
/// Python: [`multiprocessing.current_process`].
///
/// [`multiprocessing.current_process`]: https://docs.python.org/3/library/multiprocessing.html#multiprocessing.current_process
///
/// # Examples
///
/// ```
/// let process = mp_core::current_process();
/// assert_eq!(
///     process.to_string(),
///     "<_MainProcess name='MainProcess' parent=None started>"
/// );
/// ```
pub fn current_process() -> Process {
    Process::known(family::current())
}

/// The process that started this one. None in the main process.
///
/// Python: [`multiprocessing.parent_process`]. Besides its name and id one can
/// ask it whether it [is alive](Process::is_alive), and
/// [wait](Process::join_timeout) for its end.
///
/// [`multiprocessing.parent_process`]: https://docs.python.org/3/library/multiprocessing.html#multiprocessing.parent_process
///
/// # Examples
///
/// ```
/// assert!(mp_core::parent_process().is_none());
/// ```
pub fn parent_process() -> Option<Process> {
    family::parent().map(Process::known)
}

/// The children of this process that are running.
///
/// Python: [`multiprocessing.active_children`]. Those that have ended are
/// reaped.
///
/// [`multiprocessing.active_children`]: https://docs.python.org/3/library/multiprocessing.html#multiprocessing.active_children
///
/// # Differences from Python
///
/// They are in the order of their start.
///
/// # Examples
///
/// ```
/// assert!(mp_core::active_children().is_empty());
/// ```
pub fn active_children() -> Vec<Process> {
    family::children().into_iter().map(Process::known).collect()
}
