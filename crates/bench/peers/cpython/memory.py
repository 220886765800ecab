"""Shared objects, and the memory that they take."""

import multiprocessing as mp
import os
import time

from processes import start_and_join
from series import Series


def kib(field):
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith(field):
                return int(line.split()[1])
    return 0


def value_make(job):
    made, dropped = Series(job), Series(job)
    memory = {
        "shared_memory": (Series(job), ("RssShmem:", "RssFile:")),
        "private_memory": (Series(job), ("RssAnon:",)),
    }
    descriptors = Series(job)
    while made.wants_more():
        before = {
            what: sum(map(kib, fields)) for what, (_, fields) in memory.items()
        }
        open_before = len(os.listdir("/proc/self/fd"))
        values = []
        begin = time.monotonic_ns()
        try:
            for number in range(job.size):
                values.append(mp.Value("q", number))
        except OSError as error:
            print(
                f"note: {job.size:,} Values: {error.strerror}"
                f" after {len(values) // 1000 * 1000:,} and some",
                flush=True,
            )
            return
        made.add((time.monotonic_ns() - begin) * 1000 // job.size)
        if len(made.samples) == 1:
            for what, (series, fields) in memory.items():
                grown = sum(map(kib, fields)) - before[what]
                series.add(grown * 1024 // job.size)
            descriptors.add(len(os.listdir("/proc/self/fd")) - open_before)
        begin = time.monotonic_ns()
        del values
        dropped.add((time.monotonic_ns() - begin) * 1000 // job.size)
    made.report("value_make", "ps", f"what=make,values={job.size}")
    dropped.report("value_make", "ps", f"what=drop,values={job.size}")
    for what, (series, _) in memory.items():
        series.report(
            "value_make", "bytes", f"what={what},values={job.size}"
        )
    descriptors.report(
        "value_make", "files", f"what=descriptors,values={job.size}"
    )


def add_in_place(numbers, first, end, sums, place):
    sums[place] = sum(numbers[first:end])


def add_sent(numbers, sums, place):
    sums[place] = sum(numbers)


def measure_sums(job, context, target, arguments):
    sums = context.RawArray("d", 2)
    series = Series(job)
    start_and_join(context)
    while series.wants_more():
        begin = time.monotonic_ns()
        children = [
            context.Process(target=target, args=(*arguments[place], sums, place))
            for place in range(2)
        ]
        for child in children:
            child.start()
        for child in children:
            child.join()
        total = sum(sums)
        series.add(time.monotonic_ns() - begin)
        assert total == job.size * (job.size - 1) // 2, "a wrong sum"
    return series


def array_sum(job):
    numbers = [float(number) for number in range(job.size)]
    half = job.size // 2
    for method in ("fork", "forkserver"):
        context = mp.get_context(method)
        array = context.RawArray("d", numbers)
        parts = ((array, 0, half), (array, half, job.size))
        measure_sums(job, context, add_in_place, parts).report(
            "array_sum",
            "ns",
            f"how=in_place,method={method},items={job.size}",
        )
    for method in ("forkserver", "spawn"):
        parts = ((numbers[:half],), (numbers[half:],))
        measure_sums(job, mp.get_context(method), add_sent, parts).report(
            "array_sum", "ns", f"how=sent,method={method},items={job.size}"
        )
