/* What nobody may do in a dry run: each call ends the run with an error that names the place. Answers to the manual
 * page of each. */
#include "recorder.h"

int refuse(const char *what, const char *path) {
    fail(NULL, "%s %s%s%s", in_bash ? "the shell" : "a pure tool", what, path ? " " : "", path ? path : "");
}
#define REFUSED(name, parameters, arguments, what, path)            \
    DECLARE(name);                                                   \
    int name parameters {                                            \
        if (ready) refuse(what, path);                               \
        return NEXT(name) arguments;                                 \
    }
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
    struct stat st;
    if (!ready || !path) return NEXT(dlopen)(path, flags);
    if (!in_bash || !world_stat(AT_FDCWD, path, &st, 0)) refuse("loads the library", path);
    return NEXT(dlopen)("/there/is/no/such/library", flags);  /* that dlerror() says so */
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
