"""A start method for some processes only: a context."""

from multiprocessing import get_context


# what the child does
def task():
    print('This is from a process of the context')


# the entry point
if __name__ == '__main__':
    # create a context for one start method
    context = get_context('spawn')
    print(f'Context: {context.get_start_method()}')

    # create a process from it
    process = context.Process(target=task)
    process.start()
    process.join()

    # a name that no start method has
    try:
        get_context('nope')
    except ValueError as error:
        print(f'Error: {error}')
