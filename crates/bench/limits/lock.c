/* The robust mutex of the C library, and what it guards. */
#define _GNU_SOURCE
#include "limit.h"

#include <signal.h>
#include <stdio.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* So many operations are one sample: the clock is slower than a lock. */
enum { BATCH = 100000 };

struct cell {
    pthread_mutex_t mutex;
    /* The number of a value is beside its lock. */
    volatile int64_t value;
    /* A counter under a lock is another object, in a line of its own. */
    volatile int64_t counter __attribute__((aligned(64)));
    /* For the children: whether to begin, and to stop. */
    volatile int go __attribute__((aligned(64))), stop;
    /* How often they have added one. */
    int64_t done;
    volatile int64_t worst[64];
};

static struct cell *new_cell(int type)
{
    struct cell *cell = shared(sizeof *cell);
    make_mutex(&cell->mutex, type);
    return cell;
}

static void plain(struct cell *cell)
{
    pthread_mutex_lock(&cell->mutex);
    pthread_mutex_unlock(&cell->mutex);
}

static void try(struct cell *cell)
{
    if (pthread_mutex_trylock(&cell->mutex) == 0)
        pthread_mutex_unlock(&cell->mutex);
}

static void timed(struct cell *cell)
{
    struct timespec deadline;
    clock_gettime(CLOCK_MONOTONIC, &deadline);
    deadline.tv_sec += 1;
    if (pthread_mutex_clocklock(&cell->mutex, CLOCK_MONOTONIC, &deadline) == 0)
        pthread_mutex_unlock(&cell->mutex);
}

static void guarded_add(struct cell *cell)
{
    pthread_mutex_lock(&cell->mutex);
    cell->value += 1;
    pthread_mutex_unlock(&cell->mutex);
}

static void counted(struct cell *cell)
{
    pthread_mutex_lock(&cell->mutex);
    cell->counter += 1;
    pthread_mutex_unlock(&cell->mutex);
}

static void atomic_add(struct cell *cell)
{
    __atomic_fetch_add(&cell->value, 1, __ATOMIC_RELAXED);
}

/* Inlined into each of its callers, so that `operation` is no pointer. */
static inline __attribute__((always_inline)) struct series
timed_batches(const struct job *job, struct cell *cell,
              void (*operation)(struct cell *))
{
    struct series batches = series(job);
    while (wants_more(&batches)) {
        int64_t begin = now();
        for (int i = 0; i < BATCH; i++)
            operation(cell);
        /* In thousandths of a nanosecond. */
        add(&batches, (now() - begin) * 1000 / BATCH);
    }
    return batches;
}

void lock(const struct job *job)
{
    struct cell *cell = new_cell(PTHREAD_MUTEX_ERRORCHECK);
    struct cell *nested = new_cell(PTHREAD_MUTEX_RECURSIVE);
    struct series batches = timed_batches(job, cell, plain);
    report(&batches, "ps", "lock", "op=lock");
    batches = timed_batches(job, cell, try);
    report(&batches, "ps", "lock", "op=try");
    batches = timed_batches(job, cell, timed);
    report(&batches, "ps", "lock", "op=timed");
    batches = timed_batches(job, nested, plain);
    report(&batches, "ps", "lock", "op=rlock");
    pthread_mutex_lock(&nested->mutex);
    batches = timed_batches(job, nested, plain);
    report(&batches, "ps", "lock", "op=rlock_nested");
}

static inline __attribute__((always_inline)) void
child(struct cell *cell, int place, void (*operation)(struct cell *),
      int watch)
{
    int64_t worst = 0, done = 0;
    while (!cell->go)
        sched_yield();
    for (; !cell->stop; done += 100)
        for (int i = 0; i < 100; i++) {
            if (!watch) {
                operation(cell);
                continue;
            }
            int64_t begin = now();
            pthread_mutex_lock(&cell->mutex);
            int64_t waited = now() - begin;
            cell->counter += 1;
            pthread_mutex_unlock(&cell->mutex);
            if (waited > worst)
                worst = waited;
        }
    cell->worst[place] = worst;
    __atomic_fetch_add(&cell->done, done, __ATOMIC_RELAXED);
    _exit(0);
}

