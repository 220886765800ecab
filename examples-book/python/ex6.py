"""A lock that its holder may take again."""

import sys
from argparse import ArgumentParser
from multiprocessing import Lock, Process, RLock
from random import random
from time import sleep


# reports, under the lock
def report(lock, identifier):
    # acquire the lock, a second time
    with lock:
        print(f'>process {identifier} done')


# sleeps and reports, under the lock
def task(lock, identifier, value):
    # acquire the lock
    with lock:
        print(f'>process {identifier} sleeping for {value}')
        sleep(value)
        # report, still holding it
        report(lock, identifier)


# the same with a plain lock, which is not reentrant
def plain_lock():
    lock = Lock()
    with lock:
        # without a limit this would never come back
        if not lock.acquire(timeout=1):
            sys.exit('a plain lock: its holder asked for it '
                     'again, and would wait for ever')


# the entry point
if __name__ == '__main__':
    # whether to see what a plain lock does
    parser = ArgumentParser()
    parser.add_argument('--plain-lock', action='store_true')
    if parser.parse_args().plain_lock:
        plain_lock()

    # create the shared reentrant lock
    lock = RLock()
    # create ten processes
    processes = [
        Process(target=task, args=(lock, i, random()))
        for i in range(10)
    ]
    # start them
    for process in processes:
        process.start()
    # wait until all have ended
    for process in processes:
        process.join()
