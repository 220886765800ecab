"""Whether a process is alive."""

from multiprocessing import Process
from time import sleep


# what the child does
def task():
    # take a moment
    sleep(1)


# a word for a truth value
def yes_no(value):
    return 'yes' if value else 'no'


# the entry point
if __name__ == '__main__':
    # not before the start
    process = Process(target=task)
    print(f'Alive: {yes_no(process.is_alive())}')

    # while it runs
    process.start()
    print(f'Alive: {yes_no(process.is_alive())}')

    # not after the end
    process.join()
    print(f'Alive: {yes_no(process.is_alive())}')
