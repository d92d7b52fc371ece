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
 * Files. In a world of version 2, what tools, redirections and rules do to files is done in the scratch tree, and every
 * path that changes is written down, so that the tree can be put back. What the script asks and nothing settles is written
 * down as well (asked.c).
 *
 * Chance. Clocks move where the script sleeps, random numbers and process numbers come from the place in the tree of forks,
 * $$ is constant: a script has one plan. Not so where it asks which process is quicker: `wait -n` with several jobs, a
 * trap on CHLD, two jobs of the same time that write and read one file, a world's rule for the nth command where several
 * run at once (docs/limits.md).
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
#define OWN_TIME (NOW - 86400)  /* of what was there before the run */
#define NOW 1735689600     /* what every clock says when a run begins: 2025-01-01 00:00:00 UTC */
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

extern int in_bash, ready;
extern int busy;                        /* the library itself asks bash something */
extern int may_start, is_frugal;        /* this tool is one that starts commands by its nature; is sort */
extern char own_command[1024];          /* of a tool: its words */
extern char control_path[PATH_MAX];

void use_rights(int are_used);

/* ---- configuration.c --------------------------------------------------------------------------------------- */

extern struct settings settings;
extern size_t root_length;
extern const char *tool_start, *missing_start, *follow_start, *rule_start;
extern uint32_t *rule_uses;             /* shared by all processes of the run: how often each rule's words matched */
extern uint32_t tool_count, missing_count, follow_count, rule_count;

uint32_t take_number(const char **cursor);
const char *take_string(const char **cursor, uint32_t *length);
int is_listed(const char *list, uint32_t count, const char *text);
void read_configuration(char ***environment);

/* ---- bash.c ------------------------------------------------------------------------------------------------ */

typedef struct { char *name; char *value; } shell_variable;  /* the first two members, the same in 4.4 ... 5.3 */

extern int (*b_line)(void);
extern shell_variable *(*b_find)(const char *);
extern shell_variable *(*b_find_own)(const char *);
extern void (*b_sbrand)(unsigned long); /* since 5.1 */
extern void **b_builtin;
extern void *b_command, *b_type, *b_hash, *b_source, *b_cd, *b_pushd, *b_kill;
extern int *b_hashing, *b_pid, *b_posix, *b_trap, *b_executing;
extern int *b_errexit, *b_pipefail, *b_subshell;
extern char **b_printed;
extern uintptr_t lookup_start, lookup_end;  /* file_status(): how bash looks along PATH */

int symbols(void);
const char *element(const char *variable, int index);
uint32_t here(const char **file, char *functions, size_t room);
void callers(char *text, size_t room);
uint32_t options_in_force(void);
void hook_builtins(void);
int is_builtin(const char *name);
void note_umask(void);
int opens_source(void *caller);
uint64_t place_in_bash(const void *address);

/* ---- log.c ------------------------------------------------------------------------------------------------- */

extern struct control *ctl;
extern uint32_t order[MAX_DEPTH], depth, seq;
extern uint32_t place_line;             /* of the command that started a pure tool */
extern char place_file[PATH_MAX], place_functions[PATH_MAX];

void end_run(void) __attribute__((noreturn));
void check_stop(void);
void count_step(void);
/* `texts` are those of the kind in layout.py; `argv` and `envp` belong to EXECUTE and TOOL. */
struct record *add(enum kind kind, const char *const *texts, char *const *argv, char *const *envp);
struct record *add_data(enum kind kind, const char *data, size_t length, uint64_t of);
struct record *add_number(enum kind kind, int64_t value);
uint64_t place_of(const struct record *record);
struct record *record_at(uint64_t place);
void fail(const char *command, const char *format, ...) __attribute__((noreturn, format(printf, 2, 3)));

/* ---- loading.c ---------------------------------------------------------------------------- */
void load_converters(void);
char *hide_variable(const char *name);
void show_variable(char *hidden);

/* ---- course.c ---------------------------------------------------------------------------------------------- */

