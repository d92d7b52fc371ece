/* Opening files as streams. Answers to fopen(3). */
#include "recorder.h"

static int mode_flags(const char *mode) {
    int flags = mode[0] == 'r' ? O_RDONLY : mode[0] == 'w' ? O_WRONLY | O_CREAT | O_TRUNC : O_WRONLY | O_CREAT | O_APPEND;
    if (strchr(mode, '+')) flags = (flags & ~O_ACCMODE) | O_RDWR;
    if (strchr(mode, 'x')) flags |= O_EXCL;
    if (strchr(mode, 'e')) flags |= O_CLOEXEC;
    return flags;
}
static FILE *open_stream(const char *path, const char *mode, void *caller) {
    int fd = open_path(AT_FDCWD, path, mode_flags(mode), 0666, caller);
    if (fd < 0) return NULL;
    FILE *stream = fdopen(fd, mode);
    if (!stream) close(fd);
    return stream;
}
FILE *fopen(const char *restrict path, const char *restrict mode) {
    return open_stream(path, mode, __builtin_return_address(0));
}
FILE *fopen64(const char *restrict path, const char *restrict mode) {
    return open_stream(path, mode, __builtin_return_address(0));
}
/* Neither a file nor missing: it must not be opened twice. In a world of version 1, all is left to the C library. */
static int is_special(const char *path) {
    struct stat st;
    return !ctl->effects || (!world_stat(AT_FDCWD, path, &st, 0) && !S_ISREG(st.st_mode));
}
DECLARE(freopen);
FILE *freopen(const char *restrict path, const char *restrict mode, FILE *restrict stream) {
    char buffer[PATH_ROOM];
    int writes = mode[0] != 'r' || strchr(mode, '+');
    if (ready && path && (!is_device(path) || is_open_file(path)) && (writes || !is_special(path))) {
        if (writes && (in_bash || !ctl->effects)) fail(NULL, "%s is opened for writing in a way that is not recorded", path);
        int fd = open_path(AT_FDCWD, path, mode_flags(mode), 0666, NULL);
        if (fd < 0) return NULL;
        snprintf(buffer, sizeof buffer, "/proc/self/fd/%d", fd);
        FILE *result = NEXT(freopen)(buffer, mode, stream);
        close(fd);
        return result;
    }
    return NEXT(freopen)(path ? real_path(path, buffer) : path, mode, stream);
}
FILE *freopen64(const char *restrict path, const char *restrict mode, FILE *restrict stream) {
    return freopen(path, mode, stream);
}
