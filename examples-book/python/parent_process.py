"""The main process, seen from a child."""

from multiprocessing import Process, parent_process


# what the child does
def task():
    # get the process that started this one
    process = parent_process()
    # show it
    print(process)


# the entry point
if __name__ == '__main__':
    # create the process
    process = Process(target=task)
    # start it
    process.start()
    # wait until it has ended
    process.join()