int course_symbols(void);
void note_course(const void *freed, void *caller);

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
int escapes(const char *path, int level);
void normalise(char *path);
const char *base_name(const char *path);
const char *virtual_path(const char *path);
int current_directory(char *buffer, size_t room);
void absolute(const char *path, char *buffer, size_t room);
const char *real_path(const char *path, char *buffer);
int path_of(int fd, char *buffer, size_t room);
void keep_slash(const char *path, int slash, char *real);
int physical(int dir, const char *path, char *buffer, size_t room);

/* ---- stat.c, lookup.c, directories.c ----------------------------------------------------------------------- */

void fix_stat(struct stat *st);
int is_own_file(const struct stat *st);
int world_stat(int dir, const char *path, struct stat *st, int flags);
/* NOWHERE: bash does not look along PATH at all. SOURCES: for a file to source. MISSES: the world lacks the command. */
enum lookup { NOWHERE, RUNS, FINDS, SOURCES, MISSES };
enum lookup lookup_of(void *caller, const char *path);
int find_program(const char *directories, const char *name, char *buffer);
int stands_on_path(const char *path);
int pretend_command(struct stat *st);
void forget_place(void);
void restore_hashing(void);
void make_directories(char *path);
int make_missing(const char *path);

/* ---- touched.c, written.c, asked.c ------------------------------------------------------------------------- */

void choose_name(int dir, char *path);
void touch_path(const char *path);
void settle_path(const char *path);
int is_settled(const char *path);
struct written *written_file(ino_t inode, int make);
void file_changes(ino_t inode);
void entry_changes(const char *real, int come);
void follow_text(struct record *record, int fd, int flags);
void flush_text(int dir, const char *path);
void flush_stream(int fd);
void skip_stream(int fd);
void forget_text(ino_t inode);
void ask_path(int dir, const char *path);
int follow_links(char *path);
void ask_command(const char *path);
void note_read(int fd);
void note_stdin(void);
void note_size(const struct stat *st);
void forget_note(int fd);

/* ---- stubs.c ----------------------------------------------------------------------------------------------- */

void show_own(struct stat *st);
void show_own_x(struct statx *st);
int own_fstat(int fd, struct stat *st);
const char *own_path(const char *path, const struct stat *st, char *buffer);
void own_is_read(int fd, int flags);
void own_is_written(int fd, int flags);
void own_is_truncated(const char *real);
ino_t last_name(int dir, const char *real);
void own_is_gone(ino_t inode);

/* ---- changes.c --------------------------------------------------------------------------------------------- */

void becomes_step(void);
void mend_links(const char *real);
void link_text(const char *target, const char *place, char *text);
void may_change(const char *what, const char *path);
void keep_read(const char *data, size_t length);
void keep_step(const char *const *streams);
extern char **own_argv;                 /* of a tool: its words */

/* ---- open.c, writes.c, refused.c --------------------------------------------------------------------------- */

int open_path(int dir, const char *path, int flags, mode_t mode, void *caller);
void write_down(const char *path, int fd, int flags);
uint32_t settle_writes(const char *const *streams);
void forget_writes(void);
void hand_on_writes(char *text, size_t room);
void take_writes(const char *text);
int refuse(const char *what, const char *path);

#include "processes.h"

/* ---- answers.c, tools.c, execute.c ------------------------------------------------------------------------- */

struct answer { int found; int status; const char *text, *error; uint32_t length, error_length, changes; const char *change; };

struct answer answer_of(const char *name, char *const argv[]);
int is_answered(const char *name);
void give(struct answer answer, char *const argv[]) __attribute__((noreturn));
void make_changes(const char *cursor, uint32_t count, char *const argv[]);
const char *find_tool(const char *name, uint32_t *kind);
const char *tool_of(const char *path, const char *name, char *const argv[], uint32_t *kind);
void run_tool(const char *path, char *const argv[], char *const envp[], uint64_t execute) __attribute__((noreturn));
struct record *write_execute(enum kind kind, const char *path, char *const argv[], char *const envp[], const char *const *streams);
char **followed(const char *path, char *const argv[]);
extern char **held;                     /* variables that this tool must not see and hands on */

#pragma GCC visibility pop
#endif
