"""A class of one's own that is a process."""

import os
from multiprocessing import Process
from time import sleep

STOP = os.path.join(os.getcwd(), 'STOP')


# the process class
class MyProcess(Process):
    # a process with a name
    def __init__(self, name):
        super().__init__()
        self.name = name

    # what the child does
    def run(self):
        me = os.getpid()
        print(f'Subprocess of "{self.name}" with pid: {me}')
        print('Wait for STOP signal...')
        # look for the file once a second
        while not os.path.isfile(STOP):
            sleep(1)
        print(f'Exit subprocess({me})')


# the entry point
if __name__ == '__main__':
    print(f'Main process with pid: {os.getpid()}')

    # 1) create the processes
    process1 = MyProcess('John')
    process2 = MyProcess('Mary')

    # 2) start them
    process1.start()
    process2.start()

    # 3) wait until both have ended
    process1.join()
    process2.join()

    # 4) clean up
    os.remove(STOP)

    print('Bye!')
