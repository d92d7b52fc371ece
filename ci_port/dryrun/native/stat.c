/* What a file is and whether it may be used: nothing of the machine shows, neither owners nor times. Answers to stat(2),
 * statx(2) and access(2). */
#include "recorder.h"

/* When a file was written: what the run has written is newer than all else, in the order of the writes. */
static struct timespec written_at(ino_t inode, struct timespec real) {
    if (!ctl->effects) {
        struct written *file = written_file(inode, 0);
        return (struct timespec){0, file ? file->tick * 1000L : 0};
    }
    if ((uint64_t)real.tv_sec < ctl->began) return real;  /* as the world, or the script, has set it */
    struct written *file = written_file(inode, 0);
    return (struct timespec){NOW, file ? file->tick * 1000L : 0};
}

void fix_stat(struct stat *st) {  /* nothing of the machine: one owner, times of the world */
    show_own(st);
    st->st_uid = ctl->uid;
    st->st_gid = ctl->gid;
    st->st_mtim = st->st_atim = st->st_ctim = written_at(st->st_ino, st->st_mtim);
}

/* The script's own files, as they were when the run began; `Tree` marks them so. */
int is_own_file(const struct stat *st) { return st->st_mtim.tv_sec == OWN_TIME && st->st_mtim.tv_nsec == 1; }

int world_stat(int dir, const char *path, struct stat *st, int flags) {
    char buffer[PATH_ROOM];
    int result = (int)syscall(SYS_newfstatat, dir, real_path(path, buffer), st, flags);
    if (!result && ready) fix_stat(st);
    return result;
}

/* As world_stat(), for the script: what is not there is noted. */
static int asked_stat(int dir, const char *path, struct stat *st, int flags) {
    int result = world_stat(dir, path, st, flags);
    if (!result) note_size(st);
    if (result && ready && (errno == ENOENT || errno == ENOTDIR)) ask_path(dir, path);
    return result;
}

/* Permissions as an ordinary owner would see them, so that root and others record the same. */
static int world_access(const char *path, int mode, int is_asked) {
    struct stat st;
    if (is_asked ? asked_stat(AT_FDCWD, path, &st, 0) : world_stat(AT_FDCWD, path, &st, 0)) return -1;
    unsigned want = (mode & R_OK ? 0400u : 0u) | (mode & W_OK ? 0200u : 0u) | (mode & X_OK ? 0100u : 0u);
    if (S_ISCHR(st.st_mode)) want &= ~0100u;
    if ((st.st_mode & want) == want || (S_ISCHR(st.st_mode) && !(mode & X_OK))) return 0;
    errno = EACCES;
    return -1;
}

static int stat_path(const char *path, struct stat *st, int flags, void *caller) {
    int result = world_stat(AT_FDCWD, path, st, flags);
    if (!ready) return result;
    if (!result) note_size(st);
    /* In posix mode `cd` looks first. */
    if (result && in_bash && *b_posix && errno == ENOENT && make_missing(path)) return world_stat(AT_FDCWD, path, st, flags);
    enum lookup looks = lookup_of(caller, path);
    int is_there = !result && (!S_ISREG(st->st_mode) || st->st_mode & 0100);
    if ((looks == RUNS || looks == FINDS) && !is_there && stands_on_path(path)) return result;
    if (looks == RUNS) {
        /* What runs without being there is found by nobody who looks. */
        if (!is_there) { if (!is_answered(base_name(path))) forget_place(); return pretend_command(st); }
    } else if (looks == FINDS) {
        if (!is_there && is_answered(base_name(path))) return pretend_command(st);
        if (result) ask_command(path);
    } else if (looks == NOWHERE && result && (errno == ENOENT || errno == ENOTDIR)) ask_path(AT_FDCWD, path);
    return result;
}

int stat(const char *restrict path, struct stat *restrict st) {
    return stat_path(path, st, 0, __builtin_return_address(0));
}
int lstat(const char *restrict path, struct stat *restrict st) { return asked_stat(AT_FDCWD, path, st, AT_SYMLINK_NOFOLLOW); }
int fstatat(int dir, const char *restrict path, struct stat *restrict st, int flags) { return asked_stat(dir, path, st, flags); }
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
    return asked_stat(dir, path, (struct stat *)st, flags);
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
    return asked_stat(dir, path, st, flags);
}
int __xstat64(int version, const char *path, struct stat64 *st) {
    (void)version;
    return stat_path(path, (struct stat *)st, 0, __builtin_return_address(0));
}
int __lxstat64(int version, const char *path, struct stat64 *st) { (void)version; return lstat(path, (struct stat *)st); }
int __fxstat64(int version, int fd, struct stat64 *st) { (void)version; return fstat(fd, (struct stat *)st); }
int __fxstatat64(int version, int dir, const char *path, struct stat64 *st, int flags) {
    (void)version;
    return asked_stat(dir, path, (struct stat *)st, flags);
}

DECLARE(statx);
int statx(int dir, const char *restrict path, int flags, unsigned mask, struct statx *restrict st) {
    char buffer[PATH_ROOM];
    int result = NEXT(statx)(dir, real_path(path, buffer), flags, mask, st);
    if (result && ready && (errno == ENOENT || errno == ENOTDIR)) ask_path(dir, path);
    if (!result && ready) {
        show_own_x(st);
        struct stat seen = {.st_mode = st->stx_mode, .st_ino = st->stx_ino};
        note_size(&seen);
        st->stx_uid = ctl->uid;
        st->stx_gid = ctl->gid;
        struct timespec when = written_at(st->stx_ino, (struct timespec){st->stx_mtime.tv_sec, st->stx_mtime.tv_nsec});
        struct statx_timestamp shown = {.tv_sec = when.tv_sec, .tv_nsec = (uint32_t)when.tv_nsec};
        st->stx_mtime = st->stx_atime = st->stx_ctime = st->stx_btime = shown;
    }
    return result;
}

static int access_path(const char *path, int mode, void *caller) {
    enum lookup looks = ready ? lookup_of(caller, path) : NOWHERE;
    int is_made_up = looks == RUNS || (looks == FINDS && is_answered(base_name(path)));
    if ((mode & X_OK) && is_made_up && !stands_on_path(path)) return 0;
    return world_access(path, mode, looks == NOWHERE);
}
int access(const char *path, int mode) { return access_path(path, mode, __builtin_return_address(0)); }
int eaccess(const char *path, int mode) { return access_path(path, mode, __builtin_return_address(0)); }
int euidaccess(const char *path, int mode) { return access_path(path, mode, __builtin_return_address(0)); }
DECLARE(faccessat);
int faccessat(int dir, const char *path, int mode, int flags) {
    if (dir == AT_FDCWD || path[0] == '/') return access_path(path, mode, __builtin_return_address(0));
    return NEXT(faccessat)(dir, path, mode, flags);
}
