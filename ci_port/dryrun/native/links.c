/* Where links lead. Answers to readlink(2) and realpath(3). */
#include "recorder.h"

static ssize_t world_link(int dir, const char *path, char *out, size_t room) {
    char buffer[PATH_ROOM], target[PATH_ROOM];
    int is_number = ready && is_open_file(path);
    ssize_t n = syscall(SYS_readlinkat, dir, is_number ? path : real_path(path, buffer), target, sizeof target - 1);
    if (n < 0) return n;
    target[n] = 0;
    const char *text = ready ? virtual_path(target) : target;
    const char *own = is_number && strncmp(target, "/proc/", 6) ? own_path(path, NULL, buffer) : NULL;
    if (own) text = own;
    /* What a run was given as its standard streams lies beside the tree; to the script it is nothing. */
    if (ready && text == target && !strncmp(target, settings.blank, strlen(settings.blank) - strlen("blank"))) text = "/dev/null";
    size_t length = strlen(text);
    if (length > room) length = room;
    memcpy(out, text, length);
    return (ssize_t)length;
}
ssize_t readlink(const char *restrict path, char *restrict out, size_t room) { return world_link(AT_FDCWD, path, out, room); }
ssize_t readlinkat(int dir, const char *restrict path, char *restrict out, size_t room) { return world_link(dir, path, out, room); }
ssize_t __readlink_chk(const char *path, char *out, size_t room, size_t size) {
    return world_link(AT_FDCWD, path, out, room < size ? room : size);
}

DECLARE(realpath);
char *realpath(const char *restrict path, char *restrict resolved) {
    char buffer[PATH_ROOM], whole[PATH_MAX];
    if (!NEXT(realpath)(real_path(path, buffer), whole)) return NULL;
    const char *text = ready ? virtual_path(whole) : whole;
    return resolved ? strcpy(resolved, text) : strdup(text);
}
char *__realpath_chk(const char *path, char *resolved, size_t room) { (void)room; return realpath(path, resolved); }
char *canonicalize_file_name(const char *path) { return realpath(path, NULL); }

/* What was moved up may hold links that now lead out of the tree: the kernel would follow them to the machine, where the
 * script's `..` stays at the root. `real` is where it stands now. */
void mend_links(const char *real) {
    char text[PATH_ROOM], whole[PATH_ROOM];
    struct stat st;
    if (syscall(SYS_newfstatat, AT_FDCWD, real, &st, AT_SYMLINK_NOFOLLOW)) return;
    if (S_ISLNK(st.st_mode)) {
        ssize_t n = syscall(SYS_readlinkat, AT_FDCWD, real, text, sizeof text - 1);
        if (n <= 0 || text[0] == '/') return;
        text[n] = 0;
        link_text(text, virtual_path(real), whole);
        if (strcmp(whole, text) && !syscall(SYS_unlinkat, AT_FDCWD, real, 0)) syscall(SYS_symlinkat, whole, AT_FDCWD, real);
        return;
    }
    if (!S_ISDIR(st.st_mode)) return;
    int fd = (int)syscall(SYS_openat, AT_FDCWD, real, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
    DIR *stream = fd < 0 ? NULL : fdopendir(fd);
    for (struct dirent *inner; stream && (inner = readdir(stream));) {
        if (!strcmp(inner->d_name, ".") || !strcmp(inner->d_name, "..")) continue;
        if (inner->d_type != DT_LNK && inner->d_type != DT_DIR && inner->d_type != DT_UNKNOWN) continue;
        snprintf(whole, sizeof whole, "%s/%s", real, inner->d_name);
        mend_links(whole);
    }
    if (stream) closedir(stream);
}
