/* The recorder: a library preloaded into bash (and into the pure tools that bash starts) that observes a script
 * where it meets the kernel. Commands are written down and answered instead of executed; paths lead into a scratch
 * tree that stands for the world; what a dry run must not do ends the run with an error that names the place.
 *
 * It talks to its parent (worker.py) through one shared file, laid out as in control.py:
 *   header | configuration (strings, rules, environment) | coverage bitmaps | log (records, bump-allocated)
 *
 * Bash gives away where it is through symbols that it exports for loadable builtins: executing_line_number(),
 * find_variable(), this_shell_builtin and others; symbols() lists them, and a bash without them is refused.
 *
 * Order. Processes of one run work at the same time (pipelines, background jobs), but a plan has one order. Every
 * process has a path in the tree of forks, every event a number within its process; sorting the events by both
 * gives the order in which they would happen if each child ran to its end where it was started.
 *
 * Chance. Clocks stand still, random numbers come from the place in the tree of forks, $$ is constant: a script has one
 * plan. Not so where it asks which process is quicker, or for a number that the kernel gives: $! and $BASHPID as text,
 * `wait -n` with several jobs, a trap on CHLD, a signal from a background job to the script itself, two jobs of the
 * same time that write and read one file, and a world's rule for the nth command where several run at once.
 */
#define _GNU_SOURCE
#undef _FORTIFY_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <locale.h>
#include <link.h>
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

#define VERSION 2u
#define MAX_DEPTH 120      /* levels of forks within forks */
#define MAX_FUNCTIONS 64   /* function stack kept with a step */
#define COVER_FILES 64
#define COVER_LINES 65536
#define COVER_NAME 512
#define PATH_ROOM 8192     /* a translated path: the root and PATH_MAX */
#define WORLD_ID 1000      /* the user that every script believes to be */
#define SHELL_PID 4242     /* what $$ says, so that a plan does not depend on it */
#define NOW 1735689600     /* what every clock says, all the time: 2025-01-01 00:00:00 UTC */
#define MANY 1000          /* processes that a job has started: it will not end by itself */
#define MAX_LEVELS 200     /* directories within directories that a run may make */
#define SMALL_MEMORY (1 << 20)  /* sort(1) asks for much and is content with less, down to about this */
#define END_STATUS 125     /* of a process that the recorder ends; never taken for the script's status */

enum kind { EXECUTE = 1, SOURCE, WRITE, LIMIT, ERROR, MKDIR };
enum state { EMPTY, READY, DEAD };

struct control {
    uint64_t size;          /* of the whole file */
    uint32_t version;
    uint32_t max_forks;
    uint32_t max_steps;
    uint32_t config;        /* offsets from the start of the file */
    uint32_t cover;
    uint32_t log;
    uint64_t next;          /* first free byte of the log */
    uint32_t stop;          /* set: every process of the run ends at its next step */
    uint32_t forks;
    uint32_t steps;
    uint32_t covered;       /* files in the coverage table */
    uint32_t lock;
    uint32_t main_pid;
    uint32_t ready;         /* the library has run in bash */
    uint32_t dirty;         /* the scratch tree is no longer as it was built */
    uint32_t hooked;        /* bash has told where it is: coverage works */
    uint32_t at;            /* the command that started last: index in the coverage table << 16 | line */
    uint32_t crashing;      /* bit n: the script itself has sent signal n, so dying of it is no crash */
    uint32_t seconds;       /* of processor time, for one process */
    uint64_t memory;        /* of one process */
    uint32_t pids[];        /* max_forks of them */
};

struct record {
    uint32_t size;
    uint8_t kind;
    uint8_t state;
    uint16_t depth;
    uint32_t seq;
    uint32_t line;
    int32_t status;
    uint32_t flags;         /* EXECUTE: 1 a rule answered; WRITE: 1 append */
    int64_t value;          /* LIMIT */
    uint32_t path[];        /* depth of them, then strings: length, bytes */
};

struct cover { char name[COVER_NAME]; uint8_t seen[COVER_LINES / 8]; };

static struct control *ctl;
static char control_path[PATH_MAX];
static char root[PATH_MAX], blank[PATH_MAX], scratch_tmp[PATH_MAX], noise[PATH_MAX];
static size_t root_length;
static const char *script_dir, *home, *user;
static const char *pure_start, *rule_start;
static uint32_t *rule_uses;             /* shared by all processes of the run: how often each rule's words matched */
static uint32_t pure_count, rule_count;

static int in_bash, ready, busy;
static int may_start, is_frugal;        /* this pure tool is xargs, which starts commands by its nature; is sort */
static uint32_t order[MAX_DEPTH], depth, seq;
static char place_file[PATH_MAX];       /* of the command that started a pure tool */
static uint32_t place_line;
static char place_functions[PATH_MAX];
static char own_command[1024];          /* of a pure tool: its words */

static struct { dev_t dev; ino_t ino; int open; } initial[3];
static ino_t heredocs[16];
static unsigned heredoc_next;
static int heredoc_writer = -1;
static ino_t heredoc_ino;
static struct { struct record *record; off_t size; } tentative[32];  /* writes that may turn out to be a command's */
static unsigned tentative_count;
static struct rlimit limits[RLIM_NLIMITS];

/* ---- what bash exports ------------------------------------------------------------------------------------- */

typedef struct { char *name; char *value; } shell_variable;  /* the first two members, the same in 4.4 ... 5.3 */

static int (*b_line)(void);
static shell_variable *(*b_find)(const char *);
static char *(*b_element)(void *, intmax_t);
static void **b_builtin;
static void *b_command, *b_type, *b_hash, *b_source, *b_cd, *b_pushd, *b_kill;
static void (*b_sbrand)(unsigned long);  /* since 5.1 */
static int *b_hashing, *b_pid, *b_posix, *b_trap;
static char **b_printed;
static uintptr_t lookup_start, lookup_end;   /* file_status(): how bash looks along PATH */
static int hashing_saved = -1;

static int symbols(void) {
    struct { const char *name; void **where; } table[] = {
        {"executing_line_number", (void **)&b_line}, {"find_variable", (void **)&b_find},
        {"array_reference", (void **)&b_element},    {"this_shell_builtin", (void **)&b_builtin},
        {"command_builtin", &b_command},             {"type_builtin", &b_type},
        {"hash_builtin", &b_hash},                   {"source_builtin", &b_source},
        {"kill_builtin", &b_kill},                   {"cd_builtin", &b_cd},
        {"hashing_enabled", (void **)&b_hashing},    {"dollar_dollar_pid", (void **)&b_pid},
        {"the_printed_command_except_trap", (void **)&b_printed},
        {"posixly_correct", (void **)&b_posix},      {"running_trap", (void **)&b_trap},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (!(*table[i].where = dlsym(RTLD_DEFAULT, table[i].name))) return 0;
    b_pushd = dlsym(RTLD_DEFAULT, "pushd_builtin");
    b_sbrand = (void (*)(unsigned long))dlsym(RTLD_DEFAULT, "sbrand");
    void *status = dlsym(RTLD_DEFAULT, "file_status");
    Dl_info info;
    const ElfW(Sym) *symbol = NULL;
    if (!status || !dladdr1(status, &info, (void **)&symbol, RTLD_DL_SYMENT) || !symbol) return 0;
    lookup_start = (uintptr_t)status;
    lookup_end = lookup_start + symbol->st_size;
    return 1;
}

/* ---- the C library underneath ------------------------------------------------------------------------------ */

extern void __libc_free(void *);
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);

#define NEXT(name) ((__typeof__(&name))next_function(#name, &next_##name))
static void *next_function(const char *name, void **cache) {
    if (!*cache) *cache = dlsym(RTLD_NEXT, name);
    return *cache;
}
#define DECLARE(name) static void *next_##name

/* ---- strings of the configuration -------------------------------------------------------------------------- */

static uint32_t take_number(const char **cursor) {
    uint32_t number;
    memcpy(&number, *cursor, 4);
    *cursor += 4;
    return number;
}

/* A string stands as its length, its bytes and a NUL, so that it can be used in place. */
static const char *take_string(const char **cursor, uint32_t *length) {
    uint32_t size = take_number(cursor);
    const char *text = *cursor;
    *cursor += size + 1;
    if (length) *length = size;
    return text;
}

/* ---- the log ----------------------------------------------------------------------------------------------- */

static void end_run(void) __attribute__((noreturn));
static void end_run(void) {
    if (ctl) __atomic_store_n(&ctl->stop, 1, __ATOMIC_SEQ_CST);
    _exit(END_STATUS);
}

static void check_stop(void) {
    if (ctl && __atomic_load_n(&ctl->stop, __ATOMIC_RELAXED)) _exit(END_STATUS);
}

struct writer { struct record *record; char *cursor; size_t size; };

static const char *element(const char *variable, int index) {
    shell_variable *found = b_find(variable);
    return found && found->value ? b_element(found->value, index) : NULL;
}

static void put_string(struct writer *w, const char *text, size_t length) {
    uint32_t size = (uint32_t)length;
    if (w->cursor) {
        memcpy(w->cursor, &size, 4);
        memcpy(w->cursor + 4, text, length);
        w->cursor += 4 + length;
    }
    w->size += 4 + length;
}

