/* What a command's standard streams are: a file, a pipe, a here-document, or what the run was given. Since 5.1 bash
 * writes a short here-document into a pipe by itself. Answers to pipe(2), write(2), poll(2) and to bash's redir.c
 * (here_document_to_fd). */
#include "recorder.h"

#define MOST_PROBES 8
#define MOST_INPUT (4 << 20)  /* bytes that a command takes from a pipe */

static ino_t heredocs[16];
static unsigned heredoc_next;
static int heredoc_writer = -1;
static ino_t heredoc_ino;

DECLARE(pipe);
int pipe(int fds[2]) {
    int result = NEXT(pipe)(fds);
    if (result || !ready || !in_bash) return result;
    struct stat st;
    heredoc_writer = syscall(SYS_fstat, fds[0], &st) ? -1 : fds[1];
    heredoc_ino = st.st_ino;
    return 0;
}

/* A process whose standard input was made a pipe by itself is a member of a pipeline: nobody else reads from there. */
static int is_member;
DECLARE(dup2);
int dup2(int from, int to) {
    if (ready) {
        struct stat st;
        forget_note(to);
        if (to == 0) is_member = !syscall(SYS_fstat, from, &st) && S_ISFIFO(st.st_mode);
    }
    return NEXT(dup2)(from, to);
}

ssize_t write(int fd, const void *data, size_t size) {
    if (fd == heredoc_writer && fd >= 0) {
        /* The process that made the pipe fills it, with no fork between: no pipeline does that. */
        heredocs[heredoc_next++ % (sizeof heredocs / sizeof *heredocs)] = heredoc_ino;
        heredoc_writer = -1;
    }
    return syscall(SYS_write, fd, data, size);
}

void forget_heredoc(void) { heredoc_writer = -1; }
void forget_pipe(void) {
    forget_heredoc();
    is_member = 0;
}

int is_initial(int fd, const struct stat *st) {
    const uint64_t numbers[] = {ctl->initial_0, ctl->initial_1, ctl->initial_2};
    return ctl->initial_open & 1u << fd && st->st_dev == ctl->initial_dev && st->st_ino == numbers[fd];
}

/* The inodes of the standard streams: whoever reads from one of them reads what was written there. */
void inodes(char *text, size_t room) {
    size_t used = 0;
    for (int fd = 0; fd < 3; fd++) {
        struct stat st;
        uint64_t number = own_fstat(fd, &st) || is_initial(fd, &st) || S_ISCHR(st.st_mode) ? 0 : st.st_ino;
        used += (size_t)snprintf(text + used, room - used, "%llu ", (unsigned long long)number);
    }
}

const char *stream(int fd, char *buffer, size_t room) {
    struct stat st;
    if (syscall(SYS_fstat, fd, &st)) return "&-";
    if (is_initial(fd, &st)) return "";
    for (int other = 0; other < 3; other++)
        if (is_initial(other, &st))
            return other == 0 ? "/dev/stdin" : other == 1 ? "/dev/stdout" : "/dev/stderr";
    if (S_ISFIFO(st.st_mode)) {
        for (size_t i = 0; i < sizeof heredocs / sizeof *heredocs; i++)
            if (heredocs[i] && heredocs[i] == st.st_ino) return "heredoc";
        return "pipe";
    }
    if (S_ISSOCK(st.st_mode)) fail(NULL, "a command has a socket as file descriptor %d", fd);
    char name[64], target[PATH_ROOM];
    const char *own = own_path(NULL, &st, target);
    if (own) {
        snprintf(buffer, room, "%s", own);
        return buffer;
    }
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    ssize_t n = syscall(SYS_readlinkat, AT_FDCWD, name, target, sizeof target - 1);
    if (n < 0) fail(NULL, "file descriptor %d of a command cannot be identified", fd);
    target[n] = 0;
    if (!in_root(target) && !strncmp(base_name(target), "sh-thd", 6)) return "heredoc";
    if (!strcmp(target, settings.noise)) return "/dev/urandom";
    int appends = S_ISREG(st.st_mode) && (fcntl(fd, F_GETFL) & O_APPEND);
    snprintf(buffer, room, "%s%s", appends ? ">>" : "", virtual_path(target));
    return buffer;
}

