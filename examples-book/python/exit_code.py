"""The exit code of a process."""

import sys
from multiprocessing import Process
from time import sleep


# comes to its end
def task():
    pass


# fails: the error goes to standard error
def fail():
    raise ValueError('this task fails')


# leaves with a code of its own
def leave():
    sys.exit(3)


# waits for a signal
def wait():
    sleep(10)


# the exit code, if there is one
def show(when, process):
    if process.exitcode is None:
        print(f'{when}: none')
    else:
        print(f'{when}: {process.exitcode}')


# the entry point
if __name__ == '__main__':
    # no code before the end, then 0
    process = Process(target=task)
    show('Before the end', process)
    process.start()
    process.join()
    show('After the end', process)

    # 1 after an error
    process = Process(target=fail)
    process.start()
    process.join()
    show('After an error', process)

    # the code that it left with
    process = Process(target=leave)
    process.start()
    process.join()
    show('After an exit', process)

    # minus the number of the signal
    process = Process(target=wait)
    process.start()
    process.terminate()
    process.join()
    show('After a signal', process)
