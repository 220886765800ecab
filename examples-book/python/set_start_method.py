"""Choose the start method of the whole program."""

from multiprocessing import get_start_method
from multiprocessing import set_start_method

# the entry point
if __name__ == '__main__':
    # set it first, and once
    set_start_method('spawn')
    print(f'Start method: {get_start_method()}')

    # a second time is an error
    try:
        set_start_method('forkserver')
    except RuntimeError as error:
        print(f'Error: {error}')
    print(f'Start method: {get_start_method()}')

    # unless it is forced
    set_start_method('forkserver', force=True)
    print(f'Start method: {get_start_method()}')