static void put_text(struct writer *w, const char *text) { put_string(w, text ? text : "", text ? strlen(text) : 0); }

/* Words and variables as one string, each with its NUL: neither can hold one. */
static void put_vector(struct writer *w, char *const *vector) {
    size_t total = 0;
    for (size_t i = 0; vector && vector[i]; i++) total += strlen(vector[i]) + 1;
    uint32_t size = (uint32_t)total;
    if (w->cursor) {
        memcpy(w->cursor, &size, 4);
        w->cursor += 4;
        for (size_t i = 0; vector && vector[i]; i++) w->cursor = stpcpy(w->cursor, vector[i]) + 1;
    }
    w->size += 4 + total;
}

/* Where the script is: the source file, and the names of the functions, innermost first, joined by spaces. */
static uint32_t here(const char **file, char *functions, size_t room) {
    functions[0] = 0;
    if (!in_bash) {
        *file = place_file;
        snprintf(functions, room, "%s", place_functions);
        return place_line;
    }
    const char *source = element("BASH_SOURCE", 0);
    *file = source ? source : "";
    size_t used = 0;
    for (int i = 0; i < MAX_FUNCTIONS; i++) {
        const char *name = element("FUNCNAME", i);
        if (!name) break;
        int n = snprintf(functions + used, room - used, used ? " %s" : "%s", name);
        if (n < 0 || used + (size_t)n >= room) { functions[used] = 0; break; }
        used += (size_t)n;
    }
    int line = b_line();
    return line > 0 ? (uint32_t)line : 0;
}

static struct record *add(enum kind kind, const char *const *texts, char *const *argv, char *const *envp) {
    static char functions[PATH_MAX];
    const char *file;
    busy++;
    uint32_t line = here(&file, functions, sizeof functions);
    struct writer w = {0};
    struct record *r = NULL;
    for (int pass = 0; pass < 2; pass++) {
        w.size = sizeof *r + depth * sizeof(uint32_t);
        w.cursor = pass ? (char *)r + w.size : NULL;
        put_text(&w, file);
        put_text(&w, functions);
        for (int i = 0; texts[i]; i++) put_text(&w, texts[i]);
        if (argv) put_vector(&w, argv);
        if (argv) put_vector(&w, envp);
        if (pass) break;
        size_t size = (w.size + 7) & ~(size_t)7;
        uint64_t at = __atomic_fetch_add(&ctl->next, size, __ATOMIC_SEQ_CST);
        if (at + size > ctl->size) {
            __atomic_store_n(&ctl->stop, 2, __ATOMIC_SEQ_CST);
            _exit(END_STATUS);
        }
        r = (struct record *)((char *)ctl + at);
        r->size = (uint32_t)size;
        r->kind = (uint8_t)kind;
        r->state = EMPTY;
        r->depth = (uint16_t)depth;
        r->seq = ++seq;
        r->line = line;
        r->status = 0;
        r->flags = 0;
        r->value = 0;
        memcpy(r->path, order, depth * sizeof(uint32_t));
    }
    __atomic_store_n(&r->state, READY, __ATOMIC_RELEASE);
    busy--;
    return r;
}

static void fail(const char *command, const char *format, ...) __attribute__((noreturn, format(printf, 2, 3)));
static void fail(const char *command, const char *format, ...) {
    static char message[1024];
    va_list list;
    va_start(list, format);
    vsnprintf(message, sizeof message, format, list);
    va_end(list);
    if (!command) command = in_bash ? *b_printed : own_command;
    const char *texts[] = {message, command ? command : "", NULL};
    if (ctl) add(ERROR, texts, NULL, NULL);
    end_run();
}

static void count_step(void) {
    if (__atomic_add_fetch(&ctl->steps, 1, __ATOMIC_SEQ_CST) > ctl->max_steps)
        fail(NULL, "the run takes more than %u steps", ctl->max_steps);
}

/* ---- memory ------------------------------------------------------------------------------------------------ */

static void hold(int resource, uint64_t value) {
    struct rlimit limit;
    if (syscall(SYS_prlimit64, 0, resource, NULL, &limit)) return;
    limit.rlim_cur = value < limit.rlim_max ? value : limit.rlim_max;
    syscall(SYS_prlimit64, 0, resource, &limit, NULL);
}

static void *given(void *memory, size_t size) {
    if (!memory && size && ready && (!is_frugal || size < SMALL_MEMORY)) {
        /* Writing that down needs some itself, as bash's own message would. */
        hold(RLIMIT_AS, RLIM_INFINITY);
        fail(NULL, "the run needs more than %llu bytes of memory", (unsigned long long)ctl->memory);
    }
    return memory;
}
void *malloc(size_t size) { return given(__libc_malloc(size), size); }
void *calloc(size_t count, size_t size) { return given(__libc_calloc(count, size), count && size ? count * size : 0); }
void *realloc(void *memory, size_t size) { return given(__libc_realloc(memory, size), size); }

/* ---- paths: everything absolute lies in the scratch tree --------------------------------------------------- */

/* An open file by its number: nothing may follow, for `/dev/fd/3/..` would lead out of the scratch tree. */
static int is_open_file(const char *path) {
    if (!strcmp(path, "/dev/stdin") || !strcmp(path, "/dev/stdout") || !strcmp(path, "/dev/stderr")) return 1;
    size_t n = !strncmp(path, "/dev/fd/", 8) ? 8 : !strncmp(path, "/proc/self/fd/", 14) ? 14 : 0;
    return n && path[n] && !path[n + strspn(path + n, "0123456789")];
}

static int is_noise(const char *path) { return !strcmp(path, "/dev/random") || !strcmp(path, "/dev/urandom"); }

static int is_device(const char *path) {
    static const char *const devices[] = {"/dev/null", "/dev/zero", "/dev/full", "/dev/tty", NULL};
    for (int i = 0; devices[i]; i++)
        if (!strcmp(path, devices[i])) return 1;
    return is_noise(path) || is_open_file(path);
}

static const char *base_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static int in_root(const char *path) {
    return root_length && !strncmp(path, root, root_length) && (path[root_length] == '/' || !path[root_length]);
}

/* Turn a real path below the scratch tree into the one that the script knows; others stay. */
static const char *virtual_path(const char *path) {
    if (!in_root(path)) return path;
    return path[root_length] ? path + root_length : "/";
}

static int current_directory(char *buffer, size_t room) {  /* virtual */
    char real[PATH_ROOM];
    if (syscall(SYS_getcwd, real, sizeof real) < 0) return -1;
    const char *text = virtual_path(real);
    if (strlen(text) + 1 > room) { errno = ERANGE; return -1; }
    strcpy(buffer, text);
    return 0;
}

/* Does the path leave the tree through `..`? The kernel would then walk out of the scratch tree. */
static int escapes(const char *path, int level) {
    while (*path) {
        while (*path == '/') path++;
        size_t n = strcspn(path, "/");
        if (n == 2 && path[0] == '.' && path[1] == '.') {
            if (--level < 0) return 1;
        } else if (n && !(n == 1 && path[0] == '.')) level++;
        path += n;
    }
    return 0;
}

static int levels(const char *path) {
    int count = 0;
    for (; *path; path++) count += path[0] == '/' && path[1] && path[1] != '/';
    return count;
}

static void normalise(char *path) {  /* absolute, lexically; `..` at the root stays there, as in the kernel */
    char *out = path;
    const char *in = path;
    while (*in) {
        while (*in == '/') in++;
        size_t n = strcspn(in, "/");
        if (n == 2 && in[0] == '.' && in[1] == '.') {
            while (out > path && *--out != '/') {}
        } else if (n && !(n == 1 && in[0] == '.')) {
            *out++ = '/';
            memmove(out, in, n);
            out += n;
        }
        in += n;
    }
    if (out == path) *out++ = '/';
    *out = 0;
}

static void absolute(const char *path, char *buffer, size_t room) {  /* virtual, normalised */
    if (path[0] == '/') snprintf(buffer, room, "%s", virtual_path(path));
    else {
        char cwd[PATH_ROOM];
        if (current_directory(cwd, sizeof cwd)) strcpy(cwd, "/");
        int n = snprintf(buffer, room, "%s/%s", cwd, path);
        if (n < 0 || (size_t)n >= room) buffer[room - 1] = 0;
    }
    normalise(buffer);
}

/* Bash's own file for a long here-document. */
static int is_heredoc_file(const char *path) { return in_bash && !strncmp(base_name(path), "sh-thd", 6); }

/* The path to hand to the kernel. `buffer` has PATH_ROOM bytes. */
static const char *real_path(const char *path, char *buffer) {
    if (!ready || !path || !*path) return path;
    if (is_heredoc_file(path)) {
        snprintf(buffer, PATH_ROOM, "%s/%s", scratch_tmp, base_name(path));
        return buffer;
    }
    if (path[0] != '/') {
        if (!strstr(path, "..")) return path;
        char cwd[PATH_ROOM];
        if (current_directory(cwd, sizeof cwd) || !escapes(path, levels(cwd))) return path;
        char whole[PATH_ROOM];
        absolute(path, whole, sizeof whole);
        snprintf(buffer, PATH_ROOM, "%s%s", root, whole);
        return buffer;
    }
    if (is_device(path)) return path;
    if (escapes(path, 0)) {
        char whole[PATH_ROOM];
        absolute(path, whole, sizeof whole);
        snprintf(buffer, PATH_ROOM, "%s%s", root, whole);
    } else snprintf(buffer, PATH_ROOM, "%s%s", root, path);
    return buffer;
}