/* The pipes that somebody has begun to read. One that is forgotten costs a writer some time. */
static int is_read(ino_t inode, int make) {
    struct read_pipe *table = (struct read_pipe *)((char *)ctl + ctl->read);
    for (uint32_t i = 0; i < MOST_PROBES; i++) {
        struct read_pipe *slot = &table[((uint32_t)inode * 0x9e3779b1u + i) % READ_PIPES];
        if (slot->run == ctl->run && slot->inode == (uint32_t)inode) return 1;
        if (slot->run == ctl->run && i + 1 < MOST_PROBES) continue;
        if (make) *slot = (struct read_pipe){.run = ctl->run, .inode = (uint32_t)inode};
        return 0;
    }
    return 0;
}

void pipe_is_read(const struct stat *st) {
    if (ctl->effects && S_ISFIFO(st->st_mode)) is_read(st->st_ino, 1);
}

/* A command starts: it might read its standard input, and what process substitutions among its words feed. */
void pipes_are_read(char *const argv[]) {
    struct stat st;
    if (!ctl->effects) return;
    if (!syscall(SYS_fstat, 0, &st)) pipe_is_read(&st);
    for (int i = 1; argv[i]; i++)
        if (!strncmp(argv[i], "/dev/fd/", 8) && !syscall(SYS_fstat, (int)strtol(argv[i] + 8, NULL, 10), &st)) pipe_is_read(&st);
}

/* A command is about to print into a pipe. It takes its time to start, so that a part of the script on the other side
 * which does not read has ended by then. 0: so it has. */
int wait_for_reader(int fd) {
    struct stat st;
    if (!ctl->effects || syscall(SYS_fstat, fd, &st) || !S_ISFIFO(st.st_mode) || is_initial(fd, &st)) return 1;
    for (int looks = 0, quiet = 0; quiet < 20; looks++, check_stop()) {
        struct pollfd p = {.fd = fd};
        if (poll(&p, 1, 0) > 0 && p.revents & POLLERR) return 0;
        if (is_read(st.st_ino, 0)) return 1;
        struct timespec pause = {0, looks < 20 ? 50000 : looks < 40 ? 1000000 : 10000000};
        syscall(SYS_nanosleep, &pause, NULL);
        if (looks >= 20) quiet = others_work() ? 0 : quiet + 1;
    }
    return 1;
}

/* Wait for what happens to the pipe `fd`: one of `events`, its writers end, or it holds more than `most`
 * bytes. 0: nothing will, nobody works. A writer that waits then waits for ever: a coprocess. */
static int wait_for_writers(int fd, short events, int most) {
    for (int quiet = 0; quiet < 20; check_stop()) {
        struct pollfd p = {.fd = fd, .events = events};
        if (poll(&p, 1, quiet < 10 ? 1 : 10) != 0) return 1;
        int have = 0;
        if (ioctl(fd, FIONREAD, &have) || have > most) return 1;
        quiet = others_work() ? 0 : quiet + 1;
    }
    return 0;
}

static int has_dash(char *const argv[]) {
    for (int i = 1; argv[i]; i++)
        if (!strcmp(argv[i], "-")) return 1;
    return 0;
}

