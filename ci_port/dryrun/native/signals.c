/* Signals, and what a process died of. Answers to kill(2), waitpid(2) and to bash's builtins/kill.def. */
#include "recorder.h"

#define MANY 1000          /* processes that a job has started: it will not end by itself */

/* Commands take no time in a dry run, so what runs in the background has done its work before a signal reaches it:
 * wait until it has, that a plan does not depend on who is quicker. Returns whether the process has ended. */
static int has_done_its_work(pid_t pid, int sig) {
    int quiet = 0;
    uint64_t seen = 0;
    uint32_t forks = ctl->forks;
    while (quiet < 5 && ctl->forks - forks < MANY) {
        char state = state_of(pid);
        if (!state || state == 'Z') return 1;
        uint64_t now = ctl->next + ctl->forks;
        quiet = now == seen && !others_work() ? quiet + 1 : 0;
        seen = now;
        struct timespec pause = {0, 1000000};
        syscall(SYS_nanosleep, &pause, NULL);
        check_stop();
    }
    if (quiet < 5)
        fail(NULL, "signal %d is sent to a process that would work on for ever: what it has done by then is not known", sig);
    return 0;
}

/* tail(1) with --pid waits for a process: it comes to its end. */
static int tool_kill(pid_t pid, int sig) {
    struct process *process = process_shown(pid);
    if (sig) refuse("sends a signal", NULL);
    if (process) release(process);
    pid_t real = real_pid(pid);
    return real ? (int)syscall(SYS_kill, real, 0) : (errno = ESRCH, -1);
}

/* A job of the script, by the number that the script has. */
static int signal_job(struct process *process, pid_t sign, int sig) {
    pid_t real = (pid_t)process->pid;
    int has_ended = has_done_its_work(real, sig);
    if (!sig && process->lingers) return still_works(process) ? 0 : (errno = ESRCH, -1);
    /* A job that a signal would have ended is still there to get it. */
    if (has_ended && sig && real != (pid_t)syscall(SYS_getpid)) return 0;
    return (int)syscall(SYS_kill, sign * real, sig);
}

DECLARE(kill);
int kill(pid_t pid, int sig) {
    if (!ready) return NEXT(kill)(pid, sig);
    if (!in_bash) return tool_kill(pid, sig);
    pid_t one = pid < 0 ? -pid : pid, sign = pid < 0 ? -1 : 1;
    pid_t real = pid == 0 || pid == -1 ? 0 : real_pid(one);
    if (pid == -1 || (pid != 0 && !real)) {
        /* No process of the run: none that a dry run may ask, or that it knows. */
        if (ctl->effects && sig == 0) { errno = ESRCH; return -1; }
        fail(NULL, "signal %d is sent to process %d, which is not part of the run", sig, (int)pid);
    }
    if (*b_builtin != b_kill) return (int)syscall(SYS_kill, sign * real, sig);  /* bash ends itself, as a signal asks it to */
    if (sig > 0 && sig < 32) __atomic_fetch_or(&ctl->crashing, 1u << sig, __ATOMIC_RELAXED);
    struct process *process = pid == 0 || real == (pid_t)ctl->main_pid ? NULL : process_shown(one);
    if (process && real != (pid_t)syscall(SYS_getpid)) return signal_job(process, sign, sig);
    return (int)syscall(SYS_kill, sign * real, sig);
}

/* A crash of bash or of a pure tool is no exit status of the script. */
static void check_crash(int status) {
    if (!WIFSIGNALED(status)) return;
    int sig = WTERMSIG(status);
    if (sig >= 32 || ctl->crashing & 1u << sig) return;
    if (sig == SIGXFSZ) fail(NULL, "the run writes a larger file, or prints more, than it may");
    if (sig == SIGXCPU) fail(NULL, "the run takes more time than it may");
    if (sig == SIGSEGV || sig == SIGBUS || sig == SIGILL || sig == SIGFPE || sig == SIGABRT || sig == SIGSYS)
        fail(NULL, "a process of the run crashes with signal %d (%s)", sig,
             sig == SIGSEGV ? "a function that calls itself without end?" : "is there room left for files?");
}
/* A tool that a signal has ended could not say how it ended. */
static void note_end(pid_t pid, int status) {
    struct process *process = process_of(pid);
    struct record *r = process && process->execute ? record_at(process->execute) : NULL;
    if (r && r->status == UNKNOWN_STATUS) r->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

DECLARE(waitpid);
pid_t waitpid(pid_t pid, int *status, int options) {
    if (!ready) return NEXT(waitpid)(pid, status, options);
    int own = 0;
    pid_t result = NEXT(waitpid)(pid > 0 ? real_pid(pid) : pid, &own, options);
    if (result <= 0) return result;
    check_crash(own);
    if (WIFEXITED(own) || WIFSIGNALED(own)) note_end(result, own);
    if (status) *status = own;
    return shown_pid(result);
}
int killpg(pid_t group, int sig) { return kill(group > 1 ? -group : group == 1 ? -1 : 0, sig); }