/* Make a directory of the world, and its parents; each is written down so that the tree can be put back. */
static void make_directories(char *path) {  /* real path, below the root; changed while it runs and put back */
    if (levels(path + root_length) > MAX_LEVELS)
        fail(NULL, "the run makes more than %d directories in each other", MAX_LEVELS);
    for (char *slash = path + root_length + 1;; slash++) {
        if (*slash && *slash != '/') continue;
        char kept = *slash;
        *slash = 0;
        if (syscall(SYS_mkdirat, AT_FDCWD, path, 0755) == 0) {
            syscall(SYS_fchmodat, AT_FDCWD, path, 0755);  /* whatever umask the script has set */
            count_step();
            const char *texts[] = {virtual_path(path), NULL};
            add(MKDIR, texts, NULL, NULL);
        }
        *slash = kept;
        if (!kept) return;
    }
}

static void fix_stat(struct stat *st) {  /* nothing of the machine: one owner, one time */
    st->st_uid = WORLD_ID;
    st->st_gid = WORLD_ID;
    memset(&st->st_atim, 0, sizeof st->st_atim);
    memset(&st->st_mtim, 0, sizeof st->st_mtim);
    memset(&st->st_ctim, 0, sizeof st->st_ctim);
}

static int world_stat(int dir, const char *path, struct stat *st, int flags) {
    char buffer[PATH_ROOM];
    int result = (int)syscall(SYS_newfstatat, dir, real_path(path, buffer), st, flags);
    if (!result && ready) fix_stat(st);
    return result;
}

/* Permissions as an ordinary owner would see them, so that root and others record the same. */
static int world_access(const char *path, int mode) {
    struct stat st;
    if (world_stat(AT_FDCWD, path, &st, 0)) return -1;
    unsigned want = (mode & R_OK ? 0400u : 0u) | (mode & W_OK ? 0200u : 0u) | (mode & X_OK ? 0100u : 0u);
    if (S_ISCHR(st.st_mode)) want &= ~0100u;
    if ((st.st_mode & want) == want || (S_ISCHR(st.st_mode) && !(mode & X_OK))) return 0;
    errno = EACCES;
    return -1;
}

/* ---- looking along PATH ------------------------------------------------------------------------------------ */

/* A plain command name always runs; only `command -v`, `type` and `hash` see what the world has. */
static int looks_for_command(void *caller) {
    uintptr_t at = (uintptr_t)caller;
    if (!in_bash || at < lookup_start || at >= lookup_end) return 0;
    void *builtin = *b_builtin;
    return builtin != b_command && builtin != b_type && builtin != b_hash && builtin != b_source;
}

/* Bash would remember the place that we made up, and `command -v` would then find it; fork() turns this back. */
static void forget_place(void) {
    if (hashing_saved < 0) { hashing_saved = *b_hashing; *b_hashing = 0; }
}

static void restore_hashing(void) {
    if (hashing_saved >= 0) { *b_hashing = hashing_saved; hashing_saved = -1; }
}

static int pretend_command(struct stat *st) {
    forget_place();
    memset(st, 0, sizeof *st);
    st->st_mode = S_IFREG | 0755;
    st->st_nlink = 1;
    fix_stat(st);
    return 0;
}

static int make_missing(const char *path);

static int stat_path(const char *path, struct stat *st, int flags, void *caller) {
    int result = world_stat(AT_FDCWD, path, st, flags);
    if (!ready) return result;
    /* In posix mode `cd` looks first. */
    if (result && in_bash && *b_posix && errno == ENOENT && make_missing(path)) return world_stat(AT_FDCWD, path, st, flags);
    if (looks_for_command(caller) && path[strlen(path) - 1] != '/') {  /* "" is no command */
        if (result || (S_ISREG(st->st_mode) && !(st->st_mode & 0100))) return pretend_command(st);
        forget_place();
    }
    return result;
}

int stat(const char *restrict path, struct stat *restrict st) {
    return stat_path(path, st, 0, __builtin_return_address(0));
}
int lstat(const char *restrict path, struct stat *restrict st) { return world_stat(AT_FDCWD, path, st, AT_SYMLINK_NOFOLLOW); }
int fstatat(int dir, const char *restrict path, struct stat *restrict st, int flags) { return world_stat(dir, path, st, flags); }
int fstat(int fd, struct stat *st) {
    int result = (int)syscall(SYS_fstat, fd, st);
    if (!result && ready) fix_stat(st);
    return result;
}
int stat64(const char *restrict path, struct stat64 *restrict st) {
    return stat_path(path, (struct stat *)st, 0, __builtin_return_address(0));
}
int lstat64(const char *restrict path, struct stat64 *restrict st) { return lstat(path, (struct stat *)st); }
int fstat64(int fd, struct stat64 *st) { return fstat(fd, (struct stat *)st); }
int fstatat64(int dir, const char *restrict path, struct stat64 *restrict st, int flags) {
    return world_stat(dir, path, (struct stat *)st, flags);
}
/* What programs built for glibc before 2.33 call. */
int __xstat(int version, const char *path, struct stat *st) {
    (void)version;
    return stat_path(path, st, 0, __builtin_return_address(0));
}
int __lxstat(int version, const char *path, struct stat *st) { (void)version; return lstat(path, st); }
int __fxstat(int version, int fd, struct stat *st) { (void)version; return fstat(fd, st); }
int __fxstatat(int version, int dir, const char *path, struct stat *st, int flags) {
    (void)version;
    return world_stat(dir, path, st, flags);
}
int __xstat64(int version, const char *path, struct stat64 *st) {
    (void)version;
    return stat_path(path, (struct stat *)st, 0, __builtin_return_address(0));
}
int __lxstat64(int version, const char *path, struct stat64 *st) { (void)version; return lstat(path, (struct stat *)st); }
int __fxstat64(int version, int fd, struct stat64 *st) { (void)version; return fstat(fd, (struct stat *)st); }
int __fxstatat64(int version, int dir, const char *path, struct stat64 *st, int flags) {
    (void)version;
    return world_stat(dir, path, (struct stat *)st, flags);
}

DECLARE(statx);
int statx(int dir, const char *restrict path, int flags, unsigned mask, struct statx *restrict st) {
    char buffer[PATH_ROOM];
    int result = NEXT(statx)(dir, real_path(path, buffer), flags, mask, st);
    if (!result && ready) {
        st->stx_uid = st->stx_gid = WORLD_ID;
        memset(&st->stx_mtime, 0, sizeof st->stx_mtime);
        memset(&st->stx_atime, 0, sizeof st->stx_atime);
        memset(&st->stx_ctime, 0, sizeof st->stx_ctime);
        memset(&st->stx_btime, 0, sizeof st->stx_btime);
    }
    return result;
}

static int access_path(const char *path, int mode, void *caller) {
    if (ready && looks_for_command(caller) && (mode & X_OK)) {
        struct stat st;
        if (!world_stat(AT_FDCWD, path, &st, 0) && S_ISDIR(st.st_mode)) return 0;
        forget_place();
        return 0;
    }
    return world_access(path, mode);
}
int access(const char *path, int mode) { return access_path(path, mode, __builtin_return_address(0)); }
int eaccess(const char *path, int mode) { return access_path(path, mode, __builtin_return_address(0)); }
int euidaccess(const char *path, int mode) { return access_path(path, mode, __builtin_return_address(0)); }
DECLARE(faccessat);
int faccessat(int dir, const char *path, int mode, int flags) {
    if (dir == AT_FDCWD || path[0] == '/') return access_path(path, mode, __builtin_return_address(0));
    return NEXT(faccessat)(dir, path, mode, flags);
}

/* ---- opening files ----------------------------------------------------------------------------------------- */

static int is_writing(int flags) { return (flags & O_ACCMODE) != O_RDONLY || (flags & (O_CREAT | O_TRUNC)); }

/* The shell opens `path` (virtual) for writing, now as `fd`. */
static void write_down(const char *path, int fd, int flags) {
    __atomic_store_n(&ctl->dirty, 1, __ATOMIC_RELAXED);
    count_step();
    const char *texts[] = {path, NULL};
    struct record *r = add(WRITE, texts, NULL, NULL);
    r->flags = (flags & O_APPEND) != 0;
    struct stat st;
    if (syscall(SYS_fstat, fd, &st)) st.st_size = 0;
    if (tentative_count == sizeof tentative / sizeof *tentative) {
        memmove(tentative, tentative + 1, sizeof tentative - sizeof *tentative);
        tentative_count--;
    }
    tentative[tentative_count].record = r;
    tentative[tentative_count++].size = st.st_size;
}

static void make_random(void);

/* Once bash has set itself up (it is opening the script): hide the process number, arm the hook of free(). */
static void prepare_shell(void) {
    if (*b_printed || !*b_pid || *b_pid == SHELL_PID) return;
    *b_pid = SHELL_PID;
    *b_printed = strdup("");
    make_random();
}

