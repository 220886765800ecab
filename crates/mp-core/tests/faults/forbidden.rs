//! System calls that are refused, as by an old kernel or a sandbox.

use std::collections::BTreeMap;
use std::process::ExitCode;

use mp_core::{Process, StartMethod, Value};
use nix::libc;
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, TargetArch};

use crate::observe::{children, descriptors, passes};
use crate::support::silence;

crate::cases! {
    each_method: [refused_calls],
    once: [],
    programs: [without_a_call],
}

const CALLS: [(&str, i64); 14] = [
    ("pidfd_open", libc::SYS_pidfd_open),
    ("pidfd_send_signal", libc::SYS_pidfd_send_signal),
    ("waitid", libc::SYS_waitid),
    ("ppoll", libc::SYS_ppoll),
    ("unshare", libc::SYS_unshare),
    ("prctl", libc::SYS_prctl),
    ("clone", libc::SYS_clone),
    ("clone3", libc::SYS_clone3),
    ("memfd_create", libc::SYS_memfd_create),
    ("fallocate", libc::SYS_fallocate),
    ("socketpair", libc::SYS_socketpair),
    ("sendmsg", libc::SYS_sendmsg),
    ("recvmsg", libc::SYS_recvmsg),
    ("get_robust_list", libc::SYS_get_robust_list),
];

/// So many that a descriptor lost in each shows.
const ROUNDS: u32 = 8;

/// Each call, forbidden and unknown. The filter counts for children too.
fn refused_calls(method: StartMethod) {
    for (name, _) in CALLS {
        for errno in [libc::EPERM, libc::ENOSYS] {
            passes("without_a_call", method, &[name, &errno.to_string()]);
        }
    }
}

fn refuse(call: i64, errno: u32) {
    let filter = SeccompFilter::new(
        BTreeMap::from([(call, Vec::new())]),
        SeccompAction::Allow,
        SeccompAction::Errno(errno),
        TargetArch::x86_64,
    );
    let filter: BpfProgram = filter.unwrap().try_into().unwrap();
    seccompiler::apply_filter(&filter).unwrap();
}

/// Starts, signals and waits. Either all of it works or there is an error, and
/// neither a child nor a descriptor is left behind by a failure.
fn without_a_call() -> ExitCode {
    silence();
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap();
    let errno = arguments.next().unwrap().parse().unwrap();
    let (_, call) =
        CALLS.into_iter().find(|(known, _)| *known == name).unwrap();
    refuse(call, errno);
    let value = Value::try_new(1);
    if name != "memfd_create" && name != "fallocate" {
        assert!(value.is_ok());
    }
    let (mut before, mut worked) = (None, 0);
    for round in 0..ROUNDS {
        let mut process = Process::new(|| (), ());
        if let Err(error) = process.start() {
            let text = error.to_string();
            assert!(text.contains("Process-"), "{text}");
            assert!(process.pid().is_none());
            assert!(children().len() < 2, "left behind: {:?}", children());
        } else {
            let (sent, joined) = (process.terminate(), process.join());
            match joined {
                Ok(()) => {
                    let code = process.exitcode().unwrap();
                    assert!([0, -15, 1].contains(&code), "{code}");
                    worked += 1;
                }
                Err(error) => {
                    assert!(error.to_string().starts_with("failed to "));
                }
            }
            if let Err(error) = sent {
                assert!(error.to_string().starts_with("failed to "));
            }
        }
        drop(process);
        // The first round makes what is made once.
        let now = descriptors(std::process::id()).len();
        if round == 1 {
            before = Some(now);
        } else if let Some(before) = before {
            // A child that cannot be waited for keeps its descriptor.
            let keeps = name == "waitid" || name == "ppoll";
            // And so does a server, which may just have been given up.
            assert!(now <= before + 2 || keeps, "{before} {now}");
        }
    }
    if name == "unshare" {
        // There is another way to count threads.
        assert_eq!(worked, ROUNDS);
    }
    ExitCode::SUCCESS
}
