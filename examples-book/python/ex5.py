"""One lock, shared by ten processes."""

from argparse import ArgumentParser
from datetime import datetime
from multiprocessing import Lock, Process
from random import random
from time import sleep


# holds the lock while it sleeps
def task_with_lock(lock, identifier, value):
    # acquire the lock
    with lock:
        print(f'>process {identifier} got the lock, '
              f'sleeping for {value:.3f}s')
        sleep(value)


# has the lock at hand, and ignores it
def task_ignore_lock(lock, identifier, value):
    print(f'>process {identifier} got the lock, '
          f'sleeping for {value:.3f}s')
    sleep(value)


# the entry point
if __name__ == '__main__':
    # which of the two tasks to run
    parser = ArgumentParser()
    parser.add_argument('--with-lock', action='store_true')
    with_lock = parser.parse_args().with_lock
    task = task_with_lock if with_lock else task_ignore_lock

    # create the shared lock
    lock = Lock()
    # create ten processes, each with its own time to sleep
    numbers = [random() for _ in range(10)]
    processes = [
        Process(target=task, args=(lock, i, numbers[i]))
        for i in range(10)
    ]
    # start them
    for process in processes:
        process.start()

    # wait until all have ended
    start_time = datetime.now()
    for process in processes:
        process.join()

    # report the time
    elapsed = datetime.now() - start_time
    print(f'Done in {elapsed}  '
          f'(random nubmer sum={sum(numbers):.3f})!')
