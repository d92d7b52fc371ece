/* What tools do to files: done in the scratch tree, and the tool becomes a step of the plan. In a world of version 1
 * nobody may. Answers to mkdir(2), unlink(2), rename(2), link(2), symlink(2), chmod(2), chown(2), truncate(2),
 * utimensat(2) and mkfifo(3). */
#include "recorder.h"

static const char *const *step_streams;

/* The tool that this process is changes something: from a text tool it turns into a step. */
void becomes_step(void) {
    if (in_bash || own_process()->execute || !step_streams) return;
    struct record *r = write_execute(EXECUTE, own_argv[0], own_argv, environ, step_streams);
    r->flags |= TEXT_ONLY;
    own_process()->execute = place_of(r);
}

/* What a file tool reads from a pipe is fed to it (tee). */
void keep_read(const char *data, size_t length) {
    struct process *process = own_process();
    if (!process->execute || !step_streams || (strcmp(step_streams[0], "pipe") && strcmp(step_streams[0], "heredoc"))) return;
    add_data(INPUT, data, length, process->execute);
}

void keep_step(const char *const *streams) { step_streams = streams; }

void may_change(const char *what, const char *path) {
    if (!ctl->effects) refuse(what, path);
    becomes_step();
}

/* The entry `path` is made, changed or removed. */
static void touch(int dir, const char *path) {
    char whole[PATH_ROOM];
    int error = errno;
    if (!physical(dir, path, whole, sizeof whole)) touch_path(whole);
    errno = error;
}

#define CHANGE(name, parameters, arguments, what, path)                              \
    DECLARE(name);                                                                    \
    int name parameters {                                                             \
        if (!ready) return NEXT(name) arguments;                                      \
        may_change(what, path);                                                       \
        char buffer[PATH_ROOM];                                                       \
        (void)buffer;

CHANGE(mkdirat, (int dir, const char *path, mode_t mode), (dir, path, mode), "makes the directory", path)
    choose_name(dir, (char *)path);
    int result = (int)syscall(SYS_mkdirat, dir, real_path(path, buffer), mode);
    if (!result) touch(dir, path);
    return result;
}
int mkdir(const char *path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }

/* Bash removes its own here-documents; sort(1) removes the temporary files that it made. */
static int is_own(const char *path) { return is_heredoc_file(path) || is_frugal; }
int unlinkat(int dir, const char *path, int flags) {
    char buffer[PATH_ROOM];
    if (!ready || is_own(path)) return (int)syscall(SYS_unlinkat, dir, real_path(path, buffer), flags);
    may_change("removes", path);
    if (!(flags & AT_REMOVEDIR)) flush_text(dir, path);
    char whole[PATH_ROOM];
    int known = !physical(dir, path, whole, sizeof whole);
    ino_t last = flags & AT_REMOVEDIR ? 0 : last_name(dir, real_path(path, buffer));
    int result = (int)syscall(SYS_unlinkat, dir, real_path(path, buffer), flags);
    int error = errno;
    if (!result) own_is_gone(last);
    if (known && !result) touch_path(whole);
    else if (known && error == ENOENT) settle_path(whole);
    errno = error;
    return result;
}
int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }
int rmdir(const char *path) { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }
int remove(const char *path) {
    int result = unlink(path);
    return result && errno == EISDIR ? rmdir(path) : result;
}

CHANGE(renameat2, (int a, const char *from, int b, const char *to, unsigned flags), (a, from, b, to, flags), "renames", from)
    char other[PATH_ROOM], old[PATH_ROOM], new[PATH_ROOM];
    int known = !physical(a, from, old, sizeof old) && !physical(b, to, new, sizeof new);
    flush_text(a, from);
    flush_text(b, to);
    ino_t last = flags & RENAME_EXCHANGE ? 0 : last_name(b, real_path(to, other));
    if (last && last == last_name(a, real_path(from, buffer))) last = 0;  /* onto itself */
    int result = (int)syscall(SYS_renameat2, a, real_path(from, buffer), b, real_path(to, other), flags);
    int error = errno;
    if (!result) own_is_gone(last);
    if (known && !result) { touch_path(old); touch_path(new); }
    errno = error;
    return result;
}
int renameat(int a, const char *from, int b, const char *to) { return renameat2(a, from, b, to, 0); }
int rename(const char *from, const char *to) { return renameat2(AT_FDCWD, from, AT_FDCWD, to, 0); }

CHANGE(linkat, (int a, const char *from, int b, const char *to, int flags), (a, from, b, to, flags), "makes the link", to)
    char other[PATH_ROOM];
    int result = (int)syscall(SYS_linkat, a, real_path(from, buffer), b, real_path(to, other), flags);
    if (!result) { touch(a, from); touch(b, to); }
    return result;
}
int link(const char *from, const char *to) { return linkat(AT_FDCWD, from, AT_FDCWD, to, 0); }

/* A link that leads to an absolute path, or out of the tree, leads into the tree. */
CHANGE(symlinkat, (const char *from, int dir, const char *to), (from, dir, to), "makes the link", to)
    char target[PATH_ROOM], place[PATH_ROOM];
    if (physical(dir, to, place, sizeof place)) { errno = ENOENT; return -1; }
    if (from[0] == '/') snprintf(target, sizeof target, "%s%s", settings.root, from);
    else {
        char *slash = strrchr(place, '/');
        *slash = 0;
        if (escapes(from, levels(place))) {
            char whole[PATH_ROOM];
            snprintf(whole, sizeof whole, "%s/%s", place, from);
            normalise(whole);
            snprintf(target, sizeof target, "%s%s", settings.root, whole);
        } else snprintf(target, sizeof target, "%s", from);
    }
    int result = (int)syscall(SYS_symlinkat, target, dir, real_path(to, buffer));
    if (!result) touch(dir, to);
    return result;
}
int symlink(const char *from, const char *to) { return symlinkat(from, AT_FDCWD, to); }

