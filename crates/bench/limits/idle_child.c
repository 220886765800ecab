/* Children that wait, for the driver to look at their memory. */
#include "limit.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t forked(void)
{
    pid_t pid = fork();
    MUST(pid);
    if (pid == 0) {
        pause();
        _exit(0);
    }
    return pid;
}

void idle_child(const struct job *job)
{
    static const char *const methods[] = {"fork", "spawn", "forkserver"};
    make_server();
    touch(job->size);
    for (int method = 0; method < 3; method++) {
        pid_t pids[8];
        printf("idle pid method=%s,parent_mib=%ld", methods[method],
               job->size);
        for (int i = 0; i < 8; i++) {
            pids[i] = method == 0   ? forked()
                      : method == 1 ? spawn(job->program, "idle", -1, -1)
                                    : serve(IDLE, -1);
            printf(" %d", pids[i]);
        }
        putchar('\n');
        fflush(stdout);
        if (getchar() == EOF)
            exit(1);
        for (int i = 0; i < 8; i++) {
            MUST(kill(pids[i], SIGKILL));
            if (method != 2)
                MUST(waitpid(pids[i], NULL, 0));
        }
        if (method == 2)
            serve_rest();
    }
}
