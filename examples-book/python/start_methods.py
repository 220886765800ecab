"""The start methods of this system, and the current one."""

from multiprocessing import get_all_start_methods
from multiprocessing import get_start_method

# the entry point
if __name__ == '__main__':
    # all that there are
    methods = get_all_start_methods()
    print(methods)

    # the current one
    method = get_start_method()
    print(method)
