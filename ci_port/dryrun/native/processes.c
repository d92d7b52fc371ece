/* Processes: every fork takes its place in the tree of forks, and has a number that depends on nothing but that place.
 * Answers to fork(2), getpid(2), proc(5) (stat) and to bash's jobs.c (make_child). */
#include "recorder.h"

#define FIRST_SHOWN 5000   /* numbers that the script sees; $$ is SHELL_PID */
#define SHOWN 25000

static uint32_t own_number;             /* of this process in the table, plus 1 */

/* The place in the tree of forks makes the number, so that it is the same in every run; two of one are set apart. */
static uint32_t number_of_place(uint32_t slot) {
    uint32_t hash = 2166136261u;
    for (uint32_t i = 0; i < depth; i++) hash = (hash ^ order[i]) * 16777619u;
    for (uint32_t i = 0;; i++) {
        uint32_t shown = FIRST_SHOWN + (hash % SHOWN + i) % SHOWN, taken = 0;
        for (uint32_t j = 0; j < slot && !taken && slot < 2000; j++) taken = ctl->processes[j].shown == shown;
        if (!taken) return shown;
    }
}

DECLARE(fork);
pid_t fork(void) {
    if (!ready) return NEXT(fork)();
    if (in_bash && ctl->courses && *b_trap) note_course(NULL, NULL);
    check_stop();
    if (in_bash) restore_hashing();
    uint32_t number = __atomic_fetch_add(&ctl->forks, 1, __ATOMIC_SEQ_CST);
    if (number >= ctl->max_forks) fail(NULL, "the run starts more than %u processes", ctl->max_forks);
    if (depth == MAX_DEPTH) fail(NULL, "the run nests more than %d processes", MAX_DEPTH);
    if (in_bash) forget_writes();
    uint32_t place = ++seq;
    order[depth++] = place;
    struct process *process = &ctl->processes[number];
    process->shown = number_of_place(number);
    own_process();
    process->parent = own_number;
    depth--;
    pid_t pid = NEXT(fork)();
    if (pid == 0) {
        order[depth++] = place;
        seq = 0;
        own_number = number + 1;
        process->pid = (uint32_t)syscall(SYS_getpid);
        forget_pipe();
    } else if (pid > 0) {
        process->pid = (uint32_t)pid;
        forget_heredoc();
        sched_yield();  /* the child first: while it lives, each page that the parent writes is copied */
        return (pid_t)process->shown;
    }
    return pid;
}
pid_t vfork(void) { return fork(); }

static uint32_t count(void) { return ctl->forks < ctl->max_forks ? ctl->forks : ctl->max_forks; }

/* The entry of this process; that of the script's own process is behind the last. */
struct process *own_process(void) {
    uint32_t pid = own_number ? 0 : (uint32_t)syscall(SYS_getpid);
    if (!own_number && pid != ctl->main_pid) {
        for (uint32_t i = 0; i < count() && !own_number; i++)
            if (ctl->processes[i].pid == pid) own_number = i + 1;
    }
    return &ctl->processes[own_number ? own_number - 1 : ctl->max_forks];
}

struct process *process_shown(pid_t shown) {
    for (uint32_t i = 0; i < count(); i++)
        if (ctl->processes[i].shown == (uint32_t)shown) return &ctl->processes[i];
    return NULL;
}

struct process *process_of(pid_t pid) {
    for (uint32_t i = count(); i-- > 0;)
        if (ctl->processes[i].pid == (uint32_t)pid) return &ctl->processes[i];
    return NULL;
}

/* The kernel's number for one that the script has, or 0. */
pid_t real_pid(pid_t shown) {
    if (shown == SHELL_PID) return (pid_t)ctl->main_pid;
    struct process *process = process_shown(shown);
    return process ? (pid_t)process->pid : 0;
}

pid_t shown_pid(pid_t pid) {
    if (pid == (pid_t)ctl->main_pid) return SHELL_PID;
    struct process *process = process_of(pid);
    return process ? (pid_t)process->shown : pid;
}

pid_t getpid(void) { return ready ? shown_pid((pid_t)syscall(SYS_getpid)) : (pid_t)syscall(SYS_getpid); }
pid_t getppid(void) {
    pid_t parent = (pid_t)syscall(SYS_getppid);
    if (!ready) return parent;
    pid_t shown = shown_pid(parent);
    return shown == parent ? 1 : shown;
}
pid_t getpgrp(void) { return ready ? shown_pid((pid_t)syscall(SYS_getpgid, 0)) : (pid_t)syscall(SYS_getpgid, 0); }
DECLARE(setpgid);
int setpgid(pid_t pid, pid_t group) {
    if (!ready) return NEXT(setpgid)(pid, group);
    return (int)syscall(SYS_setpgid, pid ? real_pid(pid) : 0, group ? real_pid(group) : 0);
}

int is_ours(pid_t pid) {
    return pid == (pid_t)ctl->main_pid || pid == (pid_t)syscall(SYS_getpid) || process_of(pid);
}

/* What /proc says of a process, from its state on; 0: it is gone. */
static int read_state(pid_t pid, char *text, size_t room) {
    char name[64];
    snprintf(name, sizeof name, "/proc/%d/stat", (int)pid);
    int fd = (int)syscall(SYS_openat, AT_FDCWD, name, O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0) return 0;
    ssize_t n = syscall(SYS_read, fd, text, room - 1);
    syscall(SYS_close, fd);
    if (n <= 0) return 0;
    text[n] = 0;
    const char *end = strrchr(text, ')');
    if (!end || !end[1]) return 0;
    memmove(text, end + 2, strlen(end + 2) + 1);
    return 1;
}

/* The letter of its state: R works, S waits, T is stopped, Z has ended; 0: it is gone. */
char state_of(pid_t pid) {
    char text[512];
    return read_state(pid, text, sizeof text) ? text[0] : 0;
}

pid_t parent_of(pid_t pid) {
    char text[512];
    return read_state(pid, text, sizeof text) && text[1] ? (pid_t)strtol(text + 1, NULL, 10) : 0;
}

static int works(uint32_t pid) {
    if (!pid || pid == (uint32_t)syscall(SYS_getpid)) return 0;
    char state = state_of((pid_t)pid);
    return state == 'R' || state == 'D';
}

int others_work(void) {
    for (uint32_t i = 0; i < count(); i++)
        if (works(ctl->processes[i].pid)) return 1;
    return works(ctl->main_pid);
}
