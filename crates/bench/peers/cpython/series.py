"""Jobs and samples: what the driver asks for, and what it reads."""

import time


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


BATCH = 10_000


def timed_batches(job, batch):
    """Times BATCH operations, in thousandths of a nanosecond for one."""
    batches = Series(job)
    while batches.wants_more():
        begin = time.monotonic_ns()
        batch()
        batches.add((time.monotonic_ns() - begin) * 1000 // BATCH)
    return batches
