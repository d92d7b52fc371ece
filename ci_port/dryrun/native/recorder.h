/* The recorder: a library preloaded into bash (and into the pure tools that bash starts) that observes a script
 * where it meets the kernel. Commands are written down and answered instead of executed; paths lead into a scratch
 * tree that stands for the world; what a dry run must not do ends the run with an error that names the place.
 *
 * It talks to its parent (worker.py) through one shared file. What both must know of it stands in layout.py, from which
 * layout.h is made on every build.
 *
 * Order. Processes of one run work at the same time (pipelines, background jobs), but a plan has one order. Every
 * process has a path in the tree of forks, every event a number within its process; sorting the events by both
 * gives the order in which they would happen if each child ran to its end where it was started.
 *
 * Chance. Clocks stand still, random numbers come from the place in the tree of forks, $$ is constant: a script has one
 * plan. Not so where it asks which process is quicker, or for a number that the kernel gives: $! and $BASHPID as text,
 * `wait -n` with several jobs, a trap on CHLD, a signal from a background job to the script itself, two jobs of the
 * same time that write and read one file, and a world's rule for the nth command where several run at once.
 *
 * Names. A function that bash calls in the C library's place is exported, all else is hidden: what is declared here
 * below the pragma can neither take the place of a symbol of bash nor be replaced by one. Whoever adds an exported
 * function declares it nowhere but in the C library's own header.
 */
#ifndef RECORDER_H
#define RECORDER_H
#define _GNU_SOURCE
#undef _FORTIFY_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <link.h>
#include <locale.h>
#include <poll.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/types.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "layout.h"

#define MAX_DEPTH 120      /* levels of forks within forks */
#define PATH_ROOM 8192     /* a translated path: the root and PATH_MAX */
#define WORLD_ID 1000      /* the user that every script believes to be */
#define SHELL_PID 4242     /* what $$ says, so that a plan does not depend on it */
#define END_STATUS 125     /* of a process that the recorder ends; never taken for the script's status */

/* ---- the C library underneath ------------------------------------------------------------------------------ */

extern void __libc_free(void *);
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);

#define DECLARE(name) static void *next_##name
#define NEXT(name) ((__typeof__(&name))next_function(#name, &next_##name))
static inline void *next_function(const char *name, void **cache) {
    if (!*cache) *cache = dlsym(RTLD_NEXT, name);
    return *cache;
}

#pragma GCC visibility push(hidden)

/* ---- start.c ----------------------------------------------------------------------------------------------- */

struct identity { dev_t dev; ino_t ino; int open; };
extern struct identity initial[3];      /* what the run was given as standard input, output and error */
extern int in_bash, ready;
extern int busy;                        /* the library itself asks bash something */
extern int may_start, is_frugal;        /* this pure tool is xargs, which starts commands by its nature; is sort */
extern char own_command[1024];          /* of a pure tool: its words */
extern char control_path[PATH_MAX];

/* ---- configuration.c --------------------------------------------------------------------------------------- */

extern struct settings settings;
extern size_t root_length;
extern const char *pure_start, *rule_start;
extern uint32_t *rule_uses;             /* shared by all processes of the run: how often each rule's words matched */
extern uint32_t pure_count, rule_count;

uint32_t take_number(const char **cursor);
const char *take_string(const char **cursor, uint32_t *length);
void read_configuration(char ***environment);

/* ---- bash.c ------------------------------------------------------------------------------------------------ */

typedef struct { char *name; char *value; } shell_variable;  /* the first two members, the same in 4.4 ... 5.3 */

extern int (*b_line)(void);
extern shell_variable *(*b_find)(const char *);
extern void (*b_sbrand)(unsigned long); /* since 5.1 */
extern void **b_builtin;
extern void *b_command, *b_type, *b_hash, *b_source, *b_cd, *b_pushd, *b_kill;
extern int *b_hashing, *b_pid, *b_posix, *b_trap;
extern char **b_printed;
extern uintptr_t lookup_start, lookup_end;  /* file_status(): how bash looks along PATH */

int symbols(void);
const char *element(const char *variable, int index);
uint32_t here(const char **file, char *functions, size_t room);

/* ---- log.c ------------------------------------------------------------------------------------------------- */

extern struct control *ctl;
extern uint32_t order[MAX_DEPTH], depth, seq;
extern uint32_t place_line;             /* of the command that started a pure tool */
extern char place_file[PATH_MAX], place_functions[PATH_MAX];

void end_run(void) __attribute__((noreturn));
void check_stop(void);
void count_step(void);
/* `texts` are those of the kind in layout.py; `argv` and `envp` belong to EXECUTE alone. */
struct record *add(enum kind kind, const char *const *texts, char *const *argv, char *const *envp);
void fail(const char *command, const char *format, ...) __attribute__((noreturn, format(printf, 2, 3)));

/* ---- limits.c ---------------------------------------------------------------------------------------------- */

void hold(int resource, uint64_t value);
void show_no_limits(void);

/* ---- paths.c ----------------------------------------------------------------------------------------------- */

int is_open_file(const char *path);
int is_noise(const char *path);
int is_device(const char *path);
int is_heredoc_file(const char *path);
int in_root(const char *path);
int levels(const char *path);
const char *base_name(const char *path);
const char *virtual_path(const char *path);
int current_directory(char *buffer, size_t room);
void absolute(const char *path, char *buffer, size_t room);
const char *real_path(const char *path, char *buffer);

/* ---- stat.c, lookup.c, directories.c ----------------------------------------------------------------------- */

void fix_stat(struct stat *st);
int world_stat(int dir, const char *path, struct stat *st, int flags);
int looks_for_command(void *caller);
int pretend_command(struct stat *st);
void forget_place(void);
void restore_hashing(void);
void make_directories(char *path);
int make_missing(const char *path);

/* ---- open.c, writes.c, refused.c --------------------------------------------------------------------------- */

int open_path(int dir, const char *path, int flags, mode_t mode);
void write_down(const char *path, int fd, int flags);
void settle_writes(const char *const *streams);
void forget_writes(void);
int refuse(const char *what, const char *path);

/* ---- processes.c, chance.c --------------------------------------------------------------------------------- */

int is_ours(pid_t pid);
char state_of(pid_t pid);
int others_work(void);
void make_random(void);

/* ---- streams.c --------------------------------------------------------------------------------------------- */

const char *stream(int fd, char *buffer, size_t room);
void let_writers_finish(char *const argv[]);
void forget_pipe(void);

/* ---- answers.c, pure.c ------------------------------------------------------------------------------------- */

struct answer { int found; int status; const char *text; uint32_t length; };

struct answer answer_of(char *const argv[]);
void give(struct answer answer) __attribute__((noreturn));
const char *pure_tool(const char *path, char *const argv[]);
void run_pure(const char *path, char *const argv[], char *const envp[]) __attribute__((noreturn));

#pragma GCC visibility pop
#endif
