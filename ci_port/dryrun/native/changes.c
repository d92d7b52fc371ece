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

/* Where the entry `path` stands, as a real path with no links on the way to it: a link that was moved may lead out of the
 * tree, and then the entry is not there. `whole` becomes the path that the script knows. */
static const char *entry(int dir, const char *path, char *whole, char *real) {
    if (physical(dir, path, whole, PATH_ROOM)) return NULL;
    snprintf(real, PATH_ROOM, "%s%s", settings.root, whole);
    keep_slash(path, 0, real);
    return real;
}

/* The same for what `path` leads to, if it is a link. */
static const char *target_of(int dir, const char *path, char *whole, char *real) {
    struct stat st;
    if (!entry(dir, path, whole, real)) return NULL;
    int slash = follow_links(whole);
    snprintf(real, PATH_ROOM, "%s%s", settings.root, whole);
    keep_slash(path, slash, real);
    if (syscall(SYS_newfstatat, AT_FDCWD, real, &st, AT_SYMLINK_NOFOLLOW)) return NULL;
    if (!S_ISLNK(st.st_mode)) return real;
    errno = ELOOP;
    return NULL;
}

static int touched(int result, const char *whole) {
    if (!result) touch_path(whole);
    return result;
}

/* The same for an entry that has come, or gone. */
static int entered(int result, const char *whole, const char *real) {
    if (!result) entry_changes(real, 1);
    return touched(result, whole);
}

#define CHANGE(name, parameters, arguments, what, path)                              \
    DECLARE(name);                                                                    \
    int name parameters {                                                             \
        if (!ready) return NEXT(name) arguments;                                      \
        may_change(what, path);                                                       \
        char whole[PATH_ROOM], real[PATH_ROOM];

CHANGE(mkdirat, (int dir, const char *path, mode_t mode), (dir, path, mode), "makes the directory", path)
    choose_name(dir, (char *)path);
    return entry(dir, path, whole, real) ? entered((int)syscall(SYS_mkdirat, AT_FDCWD, real, mode), whole, real) : -1;
}
int mkdir(const char *path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }

/* Bash removes its own here-documents; sort(1) removes the temporary files that it made. */
static int is_own(const char *path) { return is_heredoc_file(path) || is_frugal; }
int unlinkat(int dir, const char *path, int flags) {
    char buffer[PATH_ROOM];
    if (!ready || is_own(path)) return (int)syscall(SYS_unlinkat, dir, real_path(path, buffer), flags);
    may_change("removes", path);
    char whole[PATH_ROOM], real[PATH_ROOM];
    if (!entry(dir, path, whole, real)) return -1;
    if (!(flags & AT_REMOVEDIR)) flush_text(AT_FDCWD, path[0] == '/' || dir == AT_FDCWD ? path : whole);
    ino_t last = flags & AT_REMOVEDIR ? 0 : last_name(AT_FDCWD, real);
    int result = touched((int)syscall(SYS_unlinkat, AT_FDCWD, real, flags), whole), error = errno;
    if (!result) {
        own_is_gone(last);
        entry_changes(real, 0);
    }
    if (result && error == ENOENT) settle_path(whole);
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
    char other[PATH_ROOM], new[PATH_ROOM];
    if (!entry(a, from, whole, real) || !entry(b, to, other, new)) return -1;
    flush_text(AT_FDCWD, whole);
    flush_text(AT_FDCWD, other);
    ino_t last = flags & RENAME_EXCHANGE || !strcmp(real, new) ? 0 : last_name(AT_FDCWD, new);
    int result = (int)syscall(SYS_renameat2, AT_FDCWD, real, AT_FDCWD, new, flags);
    if (!result) {
        own_is_gone(last);
        entry_changes(real, 0);
        entry_changes(new, 0);
    }
    if (!result && levels(other) < levels(whole)) mend_links(new);
    return touched(touched(result, whole), other);
}
int renameat(int a, const char *from, int b, const char *to) { return renameat2(a, from, b, to, 0); }
int rename(const char *from, const char *to) { return renameat2(AT_FDCWD, from, AT_FDCWD, to, 0); }

CHANGE(linkat, (int a, const char *from, int b, const char *to, int flags), (a, from, b, to, flags), "makes the link", to)
    char other[PATH_ROOM], new[PATH_ROOM];
    const char *old = flags & AT_SYMLINK_FOLLOW ? target_of(a, from, whole, real) : entry(a, from, whole, real);
    if (!old || !entry(b, to, other, new)) return -1;
    int result = (int)syscall(SYS_linkat, AT_FDCWD, old, AT_FDCWD, new, 0);
    if (!result) entry_changes(new, 0);
    return touched(touched(result, whole), other);
}
int link(const char *from, const char *to) { return linkat(AT_FDCWD, from, AT_FDCWD, to, 0); }

