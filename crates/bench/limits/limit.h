/* What all limits have in common: the clock, the samples, the ballast. */
#ifndef LIMIT_H
#define LIMIT_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What the driver asks a program to do. */
struct job {
    /* The one number that the measurement varies. */
    long size;
    /* How many samples are wanted, and in how much time. */
    long samples;
    long budget_ms;
    /* The executable that is spawned: that of the other subject. */
    const char *program;
};

void start(const struct job *job);
void first_line(const struct job *job);
void start_join_args(const struct job *job);
void result(const struct job *job);
void in_flight(const struct job *job);
void lock(const struct job *job);
void counter(const struct job *job);
void value_add(const struct job *job);
void value_make(const struct job *job);
void array_sum(const struct job *job);
void chunk_sum(const struct job *job);
void idle_child(const struct job *job);
void owner_death(const struct job *job);

int64_t now(void);
void fail(const char *what);
/* Ends the program if the system refused something. */
#define MUST(call) ((call) != -1 ? (void)0 : fail(#call))

/* Samples, taken until there are enough or the time is over. */
struct series {
    int64_t *samples;
    long count;
    long wanted;
    int64_t end;
};
struct series series(const struct job *job);
int wants_more(const struct series *series);
void add(struct series *series, int64_t sample);
/* Prints the line that the driver reads, and frees the samples. */
void report(struct series *series, const char *unit, const char *measurement,
            const char *format, ...)
    __attribute__((format(printf, 4, 5)));

void touch(long mib);
/* Memory that the children share with this process. */
void *shared(size_t length);
void make_mutex(pthread_mutex_t *mutex, int type);
/* Waits until a process sleeps in a system call. */
void await_sleep(pid_t pid);

pid_t spawn(const char *program, const char *what, int input, int output);
/* A file in memory with these bytes in it. */
int file_of(const void *bytes, size_t length);
void join(pid_t pid);

/* The least forkserver. */
enum request { NOTHING, CLOCK, TOUCH, SUM, SUM_FIRST_HALF, SUM_SECOND_HALF, IDLE };
/* Before the ballast is touched: the server is to stay small. */
void make_server(void);
/* A child that does what is asked, and the answer when it has ended. */
void serve_to_end(enum request request, int file);
/* The same, and the answer when it has been made. */
pid_t serve(enum request request, int file);
/* The answer when all children of the server have ended. */
void serve_rest(void);
/* Where children leave the time of the first line, and the total of their sums. */
extern struct slots {
    int64_t first_line;
    int64_t sum;
} *slots;

void touch_pages(const void *bytes, size_t length);
void add_sum(const double *numbers, size_t count);

#endif