/* Devices, and what is open already under a number. */
static int open_device(const char *path, int flags, mode_t mode) {
    if (is_noise(path)) return (int)syscall(SYS_openat, AT_FDCWD, noise, O_RDONLY | (flags & O_CLOEXEC), 0);
    if (!is_open_file(path) || !is_writing(flags)) return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
    /* What the run was given as standard input, output and error is no file of the world: never cut it short. */
    int fd = (int)syscall(SYS_openat, AT_FDCWD, path, flags & ~(O_CREAT | O_EXCL | O_TRUNC), mode);
    struct stat st;
    if (fd < 0 || syscall(SYS_fstat, fd, &st) || !S_ISREG(st.st_mode)) return fd;
    for (int i = 0; i < 3; i++) {
        if (!initial[i].open || st.st_dev != initial[i].dev || st.st_ino != initial[i].ino) continue;
        if (i) return fd;
        close(fd);
        return (int)syscall(SYS_openat, AT_FDCWD, "/dev/null", flags & ~(O_CREAT | O_EXCL | O_TRUNC), mode);
    }
    if (!in_bash) fail(NULL, "a pure tool opens %s for writing; a tool that does more than text is not pure", path);
    char name[64], target[PATH_ROOM];
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    ssize_t n = syscall(SYS_readlinkat, AT_FDCWD, name, target, sizeof target - 1);
    if (n < 0) fail(NULL, "%s cannot be identified", path);
    target[n] = 0;
    if (!in_root(target)) fail(NULL, "the shell writes to %s, which is no file of the world", path);
    if ((flags & O_TRUNC) && syscall(SYS_ftruncate, fd, 0)) return fd;
    write_down(virtual_path(target), fd, flags);
    return fd;
}

static int open_path(int dir, const char *path, int flags, mode_t mode) {
    char buffer[PATH_ROOM];
    const char *real = real_path(path, buffer);
    if (!ready || !path || real == NULL) return (int)syscall(SYS_openat, dir, real, flags, mode);
    if (is_device(path)) return open_device(path, flags, mode);
    check_stop();
    if (in_bash) prepare_shell();
    if (!is_writing(flags)) {
        int fd = (int)syscall(SYS_openat, dir, real, flags, mode);
        struct stat st;
        if (fd >= 0 && !syscall(SYS_fstat, fd, &st) && S_ISREG(st.st_mode) && !(st.st_mode & 0400)) {
            close(fd);  /* root may, the world's user may not */
            errno = EACCES;
            return -1;
        }
        if (!in_bash || *b_builtin != b_source) return fd;
        char whole[PATH_ROOM];
        absolute(path, whole, sizeof whole);
        size_t n = strlen(script_dir);
        if (!strncmp(whole, script_dir, n) && whole[n] == '/') return fd;
        if (fd < 0 && errno != ENOENT && errno != ENOTDIR) return fd;
        count_step();
        const char *texts[] = {path, NULL};
        add(SOURCE, texts, NULL, NULL);
        return fd >= 0 ? fd : (int)syscall(SYS_openat, AT_FDCWD, blank, flags, mode);
    }
    if (is_heredoc_file(path)) return (int)syscall(SYS_openat, dir, real, flags, mode);
    if (!in_bash) fail(NULL, "a pure tool opens %s for writing; a tool that does more than text is not pure", path);
    char whole[PATH_ROOM], target[PATH_ROOM];
    absolute(path, whole, sizeof whole);
    snprintf(target, sizeof target, "%s%s", root, whole);
    __atomic_store_n(&ctl->dirty, 1, __ATOMIC_RELAXED);
    int fd = (int)syscall(SYS_openat, dir, real, flags, mode);
    if (fd < 0 && errno == ENOENT && (flags & O_CREAT)) {
        char *slash = strrchr(target, '/');
        if ((size_t)(slash - target) > root_length) { *slash = 0; make_directories(target); *slash = '/'; }
        fd = (int)syscall(SYS_openat, AT_FDCWD, target, flags, mode);
    }
    if (fd >= 0) write_down(whole, fd, flags);
    return fd;
}

#define MODE_ARGUMENT                                   \
    mode_t mode = 0;                                    \
    if (flags & (O_CREAT | O_TMPFILE)) {                \
        va_list list;                                   \
        va_start(list, flags);                          \
        mode = va_arg(list, mode_t);                    \
        va_end(list);                                   \
    }
