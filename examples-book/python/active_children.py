"""The children that are running."""

from multiprocessing import Process, active_children
from time import sleep


# what each child does
def task():
    # take a moment
    sleep(2)


# the entry point
if __name__ == '__main__':
    # create the processes
    processes = [Process(target=task) for _ in range(5)]
    # start them
    for process in processes:
        process.start()
    # get those that are running
    children = active_children()
    # how many there are
    print(f'Active Children Count: {len(children)}')
    # each of them
    for child in children:
        print(child)
