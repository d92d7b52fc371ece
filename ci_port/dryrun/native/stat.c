/* What a file is and whether it may be used: nothing of the machine shows, neither owners nor times. Answers to stat(2),
 * statx(2) and access(2). */
#include "recorder.h"

void fix_stat(struct stat *st) {  /* nothing of the machine: one owner, one time */
    st->st_uid = WORLD_ID;
    st->st_gid = WORLD_ID;
    memset(&st->st_atim, 0, sizeof st->st_atim);
    memset(&st->st_mtim, 0, sizeof st->st_mtim);
    memset(&st->st_ctim, 0, sizeof st->st_ctim);
}

int world_stat(int dir, const char *path, struct stat *st, int flags) {
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
