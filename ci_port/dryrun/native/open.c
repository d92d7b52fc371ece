/* Opening files: for reading, for writing, as a script of its own. Answers to open(2) and to bash's redir.c and
 * builtins/source.def. */
#include "recorder.h"

static int is_writing(int flags) { return (flags & O_ACCMODE) != O_RDONLY || (flags & (O_CREAT | O_TRUNC)); }

/* Once bash has set itself up (it is opening the script): arm the hook of free(). */
static void prepare_shell(void) {
    static int is_prepared;
    if (is_prepared || *b_printed || !*b_pid) return;
    is_prepared = 1;
    *b_printed = strdup("");
    make_random();
}

/* Devices, and what is open already under a number. */
static int open_device(const char *path, int flags, mode_t mode) {
    if (is_noise(path)) return (int)syscall(SYS_openat, AT_FDCWD, settings.noise, O_RDONLY | (flags & O_CLOEXEC), 0);
    if (!is_open_file(path) || !is_writing(flags)) return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
    char target[PATH_ROOM];
    const char *own = own_path(path, NULL, target);
    if (own) return open_path(AT_FDCWD, own, flags, mode, NULL);
    /* What the run was given as standard input, output and error is no file of the world: never cut it short. */
    int fd = (int)syscall(SYS_openat, AT_FDCWD, path, flags & ~(O_CREAT | O_EXCL | O_TRUNC), mode);
    struct stat st;
    if (fd < 0 || syscall(SYS_fstat, fd, &st) || !S_ISREG(st.st_mode)) return fd;
    for (int i = 0; i < 3; i++) {
        if (!is_initial(i, &st)) continue;
        if (i) return fd;
        close(fd);
        return (int)syscall(SYS_openat, AT_FDCWD, "/dev/null", flags & ~(O_CREAT | O_EXCL | O_TRUNC), mode);
    }
    if (!in_bash && ctl->effects) return fd;
    if (!in_bash) fail(NULL, "a pure tool opens %s for writing; a tool that does more than text is not pure", path);
    if (path_of(fd, target, sizeof target)) fail(NULL, "%s cannot be identified", path);
    if (!in_root(target)) fail(NULL, "the shell writes to %s, which is no file of the world", path);
    if ((flags & O_TRUNC) && syscall(SYS_ftruncate, fd, 0)) return fd;
    write_down(virtual_path(target), fd, flags);
    return fd;
}

/* What is sourced from outside the script's own files is a step. */
static int open_source(const char *path, int flags, int fd) {
    struct stat st;
    if (ctl->effects) {
        if (fd < 0 || own_fstat(fd, &st) || is_own_file(&st)) return fd;
    } else {
        char whole[PATH_ROOM];
        absolute(path, whole, sizeof whole);
        size_t n = strlen(settings.script_dir);
        if (!strncmp(whole, settings.script_dir, n) && whole[n] == '/') return fd;
        if (fd < 0 && errno != ENOENT && errno != ENOTDIR) return fd;
    }
    count_step();
    const char *texts[SOURCE_TEXTS] = {path};
    add(SOURCE, texts, NULL, NULL);
    return fd >= 0 ? fd : (int)syscall(SYS_openat, AT_FDCWD, settings.blank, flags, 0);
}

static int open_reading(int dir, const char *path, const char *real, int flags, mode_t mode, void *caller) {
    int fd = (int)syscall(SYS_openat, dir, real, flags, mode);
    char place[PATH_ROOM];
    if (fd >= 0 && ctl->effects && !path_of(fd, place, sizeof place) && place[0] == '/' && !in_root(place)) {
        close(fd);  /* a link that was moved leads out of the tree */
        errno = ENOENT;
        return -1;
    }
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR)) ask_path(dir, path);
    if (fd >= 0) {
        own_is_read(fd, flags);
        forget_note(fd);
        if (!in_bash) note_read(fd);
    }
    return in_bash && opens_source(caller) ? open_source(path, flags, fd) : fd;
}

/* Open for writing what stands at `path`, or is made there, inside the tree whatever links there are: `real` becomes where
 * it stands. */
static int open_inside(int dir, const char *path, int flags, mode_t mode, char *real) {
    char whole[PATH_ROOM];
    struct stat st;
    int slash = 0;
    if (physical(dir, path, whole, sizeof whole)) return -1;
    if (!(flags & O_NOFOLLOW) && !((flags & O_CREAT) && (flags & O_EXCL))) {
        slash = follow_links(whole);
        char again[PATH_ROOM];
        if (physical(AT_FDCWD, whole, again, sizeof again)) return -1;
        strcpy(whole, again);
    }
    snprintf(real, PATH_ROOM, "%s%s", settings.root, whole);
    int is_new = syscall(SYS_newfstatat, AT_FDCWD, real, &st, AT_SYMLINK_NOFOLLOW) != 0;
    if (!is_new && S_ISLNK(st.st_mode)) { errno = ELOOP; return -1; }
    keep_slash(path, slash, real);
    int fd = (int)syscall(SYS_openat, AT_FDCWD, real, flags | O_NOFOLLOW, mode);
    if (fd >= 0 && is_new) entry_changes(real, 1);
    return fd;
}

