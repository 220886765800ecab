/* Getting bytes back from a child: by a pipe, which the parent drains. */
#include "limit.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void write_all(int pipe, const char *bytes, size_t length)
{
    for (size_t done = 0; done < length;) {
        ssize_t written = write(pipe, bytes + done, length - done);
        MUST(written);
        done += (size_t)written;
    }
}

static void read_all(int pipe, char *bytes, size_t length)
{
    for (size_t done = 0; done < length;) {
        ssize_t got = read(pipe, bytes + done, length - done);
        MUST(got);
        if (got == 0)
            fail("the result is short");
        done += (size_t)got;
    }
}

void result(const struct job *job)
{
    touch(10);
    size_t length = (size_t)job->size;
    struct series results = series(job);
    while (wants_more(&results)) {
        int64_t begin = now();
        int ends[2];
        MUST(pipe(ends));
        pid_t pid = fork();
        MUST(pid);
        if (pid == 0) {
            char *bytes = malloc(length);
            if (bytes == NULL)
                _exit(1);
            memset(bytes, 'x', length);
            write_all(ends[1], bytes, length);
            _exit(0);
        }
        close(ends[1]);
        char *bytes = malloc(length);
        if (bytes == NULL)
            fail("malloc");
        read_all(ends[0], bytes, length);
        join(pid);
        close(ends[0]);
        free(bytes);
        add(&results, now() - begin);
    }
    report(&results, "ns", "result", "method=fork,bytes=%ld", job->size);
}
