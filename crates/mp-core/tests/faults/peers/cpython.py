"""The cases, for CPython's multiprocessing: cpython.py CASE METHOD"""

import multiprocessing
import os
import signal
import sys
import threading
import time

FOR_EVER = 100
HELD = threading.Lock()


def is_child():
    return __name__ == "__mp_main__"


# What stands at the top of the file, where a child comes by. A forkserver may
# run it too, and has no part in the case.
if is_child() and os.path.exists(os.environ["FLAG"]):
    if sys.argv[1] == "dies_before_init":
        os._exit(7)
    if sys.argv[1] == "large_argument":
        time.sleep(4)


def verdict(word, why=""):
    print(word, why, flush=True)


def pass_if(is_right, otherwise, why=""):
    verdict("pass" if is_right else otherwise, why)


def raise_flag():
    open(os.environ["FLAG"], "w").close()


def hold(lock, held):
    with lock:
        held.value = 1
        time.sleep(FOR_EVER)


def until(value):
    while not value.value:
        time.sleep(0.001)


def holder_killed(context):
    lock, held = context.Lock(), context.RawValue("b", 0)
    holder = context.Process(target=hold, args=(lock, held))
    holder.start()
    until(held)
    holder.kill()
    holder.join()
    pass_if(lock.acquire(timeout=2), "hang")


def waiter_killed(context):
    lock, held = context.Lock(), context.RawValue("b", 0)
    lock.acquire()
    waiter = context.Process(target=hold, args=(lock, held))
    waiter.start()
    time.sleep(0.3)
    waiter.kill()
    waiter.join()
    lock.release()
    pass_if(lock.acquire(timeout=2), "hang")


def work(started):
    started.value = 1
    time.sleep(FOR_EVER)


def parent_killed(context):
    started = context.RawValue("b", 0)
    daemon = context.Process(target=work, args=(started,), daemon=True)
    daemon.start()
    until(started)
    print("daemon", daemon.pid, flush=True)
    time.sleep(FOR_EVER)


def exit_when_told(go):
    until(go)
    sys.exit(3)


def nothing(*_):
    pass


def server_killed(context):
    from multiprocessing.forkserver import _forkserver

    go = context.RawValue("b", 0)
    child = context.Process(target=exit_when_told, args=(go,))
    child.start()
    os.kill(_forkserver._forkserver_pid, signal.SIGKILL)
    time.sleep(0.5)
    seen = child.is_alive()
    go.value = 1
    child.join()
    code = child.exitcode
    after = context.Process(target=nothing)
    after.start()
    after.join()
    is_right = seen and code == 3 and after.exitcode == 0
    pass_if(is_right, "lost", f"alive: {seen}, exit code {code}")


def leave_one_behind():
    fork = multiprocessing.get_context("fork")
    fork.Process(target=time.sleep, args=(8,)).start()
    os.kill(os.getpid(), signal.SIGKILL)


def grandchild(context):
    child = context.Process(target=leave_one_behind)
    child.start()
    began = time.monotonic()
    child.join(20)
    took = time.monotonic() - began
    assert child.exitcode in (None, -9)
    pass_if(took < 2, "hang", f"{took:.1f} s")


def use_it():
    with HELD:
        pass


def threads(context):
    def hold_it():
        with HELD:
            time.sleep(FOR_EVER)

    threading.Thread(target=hold_it, daemon=True).start()
    time.sleep(0.3)
    child = context.Process(target=use_it)
    child.start()
    child.join(5)
    pass_if(child.exitcode == 0, "hang")
    child.kill()


def dies_before_init(context):
    raise_flag()
    child = context.Process(target=nothing)
    try:
        child.start()
    except OSError as error:
        verdict("pass", f"an error: {error}")
        return
    child.join()
    code = child.exitcode
    pass_if(code == 7, "lost", f"exit code {code}")


def large_argument(context):
    first = context.Process(target=nothing, args=(b"1",))
    first.start()
    first.join()
    raise_flag()
    child = context.Process(target=nothing, args=(bytes(64 << 20),))
    began = time.monotonic()
    child.start()
    took = time.monotonic() - began
    child.join()
    is_right = took < 2 and child.exitcode == 0
    pass_if(is_right, "hang", f"start took {took:.1f} s")


def fail():
    raise ValueError("on purpose")


def panics(context):
    code = None
    try:
        child = context.Process(target=fail)
        child.start()
        child.join()
        code = child.exitcode
    except ValueError:
        pass
    pass_if(code == 1, "lost")


def exit_code(context):
    child = context.Process(target=time.sleep, args=(FOR_EVER,))
    child.start()
    child.kill()
    child.join()
    pass_if(child.exitcode == -9, "lost", f"exit code {child.exitcode}")


if __name__ == "__main__":
    globals()[sys.argv[1]](multiprocessing.get_context(sys.argv[2]))
