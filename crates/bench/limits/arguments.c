/* Giving a child something to work on. */
#include "limit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void fork_with(const char *bytes, size_t length)
{
    pid_t pid = fork();
    MUST(pid);
    if (pid == 0) {
        touch_pages(bytes, length);
        _exit(0);
    }
    join(pid);
}

/* The child looks at every page of what it was given. */
void start_join_args(const struct job *job)
{
    static const char *const methods[] = {"fork", "spawn", "forkserver"};
    make_server();
    size_t length = (size_t)job->size;
    char *bytes = malloc(length);
    memset(bytes, 'x', length);
    for (int method = 0; method < 3; method++) {
        struct series joins = series(job);
        while (wants_more(&joins)) {
            int64_t begin = now();
            int file =
                method == 0 || length == 0 ? -1 : file_of(bytes, length);
            if (method == 0)
                fork_with(bytes, length);
            else if (method == 1)
                join(spawn(job->program, file == -1 ? "nothing" : "read", file,
                           -1));
            else
                serve_to_end(TOUCH, file);
            if (file != -1)
                close(file);
            add(&joins, now() - begin);
        }
        report(&joins, "ns", "start_join_args", "method=%s,bytes=%ld",
               methods[method], job->size);
    }
}

/* Two children of this process each add half of the numbers. */
static void sum_in_copies(const double *numbers, size_t count)
{
    size_t half = count / 2;
    pid_t pids[2];
    for (int i = 0; i < 2; i++) {
        pids[i] = fork();
        MUST(pids[i]);
        if (pids[i] == 0) {
            add_sum(numbers + (size_t)i * half, i ? count - half : half);
            _exit(0);
        }
    }
    join(pids[0]);
    join(pids[1]);
}

static void sum_in_server(int file)
{
    serve(SUM_FIRST_HALF, file);
    serve(SUM_SECOND_HALF, file);
    serve_rest();
}

static void send_to_server(const double *numbers, size_t count)
{
    size_t half = count / 2;
    int first = file_of(numbers, half * sizeof(double));
    serve(SUM, first);
    int second = file_of(numbers + half, (count - half) * sizeof(double));
    serve(SUM, second);
    serve_rest();
    close(first);
    close(second);
}

static void send_to_spawned(const char *program, const double *numbers,
                            size_t count)
{
    size_t half = count / 2;
    int files[2], ends[2];
    pid_t pids[2];
    MUST(pipe(ends));
    MUST(fcntl(ends[0], F_SETFD, FD_CLOEXEC));
    for (int i = 0; i < 2; i++) {
        files[i] = file_of(numbers + (size_t)i * half,
                           (i ? count - half : half) * sizeof(double));
        pids[i] = spawn(program, "sum", files[i], ends[1]);
    }
    for (int i = 0; i < 2; i++) {
        double sum;
        MUST(read(ends[0], &sum, sizeof sum));
        slots->sum += (int64_t)sum;
        join(pids[i]);
        close(files[i]);
    }
    close(ends[0]);
    close(ends[1]);
}

void array_sum(const struct job *job)
{
    static const char *const ways[] = {
        "how=in_place,method=fork",
        "how=in_place,method=forkserver",
        "how=sent,method=forkserver",
        "how=sent,method=spawn",
    };
    make_server();
    size_t count = (size_t)job->size;
    double *numbers = shared(count * sizeof(double));
    for (size_t i = 0; i < count; i++)
        numbers[i] = (double)i;
    int file = file_of(numbers, count * sizeof(double));
    for (int way = 0; way < 4; way++) {
        struct series sums = series(job);
        while (wants_more(&sums)) {
            slots->sum = 0;
            int64_t begin = now();
            if (way == 0)
                sum_in_copies(numbers, count);
            else if (way == 1)
                sum_in_server(file);
            else if (way == 2)
                send_to_server(numbers, count);
            else
                send_to_spawned(job->program, numbers, count);
            add(&sums, now() - begin);
            if (slots->sum != job->size * (job->size - 1) / 2)
                fail("a wrong sum");
        }
        report(&sums, "ns", "array_sum", "%s,items=%ld", ways[way],
               job->size);
    }
}
