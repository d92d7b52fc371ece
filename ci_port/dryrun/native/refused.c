/* What nobody may do in a dry run: each call ends the run with an error that names the place. Answers to the manual
 * page of each. */
#include "recorder.h"

int refuse(const char *what, const char *path) {
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