/* What a link must say that is to lead to `target` from `place` (virtual): an absolute path, or one that leads out of the
 * tree, leads into the tree. */
void link_text(const char *target, const char *place, char *text) {
    char above[PATH_ROOM], inside[PATH_ROOM];
    snprintf(above, sizeof above, "%s", place);
    *strrchr(above, '/') = 0;
    if (target[0] == '/') snprintf(text, PATH_ROOM, "%s%s", settings.root, target);
    else if (!escapes(target, levels(above))) snprintf(text, PATH_ROOM, "%s", target);
    else {
        snprintf(inside, sizeof inside, "%s/%s", above, target);
        normalise(inside);
        snprintf(text, PATH_ROOM, "%s%s", settings.root, inside);
    }
}

CHANGE(symlinkat, (const char *from, int dir, const char *to), (from, dir, to), "makes the link", to)
    char text[PATH_ROOM];
    if (!entry(dir, to, whole, real)) return -1;
    link_text(from, whole, text);
    return entered((int)syscall(SYS_symlinkat, text, AT_FDCWD, real), whole, real);
}
int symlink(const char *from, const char *to) { return symlinkat(from, AT_FDCWD, to); }

CHANGE(fchmodat, (int dir, const char *path, mode_t mode, int flags), (dir, path, mode, flags), "changes the mode of", path)
    struct stat st;
    const char *place = flags & AT_SYMLINK_NOFOLLOW ? entry(dir, path, whole, real) : target_of(dir, path, whole, real);
    if (!place || syscall(SYS_newfstatat, AT_FDCWD, place, &st, AT_SYMLINK_NOFOLLOW)) return -1;
    if (S_ISLNK(st.st_mode)) { errno = EOPNOTSUPP; return -1; }
    return touched((int)syscall(SYS_fchmodat, AT_FDCWD, place, mode), whole);
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
static int give_away(const char *path, uid_t user, gid_t group) {
    may_change("changes the owner of", path);
    int is_own_id = (user == (uid_t)-1 || user == ctl->uid) && (group == (gid_t)-1 || group == ctl->gid);
    if (is_own_id || ctl->uid == 0) return 0;
    errno = EPERM;
    return -1;
}
#define OWNER(name, parameters, arguments, path)                                     \
    DECLARE(name);                                                                    \
    int name parameters { return ready ? give_away(path, u, g) : NEXT(name) arguments; }
OWNER(chown, (const char *path, uid_t u, gid_t g), (path, u, g), path)
OWNER(lchown, (const char *path, uid_t u, gid_t g), (path, u, g), path)
OWNER(fchown, (int fd, uid_t u, gid_t g), (fd, u, g), "a file")
OWNER(fchownat, (int dir, const char *path, uid_t u, gid_t g, int flags), (dir, path, u, g, flags), path)

CHANGE(truncate, (const char *path, off_t length), (path, length), "truncates", path)
    if (!target_of(AT_FDCWD, path, whole, real)) return -1;
    flush_text(AT_FDCWD, path);
    own_is_truncated(real);
    return touched((int)syscall(SYS_truncate, real, length), whole);
}
int truncate64(const char *path, off_t length) { return truncate(path, length); }

CHANGE(mkfifo, (const char *path, mode_t mode), (path, mode), "makes the pipe", path)
    if (!entry(AT_FDCWD, path, whole, real)) return -1;
    return entered((int)syscall(SYS_mknodat, AT_FDCWD, real, S_IFIFO | (mode & 07777), 0), whole, real);
}
int mkfifoat(int dir, const char *path, mode_t mode) {
    if (dir != AT_FDCWD && path[0] != '/') { errno = ENOTDIR; return -1; }
    return mkfifo(path, mode);
}

/* A time that is given is kept; the time of now is that of the order in which files are written. */
static int set_times(int dir, const char *path, const struct timespec *times, int flags) {
    char whole[PATH_ROOM], real[PATH_ROOM];
    may_change("changes the time of", path ? path : "a file");
    struct stat st;
    const char *place = !path ? NULL : flags & AT_SYMLINK_NOFOLLOW ? entry(dir, path, whole, real) : target_of(dir, path, whole, real);
    if (path && !place) return -1;
    if (place ? syscall(SYS_newfstatat, AT_FDCWD, place, &st, AT_SYMLINK_NOFOLLOW) : syscall(SYS_fstat, dir, &st)) return -1;
    int result = (int)syscall(SYS_utimensat, place ? AT_FDCWD : dir, place, times, place ? AT_SYMLINK_NOFOLLOW : 0);
    if (result) return result;
    if (place) touch_path(whole);
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
