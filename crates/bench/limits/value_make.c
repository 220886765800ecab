/* An arena of mutexes, each with a number behind it. */
#include "limit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

struct value {
    pthread_mutex_t mutex;
    int64_t value;
};

static long kib(const char *field)
{
    char line[128];
    long kib = 0;
    FILE *status = fopen("/proc/self/status", "r");
    if (status == NULL)
        fail("/proc/self/status");
    while (fgets(line, sizeof line, status) != NULL)
        if (strncmp(line, field, strlen(field)) == 0)
            kib = atol(line + strlen(field));
    fclose(status);
    return kib;
}

void value_make(const struct job *job)
{
    size_t count = (size_t)job->size, length = count * sizeof(struct value);
    struct series made = series(job), dropped = series(job);
    struct series memory = series(job);
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    while (wants_more(&made)) {
        long before = kib("RssShmem:");
        int64_t begin = now();
        struct value *values =
            mmap(NULL, length, PROT_READ | PROT_WRITE,
                 MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
        if (values == MAP_FAILED)
            fail("mmap");
        for (size_t i = 0; i < count; i++) {
            pthread_mutex_init(&values[i].mutex, &attributes);
            values[i].value = (int64_t)i;
        }
        int64_t end = now();
        add(&made, (end - begin) * 1000 / job->size);
        add(&memory, (kib("RssShmem:") - before) * 1024 / job->size);
        begin = now();
        for (size_t i = 0; i < count; i++)
            pthread_mutex_destroy(&values[i].mutex);
        munmap(values, length);
        add(&dropped, (now() - begin) * 1000 / job->size);
    }
    report(&made, "ps", "value_make", "what=make,values=%ld", job->size);
    report(&dropped, "ps", "value_make", "what=drop,values=%ld", job->size);
    report(&memory, "bytes", "value_make", "what=shared_memory,values=%ld",
           job->size);
}
