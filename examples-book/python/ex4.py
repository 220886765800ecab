"""A process that hands a value back to its parent."""

import os
from multiprocessing import Process, Value
from time import sleep


# the process class
class CustomProcess(Process):
    # a process with a name and a shared integer
    def __init__(self, name):
        super().__init__()
        self.name = name
        self.data = Value('i', 0)

    # the name and the process that says it
    def identity(self):
        return f'{self.name}:{os.getpid()}'

    # what the child does
    def run(self):
        # take a moment
        sleep(1)
        # store the value
        self.data.value = 99
        # report it
        stored = self.data.value
        print(f'{self.identity()} > Child stored: {stored}')


# the entry point
if __name__ == '__main__':
    print(f'Main process with pid: {os.getpid()}')

    # create the process
    process = CustomProcess('John')
    value = process.data.value
    print(f'Parent with process.data.value: {value}')

    # start it
    process.start()

    # wait until it has ended
    print('Waiting for the child process to finish')
    process.join()

    # read what the child stored
    print(f'Parent got: {process.data.value}')
