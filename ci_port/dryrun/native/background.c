/* Work in the background. Commands take no time, but one that was started with `&` works on: until the script waits for
 * it, ends it, or has ended itself. So does a `sleep` in a part of the script that runs in the background. Answers to
 * bash's jobs.c and builtins/wait.def. */
#include "recorder.h"

#define ASYNC 0x01         /* SUBSHELL_ASYNC of bash's command.h, the same in 4.4 ... 5.3 */
#define POLLS 3            /* a script that asks so often whether a job still works waits for it */

static uint32_t async_depth;            /* of the process that is such a part */

/* A command of the script is about to run in this process. */
void note_background(void) {
    if (b_subshell && *b_subshell & ASYNC && !async_depth) async_depth = depth;
}

static int is_background(void) { return b_subshell && *b_subshell & ASYNC && (!async_depth || async_depth == depth); }

static int is_pipe(int fd) {
    struct stat st;
    return !syscall(SYS_fstat, fd, &st) && S_ISFIFO(st.st_mode);
}

/* The script has ended: what it has put off until later is not done any more. */
static void end_background(void) {
    pid_t above[MAX_DEPTH];
    int count = 0;
    for (pid_t pid = (pid_t)syscall(SYS_getppid); process_of(pid) && count < MAX_DEPTH; pid = parent_of(pid)) above[count++] = pid;
    while (count--) syscall(SYS_kill, above[count], SIGKILL);
    _exit(END_STATUS);
}

/* Somebody waits for the process, or for one that it is a part of. */
static int is_released(const struct process *process) {
    for (int i = 0; i < MAX_DEPTH; i++) {
        if (__atomic_load_n(&process->released, __ATOMIC_RELAXED)) return 1;
        if (!process->parent) break;
        process = &ctl->processes[process->parent - 1];
    }
    return 0;
}

static int is_due(const struct process *process) { return process->due && ctl->clock >= process->due; }

static void wait_for_release(struct process *process, int sleeps) {
    process->lingers = 1;
    for (long pause = 200000; !is_released(process) && !is_due(process); pause += pause < 4000000 ? pause / 4 : 0) {
        struct timespec time = {0, pause};
        check_stop();
        syscall(SYS_nanosleep, &time, NULL);
        if (!__atomic_load_n(&ctl->over, __ATOMIC_RELAXED)) continue;
        if (sleeps) end_background();
        break;
    }
    process->lingers = 0;
}

/* Seconds that sleep(1) sleeps. */
static double seconds_of(char *const argv[]) {
    double total = 0;
    for (int i = 1; argv[i]; i++) {
        char *unit;
        double value = strtod(argv[i], &unit);
        total += value * (*unit == 'm' ? 60 : *unit == 'h' ? 3600 : *unit == 'd' ? 86400 : 1);
    }
    return total > 0 && total < 1e8 ? total : 0;
}

static int somebody_wakes(void) {
    for (uint32_t i = 0; i < ctl->forks && i < ctl->max_forks; i++)
        if (ctl->processes[i].lingers && is_due(&ctl->processes[i])) return 1;
    return 0;
}

/* Time passes for the whole run: what wakes up by then in the background does its work before the sleeper goes on. */
static void pass_time(uint32_t seconds) {
    __atomic_add_fetch(&ctl->clock, seconds, __ATOMIC_SEQ_CST);
    if (!somebody_wakes()) return;
    uint64_t seen = 0;
    for (int quiet = 0; quiet < 5; check_stop()) {
        uint64_t now = ctl->next + ctl->forks;
        quiet = now == seen && !others_work() && !somebody_wakes() ? quiet + 1 : 0;
        seen = now;
        struct timespec pause = {0, 1000000};
        syscall(SYS_nanosleep, &pause, NULL);
    }
}

/* The command that this process is has printed all that it prints. Whoever reads from it, or feeds it, would wait. */
void linger(char *const argv[]) {
    int sleeps = !strcmp(base_name(argv[0]), "sleep");
    uint32_t seconds = sleeps ? (uint32_t)(seconds_of(argv) + 0.999) : 0;
    int stays = in_bash && !is_pipe(0) && !is_pipe(1) && !is_pipe(2) && (is_background() || (sleeps && async_depth));
    if (stays) {
        if (sleeps) own_process()->due = ctl->clock + (seconds ? seconds : 1);
        wait_for_release(own_process(), sleeps);
    } else if (sleeps) pass_time(seconds);
}

void release(struct process *process) { __atomic_store_n(&process->released, 1, __ATOMIC_RELAXED); }

/* Whatever works in the background of the script comes to its end. */
void release_all(void) {
    for (uint32_t i = 0; i < ctl->forks && i < ctl->max_forks; i++) release(&ctl->processes[i]);
}

/* The script asks whether a job works. */
int still_works(struct process *process) {
    if (__atomic_add_fetch(&process->asked, 1, __ATOMIC_SEQ_CST) > POLLS) release(process);
    return process->lingers && !process->released;
}
