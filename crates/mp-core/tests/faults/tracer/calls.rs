//! The errors that system calls can give, by their manual pages: those that tell
//! of the system, and not of a mistake of the caller.

use nix::errno::Errno;
use nix::libc;

use super::{Deed, Place};

macro_rules! calls {
    ($($call:ident $symbol:ident: $($error:ident)*;)*) => {
        const CALLS: &[(&str, i64, &[Errno])] =
            &[$((stringify!($call), libc::$symbol, &[$(Errno::$error),*])),*];
    };
}
calls! {
    accept4 SYS_accept4: EMFILE;
    access SYS_access: EACCES ENOENT;
    arch_prctl SYS_arch_prctl: EPERM;
    brk SYS_brk: ENOMEM;
    chdir SYS_chdir: EACCES ENOENT;
    clock_nanosleep SYS_clock_nanosleep: EINTR;
    clone SYS_clone: EAGAIN ENOMEM EPERM ENOSYS;
    clone3 SYS_clone3: EAGAIN ENOMEM EPERM ENOSYS;
    close SYS_close: EINTR EIO;
    close_range SYS_close_range: ENOSYS EMFILE EPERM;
    dup2 SYS_dup2: EBUSY EMFILE EINTR;
    dup3 SYS_dup3: EBUSY EMFILE EINTR;
    execve SYS_execve: ENOMEM EACCES E2BIG ENOENT EMFILE;
    faccessat SYS_faccessat: EACCES ENOENT;
    fallocate SYS_fallocate: ENOSPC EINTR ENOMEM EOPNOTSUPP ENOSYS;
    fchdir SYS_fchdir: EACCES EIO;
    fcntl SYS_fcntl: EMFILE EINVAL EPERM;
    fstat SYS_fstat: EIO ENOMEM;
    ftruncate SYS_ftruncate: EINTR ENOSPC EPERM;
    futex SYS_futex: EINTR EAGAIN;
    getdents64 SYS_getdents64: EIO ENOENT;
    getrandom SYS_getrandom: EAGAIN ENOSYS;
    getresuid SYS_getresuid: EPERM;
    getsockopt SYS_getsockopt: ENOBUFS EPERM;
    get_robust_list SYS_get_robust_list: EPERM ENOSYS;
    ioctl SYS_ioctl: ENOTTY EIO;
    kill SYS_kill: EPERM;
    lseek SYS_lseek: EIO;
    madvise SYS_madvise: EAGAIN ENOMEM EINVAL;
    memfd_create SYS_memfd_create: EMFILE ENFILE ENOMEM ENOSYS;
    mmap SYS_mmap: ENOMEM EAGAIN EPERM;
    mprotect SYS_mprotect: ENOMEM EACCES;
    mremap SYS_mremap: ENOMEM EAGAIN;
    munmap SYS_munmap: ENOMEM;
    nanosleep SYS_nanosleep: EINTR;
    newfstatat SYS_newfstatat: EACCES ENOMEM;
    open SYS_open: EMFILE ENFILE ENOMEM EACCES;
    openat SYS_openat: EMFILE ENFILE ENOMEM EACCES;
    pidfd_open SYS_pidfd_open: EMFILE ENFILE ENOMEM ENOSYS;
    pidfd_send_signal SYS_pidfd_send_signal: EPERM;
    pipe2 SYS_pipe2: EMFILE ENFILE;
    poll SYS_poll: EINTR ENOMEM;
    ppoll SYS_ppoll: EINTR ENOMEM;
    prctl SYS_prctl: EINVAL EPERM;
    pread64 SYS_pread64: EINTR EIO ENOMEM;
    prlimit64 SYS_prlimit64: EPERM ENOSYS;
    pwrite64 SYS_pwrite64: EINTR ENOSPC EIO ENOMEM;
    read SYS_read: EINTR EIO ENOMEM;
    readlink SYS_readlink: EACCES ENOENT;
    readlinkat SYS_readlinkat: EACCES ENOENT;
    recvfrom SYS_recvfrom: EINTR ENOMEM ECONNRESET;
    recvmsg SYS_recvmsg: EINTR ENOMEM ECONNRESET;
    rseq SYS_rseq: ENOSYS;
    rt_sigaction SYS_rt_sigaction: EPERM;
    sched_getaffinity SYS_sched_getaffinity: EPERM ENOSYS;
    sendmsg SYS_sendmsg: ENOBUFS ENOMEM ETOOMANYREFS EPIPE EINTR;
    sendto SYS_sendto: ENOBUFS ENOMEM EPIPE EINTR;
    setrlimit SYS_setrlimit: EPERM;
    setsockopt SYS_setsockopt: ENOMEM EPERM;
    set_robust_list SYS_set_robust_list: EPERM ENOSYS;
    set_tid_address SYS_set_tid_address: EPERM;
    sigaltstack SYS_sigaltstack: ENOMEM;
    socketpair SYS_socketpair: EMFILE ENFILE ENOMEM;
    statx SYS_statx: ENOMEM ENOSYS;
    sysinfo SYS_sysinfo: EPERM;
    tgkill SYS_tgkill: EPERM;
    timer_create SYS_timer_create: EAGAIN ENOMEM;
    timer_settime SYS_timer_settime: EPERM;
    unshare SYS_unshare: EPERM ENOSYS;
    vfork SYS_vfork: EAGAIN ENOMEM;
    wait4 SYS_wait4: EINTR;
    waitid SYS_waitid: EINTR ENOSYS;
    write SYS_write: EINTR ENOSPC EIO;
    writev SYS_writev: EINTR ENOSPC EIO;
}

/// Calls that give no error, or of which the C library believes that.
const INFALLIBLE: &[i64] = &[
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_getegid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getpid,
    libc::SYS_getppid,
    libc::SYS_gettid,
    libc::SYS_getuid,
    libc::SYS_restart_syscall,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sched_yield,
    libc::SYS_umask,
];

/// The name of a call, or its number.
pub(crate) fn name_of(call: i64) -> String {
    if call == Place::BIRTH {
        return "birth".into();
    }
    let known = CALLS.iter().find(|(_, number, _)| *number == call);
    known.map_or_else(|| format!("call {call}"), |(name, ..)| (*name).into())
}

/// The ways in which a call can fail. A call that is not listed here can still be
/// refused by a filter.
pub(crate) fn failures_of(call: i64) -> Vec<(Errno, Deed)> {
    if call == Place::BIRTH || INFALLIBLE.contains(&call) {
        return Vec::new();
    }
    let known = CALLS.iter().find(|(_, number, _)| *number == call);
    let errors = known
        .map_or(&[Errno::EPERM, Errno::ENOSYS][..], |(_, _, errors)| errors);
    let failure = |&error| match call {
        libc::SYS_close => (error, Deed::FailAfter(error)),
        _ => (error, Deed::Fail(error)),
    };
    errors.iter().map(failure).collect()
}
