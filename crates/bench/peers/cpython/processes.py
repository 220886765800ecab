"""Starting processes, and what they cost while they wait."""

import multiprocessing as mp
import sys
import time

from series import Series

METHODS = ("fork", "spawn", "forkserver")


def touched(mib):
    return b"\x01" * (mib << 20)


def nothing():
    pass


def start_and_join(context):
    process = context.Process(target=nothing)
    process.start()
    returned = time.monotonic_ns()
    process.join()
    process.close()
    return returned


def start(job):
    ballast = touched(job.size)
    for method in METHODS:
        context = mp.get_context(method)
        start_and_join(context)
        joins, returns = Series(job), Series(job)
        while joins.wants_more():
            begin = time.monotonic_ns()
            returned = start_and_join(context)
            joins.add(time.monotonic_ns() - begin)
            returns.add(returned - begin)
        params = f"method={method},parent_mib={job.size}"
        joins.report("start_join", "ns", params)
        returns.report("start_returns", "ns", params)
    del ballast


def set_time(value):
    value.value = time.monotonic_ns()


def first_line(job):
    ballast = touched(job.size)
    for method in METHODS:
        context = mp.get_context(method)
        value = context.RawValue("Q")
        start_and_join(context)
        first = Series(job)
        while first.wants_more():
            begin = time.monotonic_ns()
            process = context.Process(target=set_time, args=(value,))
            process.start()
            process.join()
            first.add(value.value - begin)
        first.report(
            "first_line", "ns", f"method={method},parent_mib={job.size}"
        )
    del ballast


def take(text):
    # Every page of it.
    text[::4096]


def start_join_args(job):
    text = "x" * job.size
    for method in METHODS:
        context = mp.get_context(method)
        start_and_join(context)
        joins = Series(job)
        while joins.wants_more():
            begin = time.monotonic_ns()
            process = context.Process(target=take, args=(text,))
            process.start()
            process.join()
            process.close()
            joins.add(time.monotonic_ns() - begin)
        joins.report(
            "start_join_args", "ns", f"method={method},bytes={job.size}"
        )


def text_of(length):
    return "x" * length


def result(job):
    """A pool's worker has been started before: this is the way back alone."""
    for method in METHODS:
        with mp.get_context(method).Pool(1) as pool:
            pool.apply(text_of, (1,))
            results = Series(job)
            while results.wants_more():
                begin = time.monotonic_ns()
                text = pool.apply(text_of, (job.size,))
                results.add(time.monotonic_ns() - begin)
                assert len(text) == job.size
        results.report(
            "result", "ns", f"method={method},bytes={job.size}"
        )


def in_flight(job):
    for method in METHODS:
        context = mp.get_context(method)
        start_and_join(context)
        every = Series(job)
        while every.wants_more():
            begin = time.monotonic_ns()
            processes = [
                context.Process(target=nothing) for _ in range(job.size)
            ]
            for process in processes:
                process.start()
            for process in processes:
                process.join()
            for process in processes:
                process.close()
            every.add(time.monotonic_ns() - begin)
        every.report(
            "in_flight", "ns", f"method={method},children={job.size}"
        )


def idle():
    time.sleep(600)


def idle_child(job):
    ballast = touched(job.size)
    for method in METHODS:
        context = mp.get_context(method)
        processes = [context.Process(target=idle) for _ in range(8)]
        for process in processes:
            process.start()
        pids = (process.pid for process in processes)
        params = f"method={method},parent_mib={job.size}"
        print("idle pid", params, *pids, flush=True)
        sys.stdin.readline()
        for process in processes:
            process.kill()
        for process in processes:
            process.join()
    del ballast
