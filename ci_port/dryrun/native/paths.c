/* Paths: everything absolute lies in the scratch tree, and nothing leads out of it. Answers to path_resolution(7) and
 * getcwd(3). */
#include "recorder.h"

/* An open file by its number: nothing may follow, for `/dev/fd/3/..` would lead out of the scratch tree. */
int is_open_file(const char *path) {
    if (!strcmp(path, "/dev/stdin") || !strcmp(path, "/dev/stdout") || !strcmp(path, "/dev/stderr")) return 1;
    size_t n = !strncmp(path, "/dev/fd/", 8) ? 8 : !strncmp(path, "/proc/self/fd/", 14) ? 14 : 0;
    return n && path[n] && !path[n + strspn(path + n, "0123456789")];
}

/* A slash may be written several times. */
static int is_named(const char *path, const char *name) {
    for (; *name; path++, name++) {
        if (*path != *name) return 0;
        while (*path == '/' && path[1] == '/') path++;
    }
    return !*path;
}

int is_noise(const char *path) { return is_named(path, "/dev/random") || is_named(path, "/dev/urandom"); }

int is_device(const char *path) {
    static const char *const devices[] = {"/dev/null", "/dev/zero", "/dev/full", "/dev/tty", NULL};
    for (int i = 0; devices[i]; i++)
        if (is_named(path, devices[i])) return 1;
    return is_noise(path) || is_open_file(path);
}

const char *base_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

int in_root(const char *path) {
    return root_length && !strncmp(path, settings.root, root_length) && (path[root_length] == '/' || !path[root_length]);
}

/* Turn a real path below the scratch tree into the one that the script knows; others stay. */
const char *virtual_path(const char *path) {
    if (!in_root(path)) return path;
    return path[root_length] ? path + root_length : "/";
}

int current_directory(char *buffer, size_t room) {  /* virtual */
    char real[PATH_ROOM];
    if (syscall(SYS_getcwd, real, sizeof real) < 0) return -1;
    const char *text = virtual_path(real);
    if (strlen(text) + 1 > room) { errno = ERANGE; return -1; }
    strcpy(buffer, text);
    return 0;
}

/* Does the path leave the tree through `..`? The kernel would then walk out of the scratch tree. */
int escapes(const char *path, int level) {
    while (*path) {
        while (*path == '/') path++;
        size_t n = strcspn(path, "/");
        if (n == 2 && path[0] == '.' && path[1] == '.') {
            if (--level < 0) return 1;
        } else if (n && !(n == 1 && path[0] == '.')) level++;
        path += n;
    }
    return 0;
}

int levels(const char *path) {
    int count = 0;
    for (; *path; path++) count += path[0] == '/' && path[1] && path[1] != '/';
    return count;
}

void normalise(char *path) {  /* absolute, lexically; `..` at the root stays there, as in the kernel */
    char *out = path;
    const char *in = path;
    while (*in) {
        while (*in == '/') in++;
        size_t n = strcspn(in, "/");
        if (n == 2 && in[0] == '.' && in[1] == '.') {
            while (out > path && *--out != '/') {}
        } else if (n && !(n == 1 && in[0] == '.')) {
            *out++ = '/';
            memmove(out, in, n);
            out += n;
        }
        in += n;
    }
    if (out == path) *out++ = '/';
    *out = 0;
}

void absolute(const char *path, char *buffer, size_t room) {  /* virtual, normalised */
    if (path[0] == '/') snprintf(buffer, room, "%s", virtual_path(path));
    else {
        char cwd[PATH_ROOM];
        if (current_directory(cwd, sizeof cwd)) strcpy(cwd, "/");
        int n = snprintf(buffer, room, "%s/%s", cwd, path);
        if (n < 0 || (size_t)n >= room) buffer[room - 1] = 0;
    }
    normalise(buffer);
}

/* Bash's own file for a long here-document. */
int is_heredoc_file(const char *path) { return in_bash && !strncmp(base_name(path), "sh-thd", 6); }

