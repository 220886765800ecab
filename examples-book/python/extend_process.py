"""Extend the process class."""

from multiprocessing import Process


# a process class of one's own
class CustomProcess(Process):
    # what the child does
    def run(self):
        print('This is from a process of its own class')


# the entry point
if __name__ == '__main__':
    # create the process
    process = CustomProcess()
    # start it
    process.start()
    # wait until it has ended
    print('Waiting for the process...')
    process.join()
    print('Process is done!')
