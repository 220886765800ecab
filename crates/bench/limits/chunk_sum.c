/* Two threads that add up one half of an array each. */
#include "limit.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

struct half {
    const double *numbers;
    size_t count;
    double sum;
};

static void *add_half(void *argument)
{
    struct half *half = argument;
    double sum = 0;
    for (size_t i = 0; i < half->count; i++)
        sum += half->numbers[i];
    half->sum = sum;
    return NULL;
}

void chunk_sum(const struct job *job)
{
    size_t count = (size_t)job->size / sizeof(double), first = (count + 1) / 2;
    double *numbers = malloc(count * sizeof(double)), expected = 0;
    if (numbers == NULL)
        fail("malloc");
    for (size_t i = 0; i < count; i++)
        expected += numbers[i] = (double)(i % 1000);
    struct series sums = series(job);
    while (wants_more(&sums)) {
        int64_t begin = now();
        struct half halves[2] = {{numbers, first, 0},
                                 {numbers + first, count - first, 0}};
        pthread_t threads[2];
        for (int i = 0; i < 2; i++)
            if (pthread_create(&threads[i], NULL, add_half, &halves[i]) != 0)
                fail("pthread_create");
        for (int i = 0; i < 2; i++)
            pthread_join(threads[i], NULL);
        add(&sums, now() - begin);
        double difference = halves[0].sum + halves[1].sum - expected;
        if (difference > 1 || difference < -1)
            fail("a wrong sum");
    }
    report(&sums, "ns", "chunk_sum", "bytes=%ld", job->size);
    free(numbers);
}