enum what { GUARDED, ATOMIC, COUNTED, WATCHED };

/* How many times all children together add one, and in what time. */
static void contend(long processes, enum what what, int64_t *count,
                    int64_t *time, int64_t *worst)
{
    struct cell *cell = new_cell(PTHREAD_MUTEX_ERRORCHECK);
    pid_t pids[64];
    for (int i = 0; i < processes; i++) {
        pids[i] = fork();
        MUST(pids[i]);
        if (pids[i] == 0) {
            if (what == GUARDED)
                child(cell, i, guarded_add, 0);
            else if (what == ATOMIC)
                child(cell, i, atomic_add, 0);
            else if (what == COUNTED)
                child(cell, i, counted, 0);
            else
                child(cell, i, counted, 1);
        }
    }
    cell->go = 1;
    int64_t begin = now();
    struct timespec pause = {.tv_nsec = 100000000};
    nanosleep(&pause, NULL);
    *count = cell->value + cell->counter;
    *time = now() - begin;
    cell->stop = 1;
    *worst = 0;
    for (int i = 0; i < processes; i++) {
        join(pids[i]);
        if (cell->worst[i] > *worst)
            *worst = cell->worst[i];
    }
    if (cell->value + cell->counter != cell->done)
        fail("some were lost");
    munmap(cell, sizeof *cell);
}

void counter(const struct job *job)
{
    int64_t count, time, worst;
    struct series rates = series(job), waits = series(job);
    while (wants_more(&rates)) {
        contend(job->size, COUNTED, &count, &time, &worst);
        add(&rates, count * 1000000000 / time);
        contend(job->size, WATCHED, &count, &time, &worst);
        add(&waits, worst);
    }
    report(&rates, "1/s", "counter", "processes=%ld,what=rate", job->size);
    report(&waits, "ns", "counter", "processes=%ld,what=worst_wait",
           job->size);
}

void value_add(const struct job *job)
{
    if (job->size == 1) {
        struct cell *cell = new_cell(PTHREAD_MUTEX_ERRORCHECK);
        struct series batches = timed_batches(job, cell, guarded_add);
        report(&batches, "ps", "value_add", "op=guard,processes=1");
        batches = timed_batches(job, cell, atomic_add);
        report(&batches, "ps", "value_add", "op=atomic,processes=1");
        return;
    }
    struct series guards = series(job), atomics = series(job);
    int64_t count, time, worst;
    while (wants_more(&guards)) {
        contend(job->size, GUARDED, &count, &time, &worst);
        add(&guards, time * 1000 / count);
        contend(job->size, ATOMIC, &count, &time, &worst);
        add(&atomics, time * 1000 / count);
    }
    report(&guards, "ps", "value_add", "op=guard,processes=%ld", job->size);
    report(&atomics, "ps", "value_add", "op=atomic,processes=%ld", job->size);
}

/* A holder is killed; the next one has been waiting. */
void owner_death(const struct job *job)
{
    struct series deaths = series(job);
    while (wants_more(&deaths)) {
        struct cell *cell = new_cell(PTHREAD_MUTEX_ERRORCHECK);
        pid_t holder = fork();
        MUST(holder);
        if (holder == 0) {
            pthread_mutex_lock(&cell->mutex);
            cell->go = 1;
            pause();
        }
        while (!cell->go)
            sched_yield();
        pid_t waiter = fork();
        MUST(waiter);
        if (waiter == 0) {
            cell->go = 2;
            pthread_mutex_lock(&cell->mutex);
            cell->value = now();
            pthread_mutex_consistent(&cell->mutex);
            _exit(0);
        }
        while (cell->go != 2)
            sched_yield();
        await_sleep(waiter);
        int64_t begin = now();
        MUST(kill(holder, SIGKILL));
        join(waiter);
        MUST(waitpid(holder, NULL, 0));
        add(&deaths, cell->value - begin);
        munmap(cell, sizeof *cell);
    }
    report(&deaths, "ns", "owner_death", "next=waiting");
}
