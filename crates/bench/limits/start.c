/* Starting a process, and waiting for its end. */
#include "limit.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static const char *PROGRAM;

static void fork_and_join(int64_t *returned)
{
    pid_t pid = fork();
    MUST(pid);
    if (pid == 0)
        _exit(0);
    *returned = now();
    join(pid);
}

static void spawn_and_join(int64_t *returned)
{
    pid_t pid = spawn(PROGRAM, "nothing", -1, -1);
    *returned = now();
    join(pid);
}

static void ask_and_join(int64_t *returned)
{
    serve_to_end(NOTHING, -1);
    *returned = now();
}

static void measure(const struct job *job, const char *method,
                    void (*start_and_join)(int64_t *))
{
    int64_t returned;
    for (int i = 0; i < 3; i++)
        start_and_join(&returned);
    struct series joins = series(job), returns = series(job);
    while (wants_more(&joins)) {
        int64_t begin = now();
        start_and_join(&returned);
        add(&joins, now() - begin);
        add(&returns, returned - begin);
    }
    report(&joins, "ns", "start_join", "method=%s,parent_mib=%ld", method,
           job->size);
    /* The server tells only of the end, which is one message less. */
    if (start_and_join != ask_and_join)
        report(&returns, "ns", "start_returns", "method=%s,parent_mib=%ld",
               method, job->size);
}

static void measure_answers(const struct job *job)
{
    struct series returns = series(job);
    while (wants_more(&returns)) {
        int64_t begin = now();
        serve(NOTHING, -1);
        add(&returns, now() - begin);
        serve_rest();
    }
    report(&returns, "ns", "start_returns",
           "method=forkserver,parent_mib=%ld", job->size);
}

void start(const struct job *job)
{
    PROGRAM = job->program;
    make_server();
    touch(job->size);
    measure(job, "fork", fork_and_join);
    measure(job, "spawn", spawn_and_join);
    measure(job, "forkserver", ask_and_join);
    measure_answers(job);
}

static int64_t forked_clock(void)
{
    pid_t pid = fork();
    MUST(pid);
    if (pid == 0) {
        slots->first_line = now();
        _exit(0);
    }
    join(pid);
    return slots->first_line;
}

static int64_t spawned_clock(void)
{
    int ends[2];
    int64_t time;
    MUST(pipe(ends));
    MUST(fcntl(ends[0], F_SETFD, FD_CLOEXEC));
    MUST(fcntl(ends[1], F_SETFD, FD_CLOEXEC));
    pid_t pid = spawn(PROGRAM, "clock", -1, ends[1]);
    MUST(read(ends[0], &time, sizeof time));
    join(pid);
    close(ends[0]);
    close(ends[1]);
    return time;
}

static int64_t served_clock(void)
{
    serve_to_end(CLOCK, -1);
    return slots->first_line;
}

void first_line(const struct job *job)
{
    static const struct {
        const char *method;
        int64_t (*clock)(void);
    } methods[] = {
        {"fork", forked_clock},
        {"spawn", spawned_clock},
        {"forkserver", served_clock},
    };
    PROGRAM = job->program;
    make_server();
    touch(job->size);
    for (int i = 0; i < 3; i++) {
        struct series first = series(job);
        methods[i].clock();
        while (wants_more(&first)) {
            int64_t begin = now();
            add(&first, methods[i].clock() - begin);
        }
        report(&first, "ns", "first_line", "method=%s,parent_mib=%ld",
               methods[i].method, job->size);
    }
}
