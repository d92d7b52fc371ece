/* Extended attributes, which no file of a world has: nobody asks the machine's own file system for them. Answers to
 * listxattr(2), getxattr(2), setxattr(2) and removexattr(2), which are also what access control lists are kept in. */
#include "recorder.h"
#include <sys/xattr.h>

static int is_there(const char *path, int flags) {
    struct stat st;
    return !world_stat(AT_FDCWD, path, &st, flags);
}
static ssize_t without(int there) {
    if (there) errno = ENODATA;
    return -1;
}
static int unsupported(int there) {
    if (there) errno = ENOTSUP;
    return -1;
}

#define ATTRIBUTES(prefix, type, there)                                                                       \
    DECLARE(prefix##listxattr);                                                                                \
    ssize_t prefix##listxattr(type file, char *names, size_t room) {                                           \
        return !ready ? NEXT(prefix##listxattr)(file, names, room) : (there) ? 0 : -1;                         \
    }                                                                                                          \
    DECLARE(prefix##getxattr);                                                                                 \
    ssize_t prefix##getxattr(type file, const char *name, void *value, size_t room) {                          \
        return ready ? without(there) : NEXT(prefix##getxattr)(file, name, value, room);                       \
    }                                                                                                          \
    DECLARE(prefix##setxattr);                                                                                 \
    int prefix##setxattr(type file, const char *name, const void *value, size_t size, int flags) {             \
        return ready ? unsupported(there) : NEXT(prefix##setxattr)(file, name, value, size, flags);            \
    }                                                                                                          \
    DECLARE(prefix##removexattr);                                                                              \
    int prefix##removexattr(type file, const char *name) {                                                     \
        return ready ? (int)without(there) : NEXT(prefix##removexattr)(file, name);                            \
    }

ATTRIBUTES(, const char *, is_there(file, 0))
ATTRIBUTES(l, const char *, is_there(file, AT_SYMLINK_NOFOLLOW))
ATTRIBUTES(f, int, fcntl(file, F_GETFD) >= 0)
