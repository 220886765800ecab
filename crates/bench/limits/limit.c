/* The limits: what the bare system calls cost, in the least code.
 *
 * limit MEASUREMENT SIZE SAMPLES BUDGET_MS PROGRAM */
#define _GNU_SOURCE
#include "limit.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

int64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

void fail(const char *what)
{
    perror(what);
    exit(1);
}

struct series series(const struct job *job)
{
    struct series series = {
        .samples = calloc((size_t)job->samples, sizeof(int64_t)),
        .wanted = job->samples,
        .end = now() + job->budget_ms * 1000000,
    };
    if (series.samples == NULL)
        fail("calloc");
    return series;
}

int wants_more(const struct series *series)
{
    return series->count < series->wanted &&
           (series->count == 0 || now() < series->end);
}

void add(struct series *series, int64_t sample)
{
    series->samples[series->count++] = sample;
}

void report(struct series *series, const char *unit, const char *measurement,
            const char *format, ...)
{
    printf("%s %s ", measurement, unit);
    va_list arguments;
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    for (long i = 0; i < series->count; i++)
        printf(" %lld", (long long)series->samples[i]);
    putchar('\n');
    fflush(stdout);
    free(series->samples);
}

void touch(long mib)
{
    if (mib == 0)
        return;
    size_t length = (size_t)mib << 20;
    void *ballast = mmap(NULL, length, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (ballast == MAP_FAILED)
        fail("mmap");
    memset(ballast, 1, length);
}

void *shared(size_t length)
{
    void *memory = mmap(NULL, length, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (memory == MAP_FAILED)
        fail("mmap");
    return memory;
}

void make_mutex(pthread_mutex_t *mutex, int type)
{
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, type);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(mutex, &attributes);
}

void await_sleep(pid_t pid)
{
    char path[32];
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    for (;;) {
        char text[512] = "";
        int file = open(path, O_RDONLY);
        MUST(file);
        MUST(read(file, text, sizeof text - 1));
        close(file);
        char *name_end = strrchr(text, ')');
        if (name_end != NULL && name_end[2] == 'S')
            return;
    }
}

pid_t spawn(const char *program, const char *what, int input, int output)
{
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    if (input != -1)
        posix_spawn_file_actions_adddup2(&actions, input, 0);
    if (output != -1)
        posix_spawn_file_actions_adddup2(&actions, output, 1);
    char *arguments[] = {(char *)program, "--limit", (char *)what, NULL};
    pid_t pid;
    if (posix_spawn(&pid, program, &actions, NULL, arguments, environ) != 0)
        fail("posix_spawn");
    posix_spawn_file_actions_destroy(&actions);
    return pid;
}

int file_of(const void *bytes, size_t length)
{
    int file = memfd_create("limit", MFD_CLOEXEC);
    MUST(file);
    for (size_t done = 0; done < length;) {
        ssize_t written = write(file, (const char *)bytes + done, length - done);
        MUST(written);
        done += (size_t)written;
    }
    MUST(lseek(file, 0, SEEK_SET));
    return file;
}

void join(pid_t pid)
{
    int status;
    MUST(waitpid(pid, &status, 0));
    if (status != 0) {
        fprintf(stderr, "a child failed\n");
        exit(1);
    }
}

int main(int count, char **arguments)
{
    static const struct {
        const char *name;
        void (*measure)(const struct job *);
    } all[] = {
        {"start", start},
        {"first_line", first_line},
        {"start_join_args", start_join_args},
        {"result", result},
        {"in_flight", in_flight},
        {"lock", lock},
        {"counter", counter},
        {"value_add", value_add},
        {"value_make", value_make},
        {"array_sum", array_sum},
        {"chunk_sum", chunk_sum},
        {"idle_child", idle_child},
        {"owner_death", owner_death},
    };
    if (count == 6) {
        struct job job = {atol(arguments[2]), atol(arguments[3]),
                          atol(arguments[4]), arguments[5]};
        for (size_t i = 0; i < sizeof all / sizeof *all; i++)
            if (strcmp(all[i].name, arguments[1]) == 0) {
                all[i].measure(&job);
                return 0;
            }
    }
    fprintf(stderr, "limit MEASUREMENT SIZE SAMPLES BUDGET_MS PROGRAM\n");
    return 2;
}
