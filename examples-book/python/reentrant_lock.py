"""Every way of taking a reentrant lock, and taking it twice."""

from multiprocessing import Process, RLock


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
    lock = RLock()
    print(f'Locked: {yes_no(locked(lock))}')

    # acquire it, and acquire it again
    lock.acquire()
    again = lock.acquire(block=False)
    print(f'Taken again: {yes_no(again)}')

    # release it once: it is still held
    lock.release()
    print(f'Locked: {yes_no(locked(lock))}')
    let_another_try(lock)

    # release it as often as it was acquired
    lock.release()
    print(f'Locked: {yes_no(locked(lock))}')
    let_another_try(lock)

    # hold it for a block of code, and a block within
    with lock:
        with lock:
            print(f'Locked: {yes_no(locked(lock))}')
        print(f'Locked: {yes_no(locked(lock))}')
    print(f'Locked: {yes_no(locked(lock))}')
