//! What stands in the registers of a traced process that is stopped.

use std::fs;
use std::mem::offset_of;
use std::ops::Range;

use nix::errno::Errno;
use nix::libc;
use nix::sys::ptrace;
use nix::unistd::Pid;

/// The instruction that makes a system call, as it stands in memory.
const SYSCALL: [u8; 2] = [0x0f, 0x05];

/// The number and the first argument of a system call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call {
    pub(super) number: i64,
    pub(super) argument: u64,
}

/// The call that begins where a process is stopped at a call. None if the call
/// ends there, or if the process has been killed meanwhile.
pub(super) fn beginning_call(pid: Pid) -> Option<Call> {
    let info = ptrace::syscall_info(pid).ok()?;
    if info.op != libc::PTRACE_SYSCALL_INFO_ENTRY {
        return None;
    }
    let registers = ptrace::getregs(pid).ok()?;
    Some(call(registers.orig_rax, registers.rdi))
}

/// The call that the next instruction of a process makes, if it makes one.
pub(super) fn next_call(pid: Pid) -> Option<Call> {
    let registers = ptrace::getregs(pid).ok()?;
    let place = usize::try_from(registers.rip).ok()?;
    let word =
        ptrace::read(pid, std::ptr::without_provenance_mut(place)).ok()?;
    let is_call = word.to_ne_bytes().starts_with(&SYSCALL);
    is_call.then(|| call(registers.rax, registers.rdi))
}

/// The address of the next instruction of a process.
pub(super) fn instruction(pid: Pid) -> Option<u64> {
    let place = offset_of!(libc::user_regs_struct, rip);
    let address = std::ptr::without_provenance_mut(place);
    let word = ptrace::read_user(pid, address).ok()?;
    Some(u64::from_ne_bytes(word.to_ne_bytes()))
}

/// Where the code of the C library stands in a process.
pub(super) fn c_library(pid: Pid) -> Option<Range<u64>> {
    let maps = fs::read_to_string(format!("/proc/{pid}/maps")).ok()?;
    let is_code =
        |line: &&str| line.contains(" r-xp ") && line.contains("/libc");
    let (start, end) = maps
        .lines()
        .find(is_code)?
        .split_whitespace()
        .next()?
        .split_once('-')?;
    let number = |text| u64::from_str_radix(text, 16).ok();
    Some(number(start)?..number(end)?)
}

fn call(number: u64, argument: u64) -> Call {
    // A number that does not fit is no call's.
    Call { number: number.try_into().unwrap_or(-1), argument }
}

/// Keeps the kernel from making the call that begins here.
pub(super) fn skip_call(pid: Pid, error: Errno) {
    change(pid, |registers| {
        // No call has this number, and the result stays as it is set here.
        registers.orig_rax = u64::MAX;
        registers.rax = result(error);
    });
}

/// Changes the result of the call that ends here.
pub(super) fn set_result(pid: Pid, error: Errno) {
    change(pid, |registers| registers.rax = result(error));
}

/// Changes the first argument of a call.
pub(super) fn set_argument(pid: Pid, argument: u64) {
    change(pid, |registers| registers.rdi = argument);
}

/// How the kernel returns an error.
fn result(error: Errno) -> u64 {
    u64::from((error as i32).unsigned_abs()).wrapping_neg()
}

fn change(pid: Pid, change: impl FnOnce(&mut libc::user_regs_struct)) {
    let Ok(mut registers) = ptrace::getregs(pid) else { return };
    change(&mut registers);
    tolerate_end(ptrace::setregs(pid, registers));
}

/// A process can be killed while it is stopped.
pub(super) fn tolerate_end(done: nix::Result<()>) {
    assert!(matches!(done, Ok(()) | Err(Errno::ESRCH)), "{done:?}");
}
