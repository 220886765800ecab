"""Every way of taking a lock."""

from multiprocessing import Lock, Process


# tries to take the lock, and gives it back
def task(lock):
    # without waiting
    taken = lock.acquire(block=False)
    print(f'Taken without waiting: {yes_no(taken)}')
    if taken:
        lock.release()
    # waiting for a while at most
    taken = lock.acquire(timeout=0.2)
    print(f'Taken within 0.2 s: {yes_no(taken)}')
    if taken:
        lock.release()


# lets another process try
def let_another_try(lock):
    process = Process(target=task, args=(lock,))
    process.start()
    process.join()


# a word for a truth value
def yes_no(value):
    return 'yes' if value else 'no'


# whether anyone holds it: lock.locked(), from CPython 3.14 on
def locked(lock):
    return lock._semlock._is_zero()


# the entry point
if __name__ == '__main__':
    # create the lock: nobody holds it
    lock = Lock()
    print(f'Locked: {yes_no(locked(lock))}')

    # acquire it: no one else gets it
    lock.acquire()
    print(f'Locked: {yes_no(locked(lock))}')
    let_another_try(lock)

    # release it: others do
    lock.release()
    print(f'Locked: {yes_no(locked(lock))}')
    let_another_try(lock)

    # hold it for a block of code
    with lock:
        print(f'Locked: {yes_no(locked(lock))}')
    print(f'Locked: {yes_no(locked(lock))}')
