"""The name of a process."""

from multiprocessing import Process


# what the child would do
def task():
    pass


# the entry point
if __name__ == '__main__':
    # the name that it gets
    process = Process(target=task)
    print(process.name)

    # a name of its own
    process = Process(target=task, name='MyProcess')
    print(process.name)
