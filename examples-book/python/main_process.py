"""The main process, seen from itself."""

from multiprocessing import current_process

# the entry point
if __name__ == '__main__':
    # get the process that this is
    process = current_process()
    # show it
    print(process)
