"""A function with arguments, run in two processes."""

import os
from multiprocessing import Process
from time import sleep


# what each child does
def task2(sleep_time, message):
    print(f'Subprocess with PID: {os.getpid()}')
    # take a moment
    sleep(sleep_time)
    # show the message
    print(message)
    print(f'Exit from {os.getpid()}')


# the entry point
if __name__ == '__main__':
    print(f'Main process with PID: {os.getpid()}')

    # create the processes, each with its arguments
    message = 'New message from another process'
    process1 = Process(target=task2, args=(1.5, message))
    process2 = Process(target=task2, args=(2, message))

    # start them
    process1.start()
    process2.start()

    # wait until both have ended
    print('Waiting for the process...')
    process1.join()
    process2.join()

    print('Bye!')
