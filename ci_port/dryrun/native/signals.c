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

DECLARE(kill);
int kill(pid_t pid, int sig) {
    if (!ready) return NEXT(kill)(pid, sig);
    if (pid == SHELL_PID || pid == -SHELL_PID) pid = pid < 0 ? -(pid_t)ctl->main_pid : (pid_t)ctl->main_pid;
    pid_t one = pid < 0 ? -pid : pid;
    if (pid != 0 && !(pid != -1 && is_ours(one)))
        fail(NULL, "signal %d is sent to process %d, which is not part of the run", sig, (int)pid);
    if (*b_builtin != b_kill) return NEXT(kill)(pid, sig);  /* bash ends itself, as a signal asks it to */
    if (sig > 0 && sig < 32) __atomic_fetch_or(&ctl->crashing, 1u << sig, __ATOMIC_RELAXED);
    /* A job that a signal would have ended is still there to get it. */
    if (pid != 0 && one != (pid_t)ctl->main_pid && one != (pid_t)syscall(SYS_getpid) && has_done_its_work(one, sig) && sig)
        return 0;
    return NEXT(kill)(pid, sig);
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
DECLARE(waitpid);
pid_t waitpid(pid_t pid, int *status, int options) {
    int own = 0;
    pid_t result = NEXT(waitpid)(pid, &own, options);
    if (result > 0 && ready) check_crash(own);
    if (status && result > 0) *status = own;
    return result;
}
int killpg(pid_t group, int sig) { return kill(group > 1 ? -group : group == 1 ? -1 : 0, sig); }