/* What stands in the pipe stays there, for whoever reads it. */
static void copy_pipe(uint64_t execute, int fd) {
    int have = 0, copy[2];
    if (ioctl(fd, FIONREAD, &have) || have <= 0 || NEXT(pipe)(copy)) return;
    fcntl(copy[1], F_SETPIPE_SZ, fcntl(fd, F_GETPIPE_SZ));
    ssize_t n = tee(fd, copy[1], (size_t)have, SPLICE_F_NONBLOCK);
    char *data = n > 0 ? __libc_malloc((size_t)n) : NULL;
    if (data && (n = syscall(SYS_read, copy[0], data, n)) > 0) add_data(INPUT, data, (size_t)n, execute);
    __libc_free(data);
    syscall(SYS_close, copy[0]);
    syscall(SYS_close, copy[1]);
}

/* A member of a pipeline takes all, so that a writer of much comes to its end; one without end gets none (`yes |`). */
static void take_pipe(uint64_t execute) {
    char data[65536];
    size_t taken = 0;
    for (ssize_t n; taken < MOST_INPUT && wait_for_writers(0, POLLIN, INT_MAX); check_stop()) {
        if ((n = syscall(SYS_read, 0, data, sizeof data)) <= 0) return;
        if (taken + (size_t)n > MOST_INPUT) n = (ssize_t)(MOST_INPUT - taken);
        add_data(INPUT, data, (size_t)n, execute);
        taken += (size_t)n;
    }
}

static void copy_file(uint64_t execute) {
    struct stat st;
    off_t from = lseek(0, 0, SEEK_CUR);
    if (from < 0 || syscall(SYS_fstat, 0, &st) || st.st_size <= from) return;
    char *data = __libc_malloc((size_t)(st.st_size - from));
    ssize_t n = data ? syscall(SYS_pread64, 0, data, (size_t)(st.st_size - from), from) : 0;
    if (n > 0) add_data(INPUT, data, (size_t)n, execute);
    __libc_free(data);
}

/* The writers wait for room. */
static int is_full(void) {
    struct pollfd p = {.fd = 0, .events = 0};
    int have = 0;
    return poll(&p, 1, 0) == 0 && !ioctl(0, FIONREAD, &have) && have + PIPE_BUF > fcntl(0, F_GETPIPE_SZ);
}

/* What stands ready on the standard input of a command is part of its step; `kind` is what stream() says of it. A
 * member of a pipeline takes it away if it is more than the pipe holds. In a world of version 1 a command reads if a
 * word of it says so. */
static void keep_stdin(uint64_t execute, const char *kind, char *const argv[]) {
    struct stat st;
    if ((strcmp(kind, "pipe") && strcmp(kind, "heredoc")) || syscall(SYS_fstat, 0, &st)) return;
    if (!S_ISFIFO(st.st_mode)) {
        copy_file(execute);
        return;
    }
    int reads = !ctl->effects && has_dash(argv);
    /* Let the writers finish before the command goes, so that none gets a broken pipe. */
    if (!reads && !strcmp(kind, "pipe")) wait_for_writers(0, 0, fcntl(0, F_GETPIPE_SZ) - PIPE_BUF);
    if (reads || (is_member && is_full())) take_pipe(execute);
    else copy_pipe(execute, 0);
}

/* What process substitutions among the words feed (`cmd <(echo a)`) is part of the input, too. */
static void keep_substitutions(uint64_t execute, char *const argv[]) {
    for (int i = 1; argv[i]; i++) {
        struct stat st;
        char *end;
        if (strncmp(argv[i], "/dev/fd/", 8)) continue;
        int fd = (int)strtol(argv[i] + 8, &end, 10);
        if (*end || fd < 3 || syscall(SYS_fstat, fd, &st) || !S_ISFIFO(st.st_mode)) continue;
        if ((fcntl(fd, F_GETFL) & O_ACCMODE) != O_RDONLY) continue;
        wait_for_writers(fd, 0, fcntl(fd, F_GETPIPE_SZ) - PIPE_BUF);
        copy_pipe(execute, fd);
    }
}

void keep_input(uint64_t execute, const char *kind, char *const argv[]) {
    keep_stdin(execute, kind, argv);
    keep_substitutions(execute, argv);
}
