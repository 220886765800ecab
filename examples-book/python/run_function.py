"""Run a function in another process."""

from multiprocessing import Process
from time import sleep


# what the child does
def task():
    # take a moment
    sleep(1)
    # show a message
    print('This is from another process')


# the entry point
if __name__ == '__main__':
    # create the process
    process = Process(target=task)
    # start it
    process.start()
    # wait until it has ended
    print('Waiting for the process...')
    process.join()
    print('Process is done!')
