/* Opening files: for reading, for writing, as a script of its own. Answers to open(2) and to bash's redir.c and
 * builtins/source.def. */
#include "recorder.h"

static int is_writing(int flags) { return (flags & O_ACCMODE) != O_RDONLY || (flags & (O_CREAT | O_TRUNC)); }

/* Once bash has set itself up (it is opening the script): hide the process number, arm the hook of free(). */
static void prepare_shell(void) {
    if (*b_printed || !*b_pid || *b_pid == SHELL_PID) return;
    *b_pid = SHELL_PID;
    *b_printed = strdup("");
    make_random();
}

/* Devices, and what is open already under a number. */
static int open_device(const char *path, int flags, mode_t mode) {
    if (is_noise(path)) return (int)syscall(SYS_openat, AT_FDCWD, settings.noise, O_RDONLY | (flags & O_CLOEXEC), 0);
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

int open_path(int dir, const char *path, int flags, mode_t mode) {
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
        size_t n = strlen(settings.script_dir);
        if (!strncmp(whole, settings.script_dir, n) && whole[n] == '/') return fd;
        if (fd < 0 && errno != ENOENT && errno != ENOTDIR) return fd;
        count_step();
        const char *texts[SOURCE_TEXTS] = {path};
        add(SOURCE, texts, NULL, NULL);
        return fd >= 0 ? fd : (int)syscall(SYS_openat, AT_FDCWD, settings.blank, flags, mode);
    }
    if (is_heredoc_file(path)) return (int)syscall(SYS_openat, dir, real, flags, mode);
    if (!in_bash) fail(NULL, "a pure tool opens %s for writing; a tool that does more than text is not pure", path);
    char whole[PATH_ROOM], target[PATH_ROOM];
    absolute(path, whole, sizeof whole);
    snprintf(target, sizeof target, "%s%s", settings.root, whole);
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
