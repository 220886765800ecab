"""What is measured of CPython's multiprocessing.

main.py MEASUREMENT SIZE SAMPLES BUDGET_MS
"""

import sys

# All of them, and here: CPython's forkserver takes in what its program imports
# at the top, and each child has it then.
import locks
import memory
import processes
from series import Job


def main():
    job = Job(*sys.argv[1:5])
    for module in (processes, locks, memory):
        if measure := getattr(module, job.measurement, None):
            measure(job)
            return
    sys.exit(f"there is no measurement {job.measurement}")


if __name__ == "__main__":
    main()
