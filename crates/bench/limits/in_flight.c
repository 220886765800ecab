/* Many children at a time: starting them all, then waiting for all. */
#include "limit.h"

#include <stdlib.h>
#include <unistd.h>

static pid_t forked(void)
{
    pid_t pid = fork();
    MUST(pid);
    if (pid == 0)
        _exit(0);
    return pid;
}

void in_flight(const struct job *job)
{
    static const char *const methods[] = {"fork", "spawn", "forkserver"};
    make_server();
    pid_t *pids = calloc((size_t)job->size, sizeof(pid_t));
    for (int method = 0; method < 3; method++) {
        struct series all = series(job);
        while (wants_more(&all)) {
            int64_t begin = now();
            for (long i = 0; i < job->size; i++)
                pids[i] = method == 0   ? forked()
                          : method == 1 ? spawn(job->program, "nothing", -1, -1)
                                        : serve(NOTHING, -1);
            if (method == 2)
                serve_rest();
            else
                for (long i = 0; i < job->size; i++)
                    join(pids[i]);
            add(&all, now() - begin);
        }
        report(&all, "ns", "in_flight", "method=%s,children=%ld",
               methods[method], job->size);
    }
}
