"""The number of logical CPUs."""

from multiprocessing import cpu_count

# the entry point
if __name__ == '__main__':
    # as the library counts them
    print(f'This machine has {cpu_count()} CPU core(s)')

    # as the kernel lists them
    with open('/proc/cpuinfo') as file:
        lines = file.readlines()
    print(sum(line.startswith('processor') for line in lines))
