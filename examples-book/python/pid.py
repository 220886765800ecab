"""The id of a process."""

import os
from multiprocessing import Process


# what the child does
def task():
    print(f'Child with pid: {os.getpid()}')


# the id, if there is one
def show(process):
    if process.pid is None:
        print('Process without a pid')
    else:
        print(f'Process with pid: {process.pid}')


# the entry point
if __name__ == '__main__':
    # none before the start
    process = Process(target=task)
    show(process)

    # from then on the system's
    process.start()
    show(process)

    # and it stays after the end
    process.join()
    show(process)
