/* What a command's standard streams are: a file, a pipe, a here-document, or what the run was given. Since 5.1 bash
 * writes a short here-document into a pipe by itself. Answers to pipe(2), write(2), poll(2) and to bash's redir.c
 * (here_document_to_fd). */
#include "recorder.h"

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
ssize_t write(int fd, const void *data, size_t size) {
    if (fd == heredoc_writer && fd >= 0) {
        /* The process that made the pipe fills it, with no fork between: no pipeline does that. */
        heredocs[heredoc_next++ % (sizeof heredocs / sizeof *heredocs)] = heredoc_ino;
        heredoc_writer = -1;
    }
    return syscall(SYS_write, fd, data, size);
}

void forget_pipe(void) { heredoc_writer = -1; }

const char *stream(int fd, char *buffer, size_t room) {
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

/* A command whose input is a pipe goes: how it treats what the writers have for it. */
void let_writers_finish(char *const argv[]) {
    if (has_dash(argv)) read_all();
    else wait_for_writers();
}
