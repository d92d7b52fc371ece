/* What a rule says that a command makes and removes. Answers to `Rule.makes` and `Rule.removes` of ci_port.model. */
#include "recorder.h"

enum change { DIRECTORY, REGULAR, LINK, REMOVAL };

static void touch_real(const char *real) { touch_path(virtual_path(real)); }

/* Remove what stands at `name` in the directory `dir`, which is `real`. */
static void remove_all(int dir, const char *name, const char *real) {
    struct stat st;
    if (syscall(SYS_newfstatat, dir, name, &st, AT_SYMLINK_NOFOLLOW)) return;
    if (S_ISREG(st.st_mode)) flush_text(AT_FDCWD, virtual_path(real));
    if (S_ISDIR(st.st_mode)) {
        int inner = (int)syscall(SYS_openat, dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
        DIR *stream = inner < 0 ? NULL : fdopendir(inner);
        for (struct dirent *entry; stream && (entry = readdir(stream));) {
            char below[PATH_ROOM];
            if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
            snprintf(below, sizeof below, "%s/%s", real, entry->d_name);
            remove_all(inner, entry->d_name, below);
        }
        if (stream) closedir(stream);
    }
    syscall(SYS_unlinkat, dir, name, S_ISDIR(st.st_mode) ? AT_REMOVEDIR : 0);
    touch_real(real);
}

/* The directories above a file that is made; `path` is real and stands below the root. */
static void make_parents(char *path) {
    for (char *slash = path + root_length + 1; *slash; slash++) {
        if (*slash != '/') continue;
        *slash = 0;
        if (!syscall(SYS_mkdirat, AT_FDCWD, path, 0777)) touch_real(path);
        *slash = '/';
    }
}

static void make(enum change change, mode_t mode, char *real, const char *content, uint32_t length) {
    make_parents(real);
    if (change == DIRECTORY) {
        if (!syscall(SYS_mkdirat, AT_FDCWD, real, 0777)) touch_real(real);
        return;
    }
    char *slash = strrchr(real, '/');
    int parent = (*slash = 0, (int)syscall(SYS_openat, AT_FDCWD, real, O_PATH | O_DIRECTORY | O_CLOEXEC, 0));
    *slash = '/';
    remove_all(parent, slash + 1, real);
    touch_real(real);
    if (change == LINK) {
        char target[PATH_ROOM];
        snprintf(target, sizeof target, "%s%s", content[0] == '/' ? settings.root : "", content);
        syscall(SYS_symlinkat, target, parent, slash + 1);
    } else {
        int fd = (int)syscall(SYS_openat, parent, slash + 1, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
        struct stat st;
        if (fd < 0) fail(NULL, "%s, which a rule makes, cannot be made: %s", virtual_path(real), strerror(errno));
        for (uint32_t done = 0; done < length;) {
            ssize_t n = syscall(SYS_write, fd, content + done, length - done);
            if (n <= 0) fail(NULL, "%s, which a rule makes, cannot be written: %s", virtual_path(real), strerror(errno));
            done += (uint32_t)n;
        }
        syscall(SYS_fchmod, fd, mode);
        if (!syscall(SYS_fstat, fd, &st)) file_changes(st.st_ino);
        syscall(SYS_close, fd);
    }
    syscall(SYS_close, parent);
}

/* `{N}` is word N of the command, `{N.name}` its base name, `{N.stem}` that without its last suffix. */
static void filled_in(const char *path, char *const argv[], char *buffer, size_t room) {
    size_t used = 0, words = 0;
    while (argv && argv[words]) words++;
    while (*path && used + 1 < room) {
        char kind[8] = "";
        unsigned number = 0;
        int end = 0;
        if (*path == '{' && ((sscanf(path, "{%3u.%4[a-z]}%n", &number, kind, &end) == 2 && end) ||
                             (kind[0] = 0, sscanf(path, "{%3u}%n", &number, &end) == 1 && end)) && number < words &&
            (!*kind || !strcmp(kind, "name") || !strcmp(kind, "stem"))) {
            const char *word = *kind ? base_name(argv[number]) : argv[number];
            const char *dot = !strcmp(kind, "stem") ? strrchr(word, '.') : NULL;
            int n = snprintf(buffer + used, room - used, "%.*s", dot && dot != word ? (int)(dot - word) : (int)strlen(word), word);
            used += n > 0 ? (size_t)n : 0;
            path += end;
        } else buffer[used++] = *path++;
    }
    buffer[used < room ? used : room - 1] = 0;
}

void make_changes(const char *cursor, uint32_t count, char *const argv[]) {
    for (uint32_t i = 0; i < count; i++) {
        enum change change = (enum change)take_number(&cursor);
        mode_t mode = (mode_t)take_number(&cursor);
        char path[PATH_ROOM];
        filled_in(take_string(&cursor, NULL), argv, path, sizeof path);
        uint32_t length;
        const char *content = take_string(&cursor, &length);
        char whole[PATH_ROOM], real[PATH_ROOM];
        if (physical(AT_FDCWD, path, whole, sizeof whole)) absolute(path, whole, sizeof whole);
        snprintf(real, sizeof real, "%s%s", settings.root, whole);
        if (change == REMOVAL) remove_all(AT_FDCWD, real, real);
        else make(change, mode, real, content, length);
        if (change == REMOVAL) settle_path(whole);
    }
}