int open(const char *path, int flags, ...) { MODE_ARGUMENT return open_path(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE_ARGUMENT return open_path(AT_FDCWD, path, flags, mode); }
int openat(int dir, const char *path, int flags, ...) { MODE_ARGUMENT return open_path(dir, path, flags, mode); }
int openat64(int dir, const char *path, int flags, ...) { MODE_ARGUMENT return open_path(dir, path, flags, mode); }
int __open_2(const char *path, int flags) { return open_path(AT_FDCWD, path, flags, 0); }
int __open64_2(const char *path, int flags) { return open_path(AT_FDCWD, path, flags, 0); }
int __openat_2(int dir, const char *path, int flags) { return open_path(dir, path, flags, 0); }
int __openat64_2(int dir, const char *path, int flags) { return open_path(dir, path, flags, 0); }
int creat(const char *path, mode_t mode) { return open_path(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode); }
int creat64(const char *path, mode_t mode) { return creat(path, mode); }

static int mode_flags(const char *mode) {
    int flags = mode[0] == 'r' ? O_RDONLY : mode[0] == 'w' ? O_WRONLY | O_CREAT | O_TRUNC : O_WRONLY | O_CREAT | O_APPEND;
    if (strchr(mode, '+')) flags = (flags & ~O_ACCMODE) | O_RDWR;
    if (strchr(mode, 'x')) flags |= O_EXCL;
    if (strchr(mode, 'e')) flags |= O_CLOEXEC;
    return flags;
}
static FILE *open_stream(const char *path, const char *mode) {
    int fd = open_path(AT_FDCWD, path, mode_flags(mode), 0666);
    if (fd < 0) return NULL;
    FILE *stream = fdopen(fd, mode);
    if (!stream) close(fd);
    return stream;
}
FILE *fopen(const char *restrict path, const char *restrict mode) { return open_stream(path, mode); }
FILE *fopen64(const char *restrict path, const char *restrict mode) { return open_stream(path, mode); }
DECLARE(freopen);
FILE *freopen(const char *restrict path, const char *restrict mode, FILE *restrict stream) {
    char buffer[PATH_ROOM];
    if (ready && path && (mode[0] != 'r' || strchr(mode, '+')) && (!is_device(path) || is_open_file(path)))
        fail(NULL, "%s is opened for writing in a way that is not recorded", path);
    return NEXT(freopen)(path ? real_path(path, buffer) : path, mode, stream);
}
FILE *freopen64(const char *restrict path, const char *restrict mode, FILE *restrict stream) {
    return freopen(path, mode, stream);
}

static int temporary(char *template, int suffix, int flags) {
    char buffer[PATH_ROOM];
    /* sort(1) keeps a large input in files of its own; `sed -i` makes one to replace another. */
    if (ready && !in_bash && !is_frugal)
        fail(NULL, "a pure tool makes the file %s; a tool that does more than text is not pure", template);
    const char *real = real_path(template, buffer);
    if (!ready || real != buffer) snprintf(buffer, sizeof buffer, "%s", template);
    if (ready && in_root(buffer)) {
        char *slash = strrchr(buffer, '/');
        if ((size_t)(slash - buffer) > root_length) { *slash = 0; make_directories(buffer); *slash = '/'; }
        __atomic_store_n(&ctl->dirty, 1, __ATOMIC_RELAXED);
    }
    static void *next;
    if (!next) next = dlsym(RTLD_NEXT, "mkostemps");
    int fd = ((int (*)(char *, int, int))next)(buffer, suffix, flags);
    if (fd >= 0) {  /* the six characters that were chosen */
        size_t n = strlen(template), m = strlen(buffer);
        memcpy(template + n - (size_t)suffix - 6, buffer + m - (size_t)suffix - 6, 6);
    }
    return fd;
}
int mkstemp(char *template) { return temporary(template, 0, 0); }
int mkstemp64(char *template) { return temporary(template, 0, 0); }
int mkostemp(char *template, int flags) { return temporary(template, 0, flags); }
int mkostemp64(char *template, int flags) { return temporary(template, 0, flags); }
int mkstemps(char *template, int suffix) { return temporary(template, suffix, 0); }
int mkostemps(char *template, int suffix, int flags) { return temporary(template, suffix, flags); }

DECLARE(opendir);
DIR *opendir(const char *path) {
    char buffer[PATH_ROOM];
    return NEXT(opendir)(real_path(path, buffer));
}

static ssize_t world_link(int dir, const char *path, char *out, size_t room) {
    char buffer[PATH_ROOM], target[PATH_ROOM];
    ssize_t n = syscall(SYS_readlinkat, dir, real_path(path, buffer), target, sizeof target - 1);
    if (n < 0) return n;
    target[n] = 0;
    const char *text = ready ? virtual_path(target) : target;
    /* What a run was given as its standard streams lies beside the tree; to the script it is nothing. */
    if (ready && text == target && !strncmp(target, blank, strlen(blank) - strlen("blank"))) text = "/dev/null";
    size_t length = strlen(text);
    if (length > room) length = room;
    memcpy(out, text, length);
    return (ssize_t)length;
}
ssize_t readlink(const char *restrict path, char *restrict out, size_t room) { return world_link(AT_FDCWD, path, out, room); }
ssize_t readlinkat(int dir, const char *restrict path, char *restrict out, size_t room) { return world_link(dir, path, out, room); }
ssize_t __readlink_chk(const char *path, char *out, size_t room, size_t size) {
    return world_link(AT_FDCWD, path, out, room < size ? room : size);
}

DECLARE(realpath);
char *realpath(const char *restrict path, char *restrict resolved) {
    char buffer[PATH_ROOM], whole[PATH_MAX];
    if (!NEXT(realpath)(real_path(path, buffer), whole)) return NULL;
    const char *text = ready ? virtual_path(whole) : whole;
    return resolved ? strcpy(resolved, text) : strdup(text);
}
char *__realpath_chk(const char *path, char *resolved, size_t room) { (void)room; return realpath(path, resolved); }
char *canonicalize_file_name(const char *path) { return realpath(path, NULL); }

/* ---- directories ------------------------------------------------------------------------------------------- */

char *getcwd(char *buffer, size_t room) {
    char whole[PATH_ROOM];
    if (current_directory(whole, sizeof whole)) return NULL;
    size_t length = strlen(whole) + 1;
    if (buffer && room < length) { errno = room ? ERANGE : EINVAL; return NULL; }
    if (!buffer && !(buffer = malloc(room > length ? room : length))) return NULL;
    return memcpy(buffer, whole, length);
}
char *__getcwd_chk(char *buffer, size_t room, size_t size) { (void)size; return getcwd(buffer, room); }
char *get_current_dir_name(void) { return getcwd(NULL, 0); }
char *getwd(char *buffer) { return getcwd(buffer, PATH_MAX); }

/* `cd name` tries CDPATH's directories one after the other: those that have no such directory are passed over. */
static int lies_on_cdpath(const char *path) {
    shell_variable *found = b_find("CDPATH");
    for (const char *entry = found ? found->value : NULL; entry && *entry; entry += *entry == ':') {
        size_t n = strcspn(entry, ":");
        size_t bare = n;
        while (bare && entry[bare - 1] == '/') bare--;
        int here_too = !n || (n == 1 && entry[0] == '.');
        if (!here_too && !strncmp(path, entry, bare) && path[bare] == '/') return 1;
        entry += n;
    }
    return 0;
}

/* A directory that a command of the script would have made: it exists as soon as the script changes into it. */
static int make_missing(const char *path) {
    if (!*path || (*b_builtin != b_cd && *b_builtin != b_pushd) || lies_on_cdpath(path)) return 0;
    char whole[PATH_ROOM], target[PATH_ROOM];
    absolute(path, whole, sizeof whole);
    snprintf(target, sizeof target, "%s%s", root, whole);
    make_directories(target);
    return 1;
}

int chdir(const char *path) {
    char buffer[PATH_ROOM];
    int result = (int)syscall(SYS_chdir, real_path(path, buffer));
    if (!result || !ready || !in_bash || errno != ENOENT) return result;
    if (!make_missing(path)) { errno = ENOENT; return -1; }
    char whole[PATH_ROOM];
    absolute(path, whole, sizeof whole);
    return (int)syscall(SYS_chdir, real_path(whole, buffer));
}

/* ---- what nobody may do in a dry run ------------------------------------------------------------------------ */

static int refuse(const char *what, const char *path) {
    fail(NULL, "%s %s%s%s", in_bash ? "the shell" : "a pure tool", what, path ? " " : "", path ? path : "");
}
int unlink(const char *path) {
    char buffer[PATH_ROOM];
    /* sort(1) removes the temporary files that it made, and no others. */
    if (ready && !is_heredoc_file(path) && !is_frugal) refuse("removes", path);
    return (int)syscall(SYS_unlinkat, AT_FDCWD, real_path(path, buffer), 0);
}
#define REFUSED(name, parameters, arguments, what, path)            \
    DECLARE(name);                                                   \
    int name parameters {                                            \
        if (ready) refuse(what, path);                               \
        return NEXT(name) arguments;                                 \
    }
REFUSED(unlinkat, (int dir, const char *path, int flags), (dir, path, flags), "removes", path)
REFUSED(remove, (const char *path), (path), "removes", path)
REFUSED(rmdir, (const char *path), (path), "removes", path)
REFUSED(mkdir, (const char *path, mode_t mode), (path, mode), "makes the directory", path)
REFUSED(mkdirat, (int dir, const char *path, mode_t mode), (dir, path, mode), "makes the directory", path)
REFUSED(rename, (const char *from, const char *to), (from, to), "renames", from)
REFUSED(renameat, (int a, const char *from, int b, const char *to), (a, from, b, to), "renames", from)
REFUSED(renameat2, (int a, const char *from, int b, const char *to, unsigned f), (a, from, b, to, f), "renames", from)
REFUSED(link, (const char *from, const char *to), (from, to), "makes the link", to)
REFUSED(linkat, (int a, const char *from, int b, const char *to, int f), (a, from, b, to, f), "makes the link", to)
REFUSED(symlink, (const char *from, const char *to), (from, to), "makes the link", to)
REFUSED(symlinkat, (const char *from, int dir, const char *to), (from, dir, to), "makes the link", to)
REFUSED(truncate, (const char *path, off_t length), (path, length), "truncates", path)
REFUSED(chmod, (const char *path, mode_t mode), (path, mode), "changes the mode of", path)
REFUSED(fchmodat, (int dir, const char *path, mode_t mode, int f), (dir, path, mode, f), "changes the mode of", path)
REFUSED(chown, (const char *path, uid_t u, gid_t g), (path, u, g), "changes the owner of", path)
REFUSED(lchown, (const char *path, uid_t u, gid_t g), (path, u, g), "changes the owner of", path)
REFUSED(mkfifo, (const char *path, mode_t mode), (path, mode), "makes the pipe", path)
REFUSED(mknod, (const char *path, mode_t mode, dev_t dev), (path, mode, dev), "makes the device", path)
REFUSED(chroot, (const char *path), (path), "changes its root to", path)
REFUSED(clock_settime, (clockid_t clock, const struct timespec *when), (clock, when), "sets the clock", NULL)
REFUSED(settimeofday, (const struct timeval *when, const struct timezone *zone), (when, zone), "sets the clock", NULL)
REFUSED(system, (const char *command), (command), "starts a shell for", command)
DECLARE(popen);
FILE *popen(const char *command, const char *mode) {
    if (ready) refuse("starts a shell for", command);
    return NEXT(popen)(command, mode);
}
DECLARE(dlopen);
void *dlopen(const char *path, int flags) {
    if (ready && path) refuse("loads the library", path);
    return NEXT(dlopen)(path, flags);
}
DECLARE(socket);
int socket(int domain, int type, int protocol) {
    if (ready) refuse("opens a network connection", NULL);
    return NEXT(socket)(domain, type, protocol);
}
struct addrinfo;
int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **result) {
    (void)hints;
    (void)result;
    fail(NULL, "%s opens a network connection to %s port %s", in_bash ? "the shell" : "a pure tool", node ? node : "?",
         service ? service : "?");
}
DECLARE(posix_spawn);
int posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attributes,
                char *const argv[], char *const envp[]) {
    if (ready) refuse("starts", path);
    return NEXT(posix_spawn)(pid, path, actions, attributes, argv, envp);
}
DECLARE(posix_spawnp);
int posix_spawnp(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attributes,
                 char *const argv[], char *const envp[]) {
    if (ready) refuse("starts", path);
    return NEXT(posix_spawnp)(pid, path, actions, attributes, argv, envp);
}

/* ---- processes and signals ---------------------------------------------------------------------------------- */

