"""What is measured of CPython's multiprocessing.

cpython.py MEASUREMENT SIZE SAMPLES BUDGET_MS
"""

import multiprocessing as mp
import os
import signal
import sys
import time

METHODS = ("fork", "spawn", "forkserver")


class Series:
    """Samples, taken until there are enough or the time is over."""

    def __init__(self, job):
        self.samples = []
        self.wanted = job.samples
        self.end = time.monotonic_ns() + job.budget_ms * 1_000_000

    def wants_more(self):
        return not self.samples or (
            len(self.samples) < self.wanted and time.monotonic_ns() < self.end
        )

    def add(self, sample):
        self.samples.append(sample)

    def report(self, measurement, unit, params):
        print(measurement, unit, params, *self.samples, flush=True)


class Job:
    def __init__(self, measurement, size, samples, budget_ms):
        self.measurement = measurement
        self.size = int(size)
        self.samples = int(samples)
        self.budget_ms = int(budget_ms)


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
    pass


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


BATCH = 10_000


def timed_batches(job, batch):
    """Times BATCH operations, in thousandths of a nanosecond for one."""
    batches = Series(job)
    while batches.wants_more():
        begin = time.monotonic_ns()
        batch()
        batches.add((time.monotonic_ns() - begin) * 1000 // BATCH)
    return batches


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
    time.sleep(0.2)
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
                f"note: {job.size:,} Values: {error}"
                f" after {len(values):,}",
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


def main():
    job = Job(*sys.argv[1:5])
    globals()[job.measurement](job)


if __name__ == "__main__":
    main()
