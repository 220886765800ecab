"""Run a function with arguments in another process."""

from multiprocessing import Process
from time import sleep


# what the first child does
def task(sleep_time, message):
    # take a moment
    sleep(sleep_time)
    # show the message
    print(message)


# what the second child does
def greet(name):
    print(f'Hello from another process, {name}')


# the entry point
if __name__ == '__main__':
    # a function, and its arguments in their order
    message = 'New message from another process'
    process = Process(target=task, args=(0.5, message))
    process.start()
    process.join()

    # one argument is a tuple too: mind the comma
    process = Process(target=greet, args=('John',))
    process.start()
    process.join()