DECLARE(fork);
pid_t fork(void) {
    if (!ready) return NEXT(fork)();
    check_stop();
    if (in_bash) restore_hashing();
    uint32_t number = __atomic_fetch_add(&ctl->forks, 1, __ATOMIC_SEQ_CST);
    if (number >= ctl->max_forks) fail(NULL, "the run starts more than %u processes", ctl->max_forks);
    if (depth == MAX_DEPTH) fail(NULL, "the run nests more than %d processes", MAX_DEPTH);
    heredoc_writer = -1;
    tentative_count = 0;
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

static int is_ours(pid_t pid) {
    if (pid == (pid_t)ctl->main_pid || pid == (pid_t)syscall(SYS_getpid)) return 1;
    uint32_t count = ctl->forks < ctl->max_forks ? ctl->forks : ctl->max_forks;
    for (uint32_t i = 0; i < count; i++)
        if (ctl->pids[i] == (uint32_t)pid) return 1;
    return 0;
}

/* The letter that /proc gives a process of the run: R works, S waits, T is stopped, Z has ended; 0: it is gone. */
static char state_of(pid_t pid) {
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

static int others_work(void) {
    uint32_t count = ctl->forks < ctl->max_forks ? ctl->forks : ctl->max_forks;
    for (uint32_t i = 0; i < count; i++)
        if (works(ctl->pids[i])) return 1;
    return works(ctl->main_pid);
}

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

static const char *limit_name(int resource) {
    switch (resource) {
    case RLIMIT_AS: return "as";
    case RLIMIT_CORE: return "core";
    case RLIMIT_CPU: return "cpu";
    case RLIMIT_DATA: return "data";
    case RLIMIT_FSIZE: return "fsize";
    case RLIMIT_LOCKS: return "locks";
    case RLIMIT_MEMLOCK: return "memlock";
    case RLIMIT_MSGQUEUE: return "msgqueue";
    case RLIMIT_NICE: return "nice";
    case RLIMIT_NOFILE: return "nofile";
    case RLIMIT_NPROC: return "nproc";
    case RLIMIT_RSS: return "rss";
    case RLIMIT_RTPRIO: return "rtprio";
    case RLIMIT_RTTIME: return "rttime";
    case RLIMIT_SIGPENDING: return "sigpending";
    case RLIMIT_STACK: return "stack";
    default: return "unknown";
    }
}
/* Limits are written down, never set; the machine's own are not shown. */
static int set_limit(int resource, rlim_t soft, rlim_t hard) {
    if (resource < 0 || resource >= RLIM_NLIMITS) { errno = EINVAL; return -1; }
    rlim_t value = soft != limits[resource].rlim_cur ? soft : hard;
    limits[resource].rlim_cur = soft;
    limits[resource].rlim_max = hard;
    count_step();
    const char *texts[] = {limit_name(resource), NULL};
    add(LIMIT, texts, NULL, NULL)->value = value == RLIM_INFINITY ? -1 : (int64_t)value;
    return 0;
}
DECLARE(setrlimit);
int setrlimit(__rlimit_resource_t resource, const struct rlimit *new) {
    if (!ready || !in_bash) return NEXT(setrlimit)(resource, new);
    return set_limit((int)resource, new->rlim_cur, new->rlim_max);
}
int setrlimit64(__rlimit_resource_t resource, const struct rlimit64 *new) {
    return setrlimit(resource, (const struct rlimit *)new);
}
DECLARE(getrlimit);
int getrlimit(__rlimit_resource_t resource, struct rlimit *out) {
    if (!ready || !in_bash || (int)resource < 0 || (int)resource >= RLIM_NLIMITS) return NEXT(getrlimit)(resource, out);
    *out = limits[resource];
    return 0;
}
int getrlimit64(__rlimit_resource_t resource, struct rlimit64 *out) { return getrlimit(resource, (struct rlimit *)out); }

/* ---- who and where: the world's, not the machine's ----------------------------------------------------------- */

uid_t getuid(void) { return WORLD_ID; }
uid_t geteuid(void) { return WORLD_ID; }
gid_t getgid(void) { return WORLD_ID; }
gid_t getegid(void) { return WORLD_ID; }
pid_t getppid(void) { return 1; }
int getgroups(int room, gid_t *groups) {
    if (room > 0) groups[0] = WORLD_ID;
    return 1;
}
static struct passwd *account(void) {
    static struct passwd entry;
    entry.pw_name = (char *)user;
    entry.pw_passwd = (char *)"x";
    entry.pw_uid = entry.pw_gid = WORLD_ID;
    entry.pw_gecos = (char *)"";
    entry.pw_dir = (char *)home;
    entry.pw_shell = (char *)"/bin/bash";
    return &entry;
}
struct passwd *getpwuid(uid_t uid) { return ready && uid == WORLD_ID ? account() : NULL; }
struct passwd *getpwnam(const char *name) { return ready && !strcmp(name, user) ? account() : NULL; }
struct group *getgrgid(gid_t gid) { (void)gid; return NULL; }
struct passwd *getpwent(void) { return NULL; }
struct group *getgrent(void) { return NULL; }
struct servent *getservent(void) { return NULL; }
int gethostname(char *name, size_t room) {
    snprintf(name, room, "localhost");
    return 0;
}
int uname(struct utsname *out) {
    *out = (struct utsname){.sysname = "Linux", .nodename = "localhost", .release = "6.0.0", .version = "#1 SMP",
                            .machine = "x86_64"};
    return 0;
}

/* Only two kinds of locale, those that every machine has: with UTF-8 and without. */
static const char *plain_locale(const char *name) {
    const char *codes = strchr(name, '.');
    return codes && (strcasestr(codes, "utf-8") || strcasestr(codes, "utf8")) ? "C.UTF-8" : "C";
}
DECLARE(setlocale);
char *setlocale(int category, const char *name) {
    if (!ready || !name) return NEXT(setlocale)(category, name);
    if (*name) {
        char *result = NEXT(setlocale)(category, plain_locale(name));
        return result ? result : NEXT(setlocale)(category, "C");
    }
    static const struct { int category; const char *variable; } table[] = {
        {LC_CTYPE, "LC_CTYPE"}, {LC_NUMERIC, "LC_NUMERIC"}, {LC_TIME, "LC_TIME"}, {LC_COLLATE, "LC_COLLATE"},
        {LC_MONETARY, "LC_MONETARY"}, {LC_MESSAGES, "LC_MESSAGES"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (category != LC_ALL && category != table[i].category) continue;
        const char *value = getenv("LC_ALL");
        if (!value || !*value) value = getenv(table[i].variable);
        if (!value || !*value) value = getenv("LANG");
        setlocale(table[i].category, value && *value ? value : "C");
    }
    return NEXT(setlocale)(category, NULL);
}

/* ---- time and chance: a plan depends on neither --------------------------------------------------------------- */

time_t time(time_t *out) {
    if (out) *out = NOW;
    return NOW;
}
int gettimeofday(struct timeval *restrict out, void *restrict zone) {
    (void)zone;
    *out = (struct timeval){NOW, 0};
    return 0;
}
int clock_gettime(clockid_t clock, struct timespec *out) {
    (void)clock;
    *out = (struct timespec){NOW, 0};
    return 0;
}
int getrusage(__rusage_who_t who, struct rusage *out) {
    (void)who;
    memset(out, 0, sizeof *out);
    return 0;
}
clock_t times(struct tms *out) {
    memset(out, 0, sizeof *out);
    return 0;
}
/* Without TZ the machine's own time zone would show. */
struct tm *localtime_r(const time_t *restrict when, struct tm *restrict out) {
    static void *next;
    const char *zone = getenv("TZ");
    if (zone && *zone) {
        if (!next) next = dlsym(RTLD_NEXT, "localtime_r");
        tzset();
        return ((struct tm * (*)(const time_t *, struct tm *))next)(when, out);
    }
    struct tm *result = gmtime_r(when, out);
    if (result) result->tm_zone = "UTC";
    return result;
}
struct tm *localtime(const time_t *when) {
    static struct tm result;
    return localtime_r(when, &result);
}
ssize_t getrandom(void *out, size_t size, unsigned flags) {
    (void)flags;
    static uint64_t chance = 1;
    for (size_t i = 0; i < size; i++) {
        chance = chance * 6364136223846793005u + 1442695040888963407u + depth;
        ((unsigned char *)out)[i] = (unsigned char)(chance >> 56);
    }
    return (ssize_t)size;
}
uint32_t arc4random(void) {
    uint32_t value;
    getrandom(&value, sizeof value, 0);
    return value;
}

/* $RANDOM. Every subshell draws a seed of its own from the machine when it is asked first: draw it from its place in
 * the tree of forks. A script that sets RANDOM gets what bash gives it. */
typedef struct random_variable {
    char *name, *value, *exported;
    struct random_variable *(*get)(struct random_variable *);
} random_variable;
static random_variable *(*b_random)(random_variable *);
static uint32_t seeded_depth;

static random_variable *get_random(random_variable *variable) {
    if (seeded_depth != depth) {
        seeded_depth = depth;
        b_random(variable);  /* bash takes its own seed now, and not again in this process */
        unsigned long seed = 1;
        for (uint32_t i = 0; i < depth; i++) seed = seed * 31 + order[i];
        b_sbrand(seed);
    }
    return b_random(variable);
}

static void make_random(void) {
    random_variable *variable = b_sbrand ? (random_variable *)b_find("RANDOM") : NULL;
    if (!variable || !variable->get) return;
    b_random = variable->get;
    variable->get = get_random;
    b_sbrand(1);
}

/* ---- here-documents: since 5.1 bash writes short ones into a pipe by itself ---------------------------------- */

DECLARE(pipe);
int pipe(int fds[2]) {
    int result = NEXT(pipe)(fds);
    if (result || !ready || !in_bash) return result;
    struct stat st;
    heredoc_writer = syscall(SYS_fstat, fds[0], &st) ? -1 : fds[1];
    heredoc_ino = st.st_ino;
    return 0;
}
ssize_t write(int fd, const void *data, size_t size) {
    if (fd == heredoc_writer && fd >= 0) {
        /* The process that made the pipe fills it, with no fork between: no pipeline does that. */
        heredocs[heredoc_next++ % (sizeof heredocs / sizeof *heredocs)] = heredoc_ino;
        heredoc_writer = -1;
    }
    return syscall(SYS_write, fd, data, size);
}

/* ---- which lines run ----------------------------------------------------------------------------------------- */

static struct cover *cover_of(const char *file) {
    struct cover *table = (struct cover *)((char *)ctl + ctl->cover);
    static struct cover *last;
    if (last && !strncmp(last->name, file, COVER_NAME - 1)) return last;
    while (__atomic_exchange_n(&ctl->lock, 1, __ATOMIC_ACQUIRE)) {}
    uint32_t i = 0;
    while (i < ctl->covered && strncmp(table[i].name, file, COVER_NAME - 1)) i++;
    if (i == ctl->covered && i < COVER_FILES) {
        strncpy(table[i].name, file, COVER_NAME - 1);
        ctl->covered++;
    }
    __atomic_store_n(&ctl->lock, 0, __ATOMIC_RELEASE);
    return last = i < COVER_FILES ? &table[i] : NULL;
}

static void command_starts(void) {
    check_stop();
    busy++;
    const char *file = element("BASH_SOURCE", 0);
    int line = b_line();
    if (file && line > 0 && line < COVER_LINES) {
        struct cover *cover = cover_of(file);
        if (cover) {
            __atomic_fetch_or(&cover->seen[line / 8], (uint8_t)(1 << line % 8), __ATOMIC_RELAXED);
            uint32_t index = (uint32_t)(cover - (struct cover *)((char *)ctl + ctl->cover));
            __atomic_store_n(&ctl->at, index << 16 | (uint32_t)line, __ATOMIC_RELAXED);
        }
    }
    restore_hashing();
    ctl->hooked = 1;
    busy--;
}

/* Before each command that it runs, bash frees the text of the one before; that is the only hook that costs nothing.
 * In a trap it keeps that text: there, whatever is freed tells that a command has come to another line. */
void free(void *pointer) {
    if (pointer && ready && in_bash && !busy) {
        static int trap_line;
        if (pointer == *b_printed) command_starts();
        else if (*b_trap && *b_printed && b_line() != trap_line) {
            trap_line = b_line();
            command_starts();
        }
    }
    __libc_free(pointer);
}

/* ---- executing ----------------------------------------------------------------------------------------------- */

static const char *stream(int fd, char *buffer, size_t room) {
    struct stat st;
    if (syscall(SYS_fstat, fd, &st)) return "&-";
    if (initial[fd].open && st.st_dev == initial[fd].dev && st.st_ino == initial[fd].ino) return "";
    for (int other = 0; other < 3; other++)
        if (initial[other].open && st.st_dev == initial[other].dev && st.st_ino == initial[other].ino)
            return other == 0 ? "/dev/stdin" : other == 1 ? "/dev/stdout" : "/dev/stderr";
    if (S_ISFIFO(st.st_mode)) {
        for (size_t i = 0; i < sizeof heredocs / sizeof *heredocs; i++)
            if (heredocs[i] && heredocs[i] == st.st_ino) return "heredoc";
        return "pipe";
    }
    if (S_ISSOCK(st.st_mode)) fail(NULL, "a command has a socket as file descriptor %d", fd);
    char name[64], target[PATH_ROOM];
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    ssize_t n = syscall(SYS_readlinkat, AT_FDCWD, name, target, sizeof target - 1);
    if (n < 0) fail(NULL, "file descriptor %d of a command cannot be identified", fd);
    target[n] = 0;
    if (!strncmp(base_name(target), "sh-thd", 6)) return "heredoc";
    int appends = S_ISREG(st.st_mode) && (fcntl(fd, F_GETFL) & O_APPEND);
    snprintf(buffer, room, "%s%s", appends ? ">>" : "", virtual_path(target));
    return buffer;
}

/* A command that does not read its input: let the writers finish before it goes, so that none gets a broken pipe.
 * A writer that waits, and nobody works, waits for ever: a coprocess. */
static void wait_for_writers(void) {
    for (int quiet = 0; quiet < 20; check_stop()) {
        struct pollfd p = {.fd = 0, .events = 0};
        if (poll(&p, 1, quiet < 10 ? 1 : 10) != 0) return;
        int have = 0, capacity = fcntl(0, F_GETPIPE_SZ);
        if (ioctl(0, FIONREAD, &have) || have + PIPE_BUF > capacity) return;
        quiet = others_work() ? 0 : quiet + 1;
    }
}

static void read_all(void) {
    char data[65536];
    while (read(0, data, sizeof data) > 0) check_stop();
}

static int has_dash(char *const argv[]) {
    for (int i = 1; argv[i]; i++)
        if (!strcmp(argv[i], "-")) return 1;
    return 0;
}

struct answer { int found; int status; const char *text; uint32_t length; };

static struct answer answer_of(char *const argv[]) {
    const char *cursor = rule_start;
    uint32_t argc = 0;
    while (argv[argc]) argc++;
    for (uint32_t i = 0; i < rule_count; i++) {
        struct answer answer = {1, 0, NULL, 0};
        answer.status = (int)take_number(&cursor);
        uint32_t words = take_number(&cursor);
        uint32_t open_end = take_number(&cursor);
        uint32_t nth = take_number(&cursor);
        int same = open_end ? argc >= words : argc == words;
        for (uint32_t j = 0; j < words; j++) {
            const char *word = take_string(&cursor, NULL);
            same = same && (!strcmp(word, "*") || !strcmp(word, argv[j]));
        }
        answer.text = take_string(&cursor, &answer.length);
        if (same && (!nth || __atomic_add_fetch(&rule_uses[i], 1, __ATOMIC_SEQ_CST) == nth)) return answer;
    }
    return (struct answer){0};
}

static void give(struct answer answer) __attribute__((noreturn));
static void give(struct answer answer) {
    signal(SIGPIPE, SIG_IGN);
    for (uint32_t done = 0; done < answer.length;) {
        ssize_t n = syscall(SYS_write, 1, answer.text + done, answer.length - done);
        if (n <= 0 && errno != EINTR) break;
        if (n > 0) done += (uint32_t)n;
    }
    _exit(answer.status);
}

static const char *pure_tool(const char *name) {
    if (!strncmp(name, "/usr/bin/", 9)) name += 9;
    else if (!strncmp(name, "/bin/", 5)) name += 5;
    if (strchr(name, '/')) return NULL;
    const char *cursor = pure_start;
    for (uint32_t i = 0; i < pure_count; i++) {
        const char *tool = take_string(&cursor, NULL);
        const char *path = take_string(&cursor, NULL);
        if (!strcmp(tool, name)) return path;
    }
    return NULL;
}

/* `cat` of a file that is not there is recorded like any other command. */
static int reads_missing_file(char *const argv[]) {
    if (strcmp(base_name(argv[0]), "cat")) return 0;
    int options = 1;
    for (int i = 1; argv[i]; i++) {
        if (options && !strcmp(argv[i], "--")) { options = 0; continue; }
        if ((options && argv[i][0] == '-') || !strcmp(argv[i], "-")) continue;
        struct stat st;
        if (world_stat(AT_FDCWD, argv[i], &st, 0)) return 1;
    }
    return 0;
}

static int is_loader_variable(const char *entry) {
    static const char *const names[] = {"LD_",      "GCONV_PATH=",      "LOCPATH=", "NLSPATH=", "GLIBC_TUNABLES=", "MALLOC_",
                                        "CI_PORT_", "POSIXLY_CORRECT=", "GREP_",    "AWKPATH=", "AWKLIBPATH=",     "TMPDIR=",
                                        NULL};
    for (int i = 0; names[i]; i++)
        if (!strncmp(entry, names[i], strlen(names[i]))) return 1;
    return 0;
}

/* The working memory of a process that is about to be replaced; it is never given back. */
static char *formatted(const char *format, ...) {
    va_list list;
    char *text = NULL;
    va_start(list, format);
    if (vasprintf(&text, format, list) < 0) end_run();
    va_end(list);
    return text;
}

/* `egrep` and `fgrep` are scripts around `grep -E` and `grep -F`. */
static char *const *with_grep_option(char *const argv[]) {
    const char *base = base_name(argv[0]);
    if (strcmp(base, "egrep") && strcmp(base, "fgrep")) return argv;
    size_t count = 0;
    while (argv[count]) count++;
    char **extended = malloc((count + 2) * sizeof *extended);
    if (!extended) end_run();
    extended[0] = argv[0];
    extended[1] = base[0] == 'e' ? (char *)"-E" : (char *)"-F";
    memcpy(extended + 2, argv + 1, count * sizeof *extended);
    return extended;
}

/* Really run a tool that only computes: with this library in it, so that it sees the world's files and no others. */
static void run_pure(const char *path, char *const argv[], char *const envp[]) __attribute__((noreturn));
static void run_pure(const char *path, char *const argv[], char *const envp[]) {
    if (!*path) fail(argv[0], "the pure tool %s is not installed here, or is linked statically", argv[0]);
    static char functions[PATH_MAX];
    const char *file;
    uint32_t line = here(&file, functions, sizeof functions);
    size_t count = 0, kept = 0;
    while (envp[count]) count++;
    char **environment = malloc((count + 8) * sizeof *environment);
    if (!environment) end_run();
    for (size_t i = 0; i < count; i++)
        if (!is_loader_variable(envp[i])) environment[kept++] = envp[i];
    Dl_info info;
    if (!dladdr((void *)&run_pure, &info)) fail(argv[0], "the recorder cannot find itself");
    char *path_text = formatted("CI_PORT_ORDER=");
    for (uint32_t i = 0; i < depth; i++) path_text = formatted("%s%u.", path_text, order[i]);
    environment[kept++] = formatted("LD_PRELOAD=%s", info.dli_fname);
    environment[kept++] = formatted("CI_PORT_CONTROL=%s", control_path);
    environment[kept++] = formatted("%s%u", path_text, seq);
    environment[kept++] = formatted("CI_PORT_PLACE=%u %s", line, file);
    environment[kept++] = formatted("CI_PORT_FUNCTIONS=%s", functions);
    environment[kept] = NULL;
    syscall(SYS_execve, path, with_grep_option(argv), environment);
    fail(argv[0], "the pure tool %s cannot be started: %s", path, strerror(errno));
}

static void settle_tentative(const char *const *streams) {
    for (int fd = 0; fd < 3; fd++) {
        const char *path = streams[fd];
        if (path[0] == '>' && path[1] == '>') path += 2;
        if (path[0] != '/') continue;
        struct stat st;
        for (unsigned i = tentative_count; i-- > 0;) {
            struct record *r = tentative[i].record;
            const char *cursor = (const char *)(r->path + r->depth);
            for (int skip = 0; skip < 2; skip++) { uint32_t n; memcpy(&n, cursor, 4); cursor += 4 + n; }
            uint32_t length;
            memcpy(&length, cursor, 4);
            if (r->state != READY || length != strlen(path) || memcmp(cursor + 4, path, length)) continue;
            /* The step says where its output goes, unless the shell has written there before. */
            if (syscall(SYS_fstat, fd, &st) || st.st_size != tentative[i].size) break;
            r->state = DEAD;
            __atomic_sub_fetch(&ctl->steps, 1, __ATOMIC_SEQ_CST);
            break;
        }
    }
}

static int runs_under_own_name(const char *path, const char *name) {  /* not so: exec -a */
    return !strcmp(base_name(path), base_name(name));
}

/* gawk's extensions edit files in place, fork and more. */
static int loads_code(char *const argv[]) {
    static const char *const options[] = {"-i", "--include", "-l", "--load", NULL};
    if (!strstr(base_name(argv[0]), "awk")) return 0;
    for (int i = 1; argv[i]; i++)
        for (int j = 0; options[j]; j++)
            if (!strncmp(argv[i], options[j], strlen(options[j]))) return 1;
    return 0;
}

static int execute(const char *path, char *const argv[], char *const envp[]) {
    check_stop();
    if (!argv[0]) fail(path, "a command has no name");
    if (!in_bash && !may_start)
        fail(NULL, "a pure tool starts the command %s; a tool that does more than text is not pure", argv[0]);
    struct stat st;
    if (strchr(path, '/') && strchr(argv[0], '/') && !world_stat(AT_FDCWD, path, &st, 0) && S_ISDIR(st.st_mode)) {
        errno = EACCES;  /* what the kernel says of a directory of the world */
        return -1;
    }
    const char *tool = runs_under_own_name(path, argv[0]) ? pure_tool(argv[0]) : NULL;
    if (tool && loads_code(argv)) fail(NULL, "%s loads code that is not in the script", argv[0]);
    if (tool && !reads_missing_file(argv)) run_pure(tool, argv, envp);
    struct answer answer = answer_of(argv);
    count_step();
    char cwd[PATH_ROOM], names[3][PATH_ROOM];
    if (current_directory(cwd, sizeof cwd)) fail(path, "the current directory cannot be read");
    const char *streams[3];
    for (int fd = 0; fd < 3; fd++) streams[fd] = stream(fd, names[fd], sizeof names[fd]);
    settle_tentative(streams);
    const char *texts[] = {cwd, streams[0], streams[1], streams[2], NULL};
    struct record *r = add(EXECUTE, texts, argv, envp);
    r->status = answer.status;
    r->flags = (uint32_t)answer.found;
    if (!strcmp(streams[0], "pipe")) {
        if (has_dash(argv)) read_all();
        else wait_for_writers();
    }
    give(answer);
}

DECLARE(execve);
int execve(const char *path, char *const argv[], char *const envp[]) {
    return ready ? execute(path, argv, envp) : NEXT(execve)(path, argv, envp);
}
extern char **environ;
int execv(const char *path, char *const argv[]) { return execve(path, argv, environ); }
int execvp(const char *path, char *const argv[]) { return execve(path, argv, environ); }
int execvpe(const char *path, char *const argv[], char *const envp[]) { return execve(path, argv, envp); }
DECLARE(fexecve);
int fexecve(int fd, char *const argv[], char *const envp[]) {
    return ready ? execute(argv[0], argv, envp) : NEXT(fexecve)(fd, argv, envp);
}
#define LIST_ARGUMENTS                                              \
    va_list list;                                                    \
    size_t count = 1;                                                \
    va_start(list, first);                                           \
    while (va_arg(list, char *)) count++;                            \
    va_end(list);                                                    \
    char *argv[count + 1];                                           \
    argv[0] = (char *)first;                                         \
    va_start(list, first);                                           \
    for (size_t i = 1; i <= count; i++) argv[i] = va_arg(list, char *); \
    va_end(list);
int execl(const char *path, const char *first, ...) { LIST_ARGUMENTS return execve(path, argv, environ); }
int execlp(const char *path, const char *first, ...) { LIST_ARGUMENTS return execve(path, argv, environ); }

/* ---- start --------------------------------------------------------------------------------------------------- */

static void read_configuration(char ***environment) {
    const char *cursor = (const char *)ctl + ctl->config;
    rule_count = take_number(&cursor);
    rule_uses = (uint32_t *)cursor;
    cursor += rule_count * sizeof *rule_uses;
    snprintf(root, sizeof root, "%s", take_string(&cursor, NULL));
    root_length = strlen(root);
    snprintf(blank, sizeof blank, "%s", take_string(&cursor, NULL));
    snprintf(scratch_tmp, sizeof scratch_tmp, "%s", take_string(&cursor, NULL));
    snprintf(noise, sizeof noise, "%s", take_string(&cursor, NULL));
    script_dir = take_string(&cursor, NULL);
    home = take_string(&cursor, NULL);
    user = take_string(&cursor, NULL);
    pure_count = take_number(&cursor);
    pure_start = cursor;
    for (uint32_t i = 0; i < 2 * pure_count; i++) take_string(&cursor, NULL);
    uint32_t rule_bytes = take_number(&cursor);
    rule_start = cursor;
    cursor += rule_bytes;
    uint32_t count = take_number(&cursor);
    *environment = malloc((count + 1) * sizeof **environment);
    if (!*environment) end_run();
    for (uint32_t i = 0; i < count; i++) (*environment)[i] = (char *)take_string(&cursor, NULL);
    (*environment)[count] = NULL;
}

static void inherit_place(void) {
    const char *text = getenv("CI_PORT_ORDER");
    while (text && *text && depth < MAX_DEPTH) {
        char *end;
        uint32_t number = (uint32_t)strtoul(text, &end, 10);
        if (*end != '.') { seq = number; break; }
        order[depth++] = number;
        text = end + 1;
    }
    text = getenv("CI_PORT_PLACE");
    if (text) {
        place_line = (uint32_t)strtoul(text, NULL, 10);
        const char *file = strchr(text, ' ');
        snprintf(place_file, sizeof place_file, "%s", file ? file + 1 : "");
    }
    text = getenv("CI_PORT_FUNCTIONS");
    snprintf(place_functions, sizeof place_functions, "%s", text ? text : "");
    for (char **entry = environ; *entry;) {  /* an awk program that lists ENVIRON sees the script's variables only */
        if (!strncmp(*entry, "CI_PORT_", 8) || !strncmp(*entry, "LD_PRELOAD=", 11)) {
            for (char **next = entry; (*next = next[1]); next++) {}
        } else entry++;
    }
}

/* What a pure tool was started as; the C library hands it to constructors, too. */
static void keep_command(char **argv) {
    size_t used = 0;
    for (int i = 0; argv[i] && used < sizeof own_command; i++)
        used += (size_t)snprintf(own_command + used, sizeof own_command - used, i ? " %s" : "%s", argv[i]);
    may_start = argv[0] && !strcmp(base_name(argv[0]), "xargs");
    is_frugal = argv[0] && !strcmp(base_name(argv[0]), "sort");
}

__attribute__((constructor)) static void start(int argc, char **argv) {
    (void)argc;
    const char *path = getenv("CI_PORT_CONTROL");
    if (!path) return;
    snprintf(control_path, sizeof control_path, "%s", path);
    int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0);
    struct stat st;
    if (fd < 0 || syscall(SYS_fstat, fd, &st)) _exit(END_STATUS);
    ctl = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    syscall(SYS_close, fd);
    if (ctl == MAP_FAILED || ctl->version != VERSION) _exit(END_STATUS);
    check_stop();
    in_bash = dlsym(RTLD_DEFAULT, "executing_line_number") != NULL;
    char **environment;
    read_configuration(&environment);
    for (int i = 0; i < 3; i++) {
        initial[i].open = syscall(SYS_fstat, i, &st) == 0;
        initial[i].dev = st.st_dev;
        initial[i].ino = st.st_ino;
    }
    if (!in_bash) {
        inherit_place();
        keep_command(argv);
        ready = 1;
        return;
    }
    if (!symbols()) _exit(END_STATUS);
    hold(RLIMIT_AS, ctl->memory);
    hold(RLIMIT_CPU, ctl->seconds);
    for (int i = 0; i < RLIM_NLIMITS; i++) limits[i].rlim_cur = limits[i].rlim_max = RLIM_INFINITY;
    environ = environment;
    ctl->main_pid = (uint32_t)syscall(SYS_getpid);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    ready = 1;
    ctl->ready = 1;
}