/* The path to hand to the kernel. `buffer` has PATH_ROOM bytes. */
const char *real_path(const char *path, char *buffer) {
    if (!ready || !path || !*path) return path;
    if (is_heredoc_file(path)) {
        snprintf(buffer, PATH_ROOM, "%s/%s", settings.scratch_tmp, base_name(path));
        return buffer;
    }
    if (path[0] != '/') {
        if (!strstr(path, "..")) return path;
        char cwd[PATH_ROOM];
        if (current_directory(cwd, sizeof cwd) || !escapes(path, levels(cwd))) return path;
        char whole[PATH_ROOM];
        absolute(path, whole, sizeof whole);
        snprintf(buffer, PATH_ROOM, "%s%s", settings.root, whole);
        return buffer;
    }
    if (is_device(path)) {
        /* One of the script's own files under its number: what is done to it is done in the tree. */
        char whole[PATH_ROOM];
        const char *own = is_open_file(path) ? own_path(path, NULL, whole) : NULL;
        if (!own) return path;
        snprintf(buffer, PATH_ROOM, "%s%s", settings.root, own);
        return buffer;
    }
    if (escapes(path, 0)) {
        char whole[PATH_ROOM];
        absolute(path, whole, sizeof whole);
        snprintf(buffer, PATH_ROOM, "%s%s", settings.root, whole);
    } else snprintf(buffer, PATH_ROOM, "%s%s", settings.root, path);
    return buffer;
}

/* The real path of what is open. */
int path_of(int fd, char *buffer, size_t room) {
    char name[64];
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    ssize_t n = syscall(SYS_readlinkat, AT_FDCWD, name, buffer, room - 1);
    if (n < 0) return -1;
    buffer[n] = 0;
    return 0;
}

/* A path that ends in a slash names a directory, or nothing: the kernel is asked with the slash. `slash`: so
 * does a link that it leads through; `real` is the same place with no links on the way to it. */
void keep_slash(const char *path, int slash, char *real) {
    size_t length = strlen(path), room = strlen(real);
    if ((slash || (length > 1 && path[length - 1] == '/')) && room + 1 < PATH_ROOM) strcpy(real + room, "/");
}

/* The path (virtual) of an entry with no links on the way to it; the entry itself may be one, or be missing. Sets errno
 * where there is no such place. */
int physical(int dir, const char *path, char *buffer, size_t room) {
    char parent[PATH_ROOM], translated[PATH_ROOM], real[PATH_ROOM];
    if (is_open_file(path)) {
        const char *own = own_path(path, NULL, translated);
        int fd = own ? -1 : (int)syscall(SYS_openat, AT_FDCWD, path, O_PATH | O_CLOEXEC, 0);
        if (!own && (fd < 0 || path_of(fd, real, sizeof real) || !in_root(real))) real[0] = 0;
        if (fd >= 0) syscall(SYS_close, fd);
        if (own || *real) return snprintf(buffer, room, "%s", own ? own : virtual_path(real)) < 0;
    }
    if ((size_t)snprintf(parent, sizeof parent, "%s", path) >= sizeof parent) { errno = ENAMETOOLONG; return -1; }
    size_t length = strlen(parent);
    while (length > 1 && parent[length - 1] == '/') parent[--length] = 0;
    char *slash = strrchr(parent, '/'), name[PATH_MAX];
    snprintf(name, sizeof name, "%s", slash ? slash + 1 : parent);
    if (slash) slash[slash == parent] = 0;
    else strcpy(parent, ".");
    int is_plain = strcmp(name, ".") && strcmp(name, "..") && *name;
    int fd = (int)syscall(SYS_openat, dir, real_path(is_plain ? parent : path, translated), O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
    if (fd < 0) return -1;
    int failed = path_of(fd, real, sizeof real);
    syscall(SYS_close, fd);
    if (failed || !in_root(real)) { errno = ENOENT; return -1; }
    const char *above = virtual_path(real);
    int n = is_plain ? snprintf(buffer, room, "%s/%s", strcmp(above, "/") ? above : "", name)
                     : snprintf(buffer, room, "%s", above);
    if (n >= 0 && (size_t)n < room) return 0;
    errno = ENAMETOOLONG;
    return -1;
}
