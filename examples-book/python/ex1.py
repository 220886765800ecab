"""Two children that run until a file appears."""

import os
from multiprocessing import Process
from time import sleep

STOP = os.path.join(os.getcwd(), 'STOP')


# what each child does
def task():
    print(f'Subprocess PID: {os.getpid()}')
    print(f'Current working directory: {os.getcwd()}')
    print('Touch file "STOP" to stop the task...')
    # look for the file once a second
    while not os.path.isfile(STOP):
        sleep(1)
    print('Stopping')


# the entry point
if __name__ == '__main__':
    print(f'Parent process id: {os.getpid()}')

    # create the processes
    process1 = Process(target=task)
    process2 = Process(target=task)

    # start them
    process1.start()
    process2.start()

    # wait until both have ended
    print('Waiting for the process...')
    process1.join()
    process2.join()
    print('Sub processes are all done!')

    # clean up
    if os.path.isfile(STOP):
        os.remove(STOP)

    # stay a little, so that the process can be looked at
    print('Sleep 5s for main process to quit...')
    sleep(5)
