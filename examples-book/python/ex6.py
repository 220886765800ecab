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
def deadlock(lock, identifier, value):
    with lock:
        print(f'>process {identifier} sleeping for {value}')
        sleep(value)
        # without the limit it would wait for ever
        if not lock.acquire(timeout=0.1):
            sys.exit('this process already holds the lock, '
                     'and would wait for ever')
        print(f'>process {identifier} done')


# the entry point
if __name__ == '__main__':
    # whether to see what a plain lock does
    parser = ArgumentParser()
    parser.add_argument('--plain-lock', action='store_true')
    plain_lock = parser.parse_args().plain_lock

    # create the shared reentrant lock, or a plain one
    lock = Lock() if plain_lock else RLock()
    target = deadlock if plain_lock else task
    # create ten processes
    processes = [
        Process(target=target, args=(lock, i, random()))
        for i in range(10)
    ]
    # start them
    for process in processes:
        process.start()
    # wait until all have ended
    for process in processes:
        process.join()

    # fail if one of them failed
    if any(process.exitcode for process in processes):
        sys.exit(1)
