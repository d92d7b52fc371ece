/* Processes: every fork takes its place in the tree of forks. Answers to fork(2), proc(5) (stat) and to bash's
 * jobs.c (make_child). */
#include "recorder.h"

DECLARE(fork);
pid_t fork(void) {
    if (!ready) return NEXT(fork)();
    check_stop();
    if (in_bash) restore_hashing();
    uint32_t number = __atomic_fetch_add(&ctl->forks, 1, __ATOMIC_SEQ_CST);
    if (number >= ctl->max_forks) fail(NULL, "the run starts more than %u processes", ctl->max_forks);
    if (depth == MAX_DEPTH) fail(NULL, "the run nests more than %d processes", MAX_DEPTH);
    forget_pipe();
    forget_writes();
    uint32_t place = ++seq;
    pid_t pid = NEXT(fork)();
    if (pid == 0) {
        order[depth++] = place;
        seq = 0;
        ctl->pids[number] = (uint32_t)syscall(SYS_getpid);
    } else if (pid > 0) {
        ctl->pids[number] = (uint32_t)pid;
        sched_yield();  /* the child first: while it lives, each page that the parent writes is copied */
    }
    return pid;
}
pid_t vfork(void) { return fork(); }

int is_ours(pid_t pid) {
    if (pid == (pid_t)ctl->main_pid || pid == (pid_t)syscall(SYS_getpid)) return 1;
    uint32_t count = ctl->forks < ctl->max_forks ? ctl->forks : ctl->max_forks;
    for (uint32_t i = 0; i < count; i++)
        if (ctl->pids[i] == (uint32_t)pid) return 1;
    return 0;
}

/* The letter that /proc gives a process of the run: R works, S waits, T is stopped, Z has ended; 0: it is gone. */
char state_of(pid_t pid) {
    char name[64], text[512];
    snprintf(name, sizeof name, "/proc/%d/stat", (int)pid);
    int fd = (int)syscall(SYS_openat, AT_FDCWD, name, O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0) return 0;
    ssize_t n = syscall(SYS_read, fd, text, sizeof text - 1);
    syscall(SYS_close, fd);
    if (n <= 0) return 0;
    text[n] = 0;
    const char *end = strrchr(text, ')');
    return end && end[1] ? end[2] : 0;
}

static int works(uint32_t pid) {
    if (!pid || pid == (uint32_t)syscall(SYS_getpid)) return 0;
    char state = state_of((pid_t)pid);
    return state == 'R' || state == 'D';
}

int others_work(void) {
    uint32_t count = ctl->forks < ctl->max_forks ? ctl->forks : ctl->max_forks;
    for (uint32_t i = 0; i < count; i++)
        if (works(ctl->pids[i])) return 1;
    return works(ctl->main_pid);
}
