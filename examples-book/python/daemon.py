"""A daemon: it does not keep the program from ending."""

from multiprocessing import Process
from time import sleep


# what the child does
def task():
    # take longer than the program lives
    sleep(10)
    print('Nobody ever reads this')


# a word for a truth value
def yes_no(value):
    return 'yes' if value else 'no'


# the entry point
if __name__ == '__main__':
    # not a daemon unless told so
    process = Process(target=task)
    print(f'Daemon: {yes_no(process.daemon)}')

    # create a daemon
    process = Process(target=task, daemon=True)
    print(f'Daemon: {yes_no(process.daemon)}')

    # start it, and do not wait: it ends with the program
    process.start()
    print('Bye!')
