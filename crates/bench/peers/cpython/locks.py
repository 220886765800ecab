"""Locks, and what they guard."""

import multiprocessing as mp
import os
import signal
import sys
import time

from series import BATCH, Series, timed_batches


def lock(job):
    plain, reentrant = mp.Lock(), mp.RLock()

    def with_plain():
        for _ in range(BATCH):
            with plain:
                pass

    def with_reentrant():
        for _ in range(BATCH):
            with reentrant:
                pass

    def try_plain():
        for _ in range(BATCH):
            if plain.acquire(False):
                plain.release()

    def timed_plain():
        for _ in range(BATCH):
            if plain.acquire(timeout=1):
                plain.release()

    timed_batches(job, with_plain).report("lock", "ps", "op=lock")
    timed_batches(job, try_plain).report("lock", "ps", "op=try")
    timed_batches(job, timed_plain).report("lock", "ps", "op=timed")
    timed_batches(job, with_reentrant).report("lock", "ps", "op=rlock")
    with reentrant:
        batches = timed_batches(job, with_reentrant)
    batches.report("lock", "ps", "op=rlock_nested")


def count(go, stop, guard, value):
    while not go.value:
        os.sched_yield()
    while not stop.value:
        for _ in range(100):
            with guard:
                value.value += 1


def count_and_watch(go, stop, guard, value, worst):
    longest = 0
    while not go.value:
        os.sched_yield()
    while not stop.value:
        for _ in range(100):
            begin = time.monotonic_ns()
            with guard:
                waited = time.monotonic_ns() - begin
                value.value += 1
            longest = max(longest, waited)
    worst.value = longest


def contend(processes, guard, value, watch=False):
    """How often all the processes add one, in what time, and the longest wait."""
    context = mp.get_context("fork")
    go, stop = context.RawValue("i"), context.RawValue("i")
    worst = [context.RawValue("Q") for _ in range(processes)]
    children = []
    for number in range(processes):
        arguments = (go, stop, guard, value)
        if watch:
            arguments += (worst[number],)
        target = count_and_watch if watch else count
        children.append(context.Process(target=target, args=arguments))
    for child in children:
        child.start()
    before = value.value
    go.value = 1
    begin = time.monotonic_ns()
    time.sleep(0.1)
    done, spent = value.value - before, time.monotonic_ns() - begin
    stop.value = 1
    for child in children:
        child.join()
    return done, spent, max(wait.value for wait in worst)


def counter(job):
    context = mp.get_context("fork")
    guard, value = context.Lock(), context.RawValue("q")
    rates, waits = Series(job), Series(job)
    while rates.wants_more():
        done, spent, _ = contend(job.size, guard, value)
        rates.add(done * 1_000_000_000 // spent)
        _, _, worst = contend(job.size, guard, value, watch=True)
        waits.add(worst)
    rates.report("counter", "1/s", f"processes={job.size},what=rate")
    waits.report("counter", "ns", f"processes={job.size},what=worst_wait")


def value_add(job):
    value = mp.get_context("fork").Value("q", 0)
    params = f"op=guard,processes={job.size}"
    if job.size == 1:

        def add():
            for _ in range(BATCH):
                with value.get_lock():
                    value.value += 1

        timed_batches(job, add).report("value_add", "ps", params)
        return
    times = Series(job)
    while times.wants_more():
        done, spent, _ = contend(
            job.size, value.get_lock(), value.get_obj()
        )
        times.add(spent * 1000 // done)
    times.report("value_add", "ps", params)


def owner_death(job):
    """The next one would wait for ever; so it waits for a second only."""
    context = mp.get_context("fork")
    guard, held = context.Lock(), context.RawValue("i")

    def hold():
        guard.acquire()
        held.value = 1
        time.sleep(600)

    holder = context.Process(target=hold)
    holder.start()
    while not held.value:
        os.sched_yield()
    os.kill(holder.pid, signal.SIGKILL)
    holder.join()
    if guard.acquire(timeout=1):
        sys.exit("the lock of a dead holder was free")
    print("note: the next one waits for ever", flush=True)