CHANGE(fchmodat, (int dir, const char *path, mode_t mode, int flags), (dir, path, mode, flags), "changes the mode of", path)
    if (flags & AT_SYMLINK_NOFOLLOW) {
        struct stat st;
        if (syscall(SYS_newfstatat, dir, real_path(path, buffer), &st, AT_SYMLINK_NOFOLLOW)) return -1;
        if (S_ISLNK(st.st_mode)) { errno = EOPNOTSUPP; return -1; }
    }
    int result = (int)syscall(SYS_fchmodat, dir, real_path(path, buffer), mode);
    if (!result) touch(dir, path);
    return result;
}
int chmod(const char *path, mode_t mode) { return fchmodat(AT_FDCWD, path, mode, 0); }
int lchmod(const char *path, mode_t mode) { return fchmodat(AT_FDCWD, path, mode, AT_SYMLINK_NOFOLLOW); }

/* What is open for writing was touched when it was opened; a directory was not. */
static void touch_open(int fd) {
    char real[PATH_ROOM];
    if (!path_of(fd, real, sizeof real) && in_root(real)) touch_path(virtual_path(real));
}
/* One of the script's own files is open for reading: what is done to it is done in the tree. */
static const char *own_behind(int fd, char *buffer) {
    struct stat st;
    return syscall(SYS_fstat, fd, &st) ? NULL : own_path(NULL, &st, buffer);
}
DECLARE(fchmod);
int fchmod(int fd, mode_t mode) {
    if (!ready || in_bash) return NEXT(fchmod)(fd, mode);  /* bash's own file for a here-document */
    may_change("changes the mode of", "a file");
    char buffer[PATH_ROOM];
    const char *own = own_behind(fd, buffer);
    if (own) return chmod(own, mode);
    touch_open(fd);
    return (int)syscall(SYS_fchmod, fd, mode);
}

/* The world has one user; root of the world may give files away, which nobody sees. */
static int give_away(uid_t user, gid_t group) {
    may_change("changes the owner of", "a file");
    int is_own_id = (user == (uid_t)-1 || user == ctl->uid) && (group == (gid_t)-1 || group == ctl->gid);
    if (is_own_id || ctl->uid == 0) return 0;
    errno = EPERM;
    return -1;
}
#define OWNER(name, parameters, arguments)                                           \
    DECLARE(name);                                                                    \
    int name parameters { return ready ? give_away(u, g) : NEXT(name) arguments; }
OWNER(chown, (const char *path, uid_t u, gid_t g), (path, u, g))
OWNER(lchown, (const char *path, uid_t u, gid_t g), (path, u, g))
OWNER(fchown, (int fd, uid_t u, gid_t g), (fd, u, g))
OWNER(fchownat, (int dir, const char *path, uid_t u, gid_t g, int flags), (dir, path, u, g, flags))

CHANGE(truncate, (const char *path, off_t length), (path, length), "truncates", path)
    flush_text(AT_FDCWD, path);
    own_is_truncated(real_path(path, buffer));
    int result = (int)syscall(SYS_truncate, real_path(path, buffer), length);
    if (!result) touch(AT_FDCWD, path);
    return result;
}
int truncate64(const char *path, off_t length) { return truncate(path, length); }

CHANGE(mkfifo, (const char *path, mode_t mode), (path, mode), "makes the pipe", path)
    int result = (int)syscall(SYS_mknodat, AT_FDCWD, real_path(path, buffer), S_IFIFO | (mode & 07777), 0);
    if (!result) touch(AT_FDCWD, path);
    return result;
}
int mkfifoat(int dir, const char *path, mode_t mode) {
    if (dir != AT_FDCWD && path[0] != '/') { errno = ENOTDIR; return -1; }
    return mkfifo(path, mode);
}

/* A time that is given is kept; the time of now is that of the order in which files are written. */
static int set_times(int dir, const char *path, const struct timespec *times, int flags) {
    char buffer[PATH_ROOM];
    may_change("changes the time of", path ? path : "a file");
    struct stat st;
    const char *real = path ? real_path(path, buffer) : NULL;
    if (real ? syscall(SYS_newfstatat, dir, real, &st, flags) : syscall(SYS_fstat, dir, &st)) return -1;
    int result = (int)syscall(SYS_utimensat, dir, real, times, real ? flags : 0);
    if (result) return result;
    if (real) touch(dir, path);
    else touch_open(dir);
    struct written *file = written_file(st.st_ino, 1);
    if (!times || times[1].tv_nsec == UTIME_NOW) file_changes(st.st_ino);
    else if (times[1].tv_nsec != UTIME_OMIT) file->tick = 0;
    return 0;
}
DECLARE(utimensat);
int utimensat(int dir, const char *path, const struct timespec times[2], int flags) {
    return ready ? set_times(dir, path, times, flags) : NEXT(utimensat)(dir, path, times, flags);
}
DECLARE(futimens);
int futimens(int fd, const struct timespec times[2]) {
    char buffer[PATH_ROOM];
    const char *own = ready ? own_behind(fd, buffer) : NULL;
    return !ready ? NEXT(futimens)(fd, times) : own ? set_times(AT_FDCWD, own, times, 0) : set_times(fd, NULL, times, 0);
}