/* A tool writes a file: its own affair, but the file is another one from now on. */
static int open_by_tool(int dir, const char *path, int flags, mode_t mode) {
    may_change("opens for writing:", path);
    if (flags & O_EXCL) choose_name(dir, (char *)path);
    flush_text(dir, path);
    char real[PATH_ROOM];
    int fd = open_inside(dir, path, flags, mode, real);
    struct stat st;
    if (fd < 0 || syscall(SYS_fstat, fd, &st)) return fd;
    own_is_written(fd, flags);
    touch_path(virtual_path(real));
    file_changes(st.st_ino);
    forget_text(st.st_ino);
    add_number(CHANGE, (int64_t)st.st_ino)->flags = flags & (O_TRUNC | O_EXCL) ? CUTS : 0;
    return fd;
}

/* The shell itself writes a file. */
static int open_by_shell(int dir, const char *path, const char *real, int flags, mode_t mode) {
    char whole[PATH_ROOM];
    if (ctl->effects) {
        flush_text(dir, path);
        char place[PATH_ROOM];
        int fd = open_inside(dir, path, flags, mode, place);
        struct stat st;
        if (fd < 0 || syscall(SYS_fstat, fd, &st) || !S_ISREG(st.st_mode)) {
            if (fd < 0 && (errno == ENOENT || errno == ENOTDIR)) ask_path(dir, path);
            return fd;
        }
        own_is_written(fd, flags);
        touch_path(virtual_path(place));
        file_changes(st.st_ino);
        write_down(virtual_path(place), fd, flags);
        return fd;
    }
    char target[PATH_ROOM];
    absolute(path, whole, sizeof whole);
    snprintf(target, sizeof target, "%s%s", settings.root, whole);
    __atomic_store_n(&ctl->dirty, 1, __ATOMIC_RELAXED);
    flush_text(dir, path);
    int fd = (int)syscall(SYS_openat, dir, real, flags, mode);
    if (fd < 0 && errno == ENOENT && (flags & O_CREAT)) {
        char *slash = strrchr(target, '/');
        if ((size_t)(slash - target) > root_length) { *slash = 0; make_directories(target); *slash = '/'; }
        fd = (int)syscall(SYS_openat, AT_FDCWD, target, flags, mode);
    }
    struct stat st;
    if (fd >= 0 && !syscall(SYS_fstat, fd, &st)) {
        file_changes(st.st_ino);
        write_down(whole, fd, flags);
    }
    return fd;
}

int open_path(int dir, const char *path, int flags, mode_t mode, void *caller) {
    char buffer[PATH_ROOM];
    const char *real = real_path(path, buffer);
    if (!ready || !path || real == NULL) return (int)syscall(SYS_openat, dir, real, flags, mode);
    if (is_device(path)) return open_device(path, flags, mode);
    check_stop();
    if (in_bash) prepare_shell();
    if (!is_writing(flags)) return open_reading(dir, path, real, flags, mode, caller);
    if (is_heredoc_file(path)) return (int)syscall(SYS_openat, dir, real, flags, mode);
    if (in_bash) return open_by_shell(dir, path, real, flags, mode);
    if (ctl->effects) return open_by_tool(dir, path, flags, mode);
    fail(NULL, "a pure tool opens %s for writing; a tool that does more than text is not pure", path);
}

#define CALLER __builtin_return_address(0)
#define MODE_ARGUMENT                                   \
    mode_t mode = 0;                                    \
    if (flags & (O_CREAT | O_TMPFILE)) {                \
        va_list list;                                   \
        va_start(list, flags);                          \
        mode = va_arg(list, mode_t);                    \
        va_end(list);                                   \
    }
int open(const char *path, int flags, ...) { MODE_ARGUMENT return open_path(AT_FDCWD, path, flags, mode, CALLER); }
int open64(const char *path, int flags, ...) { MODE_ARGUMENT return open_path(AT_FDCWD, path, flags, mode, CALLER); }
int openat(int dir, const char *path, int flags, ...) { MODE_ARGUMENT return open_path(dir, path, flags, mode, CALLER); }
int openat64(int dir, const char *path, int flags, ...) { MODE_ARGUMENT return open_path(dir, path, flags, mode, CALLER); }
int __open_2(const char *path, int flags) { return open_path(AT_FDCWD, path, flags, 0, CALLER); }
int __open64_2(const char *path, int flags) { return open_path(AT_FDCWD, path, flags, 0, CALLER); }
int __openat_2(int dir, const char *path, int flags) { return open_path(dir, path, flags, 0, CALLER); }
int __openat64_2(int dir, const char *path, int flags) { return open_path(dir, path, flags, 0, CALLER); }
int creat(const char *path, mode_t mode) { return open_path(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode, CALLER); }
int creat64(const char *path, mode_t mode) { return creat(path, mode); }
