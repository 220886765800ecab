/* The least forkserver: a request is one message, and so is the answer. */
#define _GNU_SOURCE
#include "limit.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct slots *slots;

static int client;

enum answer { AT_END, WHEN_MADE, AT_END_OF_ALL };

struct message {
    enum request request;
    enum answer answer;
};

static void send_message(int to, struct message message, int file)
{
    struct iovec bytes = {&message, sizeof message};
    char control[CMSG_SPACE(sizeof(int))] = {0};
    struct msghdr header = {.msg_iov = &bytes, .msg_iovlen = 1};
    if (file != -1) {
        header.msg_control = control;
        header.msg_controllen = sizeof control;
        struct cmsghdr *rights = CMSG_FIRSTHDR(&header);
        rights->cmsg_level = SOL_SOCKET;
        rights->cmsg_type = SCM_RIGHTS;
        rights->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(rights), &file, sizeof file);
    }
    MUST(sendmsg(to, &header, 0));
}

/* 0 if nobody can ask any more. */
static int receive_message(int from, struct message *message, int *file)
{
    struct iovec bytes = {message, sizeof *message};
    char control[CMSG_SPACE(sizeof(int))];
    struct msghdr header = {.msg_iov = &bytes,
                            .msg_iovlen = 1,
                            .msg_control = control,
                            .msg_controllen = sizeof control};
    ssize_t length = recvmsg(from, &header, MSG_CMSG_CLOEXEC);
    MUST(length);
    struct cmsghdr *rights = CMSG_FIRSTHDR(&header);
    *file = -1;
    if (rights != NULL)
        memcpy(file, CMSG_DATA(rights), sizeof *file);
    return length != 0;
}

void touch_pages(const void *bytes, size_t length)
{
    for (size_t i = 0; i < length; i += 4096)
        (void)((const volatile char *)bytes)[i];
}

void add_sum(const double *numbers, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += numbers[i];
    __atomic_fetch_add(&slots->sum, (int64_t)sum, __ATOMIC_RELAXED);
}

static void work_on_file(enum request request, int file)
{
    struct stat status;
    MUST(fstat(file, &status));
    size_t length = (size_t)status.st_size, count = length / sizeof(double);
    const double *bytes =
        mmap(NULL, length, PROT_READ, MAP_SHARED, file, 0);
    if (bytes == MAP_FAILED)
        fail("mmap");
    if (request == TOUCH)
        touch_pages(bytes, length);
    else if (request == SUM)
        add_sum(bytes, count);
    else if (request == SUM_FIRST_HALF)
        add_sum(bytes, count / 2);
    else if (request == SUM_SECOND_HALF)
        add_sum(bytes + count / 2, count - count / 2);
}

static void work(enum request request, int file)
{
    if (request == CLOCK)
        slots->first_line = now();
    else if (request == IDLE)
        pause();
    else if (file != -1)
        work_on_file(request, file);
}

static void run_server(int socket)
{
    struct message message;
    int file;
    while (receive_message(socket, &message, &file)) {
        pid_t pid = 0;
        if (message.answer == AT_END_OF_ALL) {
            while (wait(NULL) != -1)
                ;
        } else {
            pid = fork();
            MUST(pid);
            if (pid == 0) {
                work(message.request, file);
                _exit(0);
            }
        }
        if (message.answer == AT_END)
            join(pid);
        if (file != -1)
            close(file);
        MUST(send(socket, &pid, sizeof pid, MSG_NOSIGNAL));
    }
}

void make_server(void)
{
    int sockets[2];
    MUST(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets));
    slots = shared(sizeof *slots);
    pid_t pid = fork();
    MUST(pid);
    if (pid == 0) {
        close(sockets[0]);
        run_server(sockets[1]);
        _exit(0);
    }
    close(sockets[1]);
    client = sockets[0];
}

static pid_t ask(struct message message, int file)
{
    pid_t pid;
    send_message(client, message, file);
    MUST(recv(client, &pid, sizeof pid, 0));
    return pid;
}

void serve_to_end(enum request request, int file)
{
    ask((struct message){request, AT_END}, file);
}

pid_t serve(enum request request, int file)
{
    return ask((struct message){request, WHEN_MADE}, file);
}

void serve_rest(void)
{
    ask((struct message){NOTHING, AT_END_OF_ALL}, -1);
}
