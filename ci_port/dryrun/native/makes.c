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
        syscall(SYS_fchmodat, dir, name, st.st_mode | 0700);
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
    ino_t last = S_ISDIR(st.st_mode) ? 0 : last_name(dir, name);
    touch_real(real);
    if (syscall(SYS_unlinkat, dir, name, S_ISDIR(st.st_mode) ? AT_REMOVEDIR : 0))
        fail(NULL, "%s, which a rule removes, cannot be removed: %s", virtual_path(real), strerror(errno));
    own_is_gone(last);
    entry_changes(real, 0);
}

/* A directory that was not there; -1 and errno if something is. */
static int make_directory(const char *real) {
    if (syscall(SYS_mkdirat, AT_FDCWD, real, 0777)) return -1;
    touch_real(real);
    entry_changes(real, 1);
    return 0;
}

/* The directories above a file that is made; `path` is real and stands below the root. */
static void make_parents(char *path) {
    for (char *slash = path + root_length + 1; *slash; slash++) {
        if (*slash != '/') continue;
        *slash = 0;
        make_directory(path);
        *slash = '/';
    }
}

static void cannot_make(const char *real, int error) {
    fail(NULL, "%s, which a rule makes, cannot be made: %s", virtual_path(real), strerror(error));
}

/* A directory that is there stays; nothing else takes the place of one, nor is made below what is none. */
static void make(enum change change, mode_t mode, char *real, const char *content, uint32_t length) {
    struct stat st;
    make_parents(real);
    if (change == DIRECTORY) {
        if (make_directory(real) && (syscall(SYS_newfstatat, AT_FDCWD, real, &st, 0) || !S_ISDIR(st.st_mode)))
            cannot_make(real, EEXIST);
        return;
    }
    if (!syscall(SYS_newfstatat, AT_FDCWD, real, &st, AT_SYMLINK_NOFOLLOW)) {
        if (S_ISDIR(st.st_mode)) cannot_make(real, EISDIR);
    } else if (errno != ENOENT) cannot_make(real, errno);
    char *slash = strrchr(real, '/');
    int parent = (*slash = 0, (int)syscall(SYS_openat, AT_FDCWD, real, O_PATH | O_DIRECTORY | O_CLOEXEC, 0));
    *slash = '/';
    if (parent < 0) cannot_make(real, errno);
    remove_all(parent, slash + 1, real);
    touch_real(real);
    entry_changes(real, 0);
    if (change == LINK) {
        char target[PATH_ROOM];
        link_text(content, virtual_path(real), target);
        syscall(SYS_symlinkat, target, parent, slash + 1);
    } else {
        int fd = (int)syscall(SYS_openat, parent, slash + 1, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
        if (fd < 0) cannot_make(real, errno);
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

/* The parts of a word that a template can name (ci_port.model.templates). The word is changed; so may be what is
 * returned. */
static char *without_slashes(char *word) {
    for (size_t n = strlen(word); n > 1 && word[n - 1] == '/';) word[--n] = 0;
    return word;
}

static void cut(char *word, const char *suffix) {
    size_t n = strlen(word), m = strlen(suffix);
    if (n >= m && !strcmp(word + n - m, suffix)) word[n - m] = 0;
}

static const char *part_of(const char *part, char *word) {
    if (!*part) return word;
    if (!strcmp(part, "repository")) {
        cut(without_slashes(word), "/.git");
        without_slashes(word);
        char *last = word;
        for (char *at = word; *at; at++)
            if (*at == '/' || *at == ':') last = at + 1;
        cut(last, ".git");
        cut(last, ".bundle");
        return last;
    }
    without_slashes(word);
    char *slash = strrchr(word, '/');
    if (!strcmp(part, "dir")) {
        if (!slash) return ".";
        slash[slash == word] = 0;
        return without_slashes(word);
    }
    char *name = slash && slash[1] ? slash + 1 : word;
    char *dot = strcmp(part, "stem") ? NULL : strrchr(name, '.');
    if (dot && dot != name) *dot = 0;
    return name;
}

/* Fill in the words of the command; -1 if the template names one that it does not have. */
static int filled_in(const char *path, char *const argv[], char *buffer, size_t room) {
    static const char *const parts[] = {"", "name", "stem", "dir", "repository"};
    size_t used = 0, words = 0;
    while (argv[words]) words++;
    while (*path && used + 1 < room) {
        char part[16] = "", word[PATH_ROOM];
        unsigned number = 0;
        int end = 0, known = 0;
        if (*path == '{' && path[1] >= '0' && path[1] <= '9' && (path[1] != '0' || path[2] < '0' || path[2] > '9')) {
            if (!(sscanf(path, "{%4u.%15[a-z]}%n", &number, part, &end) == 2 && end)) {
                *part = 0;
                end = 0;
                if (sscanf(path, "{%4u}%n", &number, &end) != 1) end = 0;
            }
            for (size_t i = 0; end && i < sizeof parts / sizeof *parts; i++) known |= !strcmp(part, parts[i]);
        }
        if (!known) { buffer[used++] = *path++; continue; }
        if (number >= words) return -1;
        snprintf(word, sizeof word, "%s", argv[number]);
        int n = snprintf(buffer + used, room - used, "%s", part_of(part, word));
        used += n > 0 ? (size_t)n : 0;
        path += end;
    }
    buffer[used < room ? used : room - 1] = 0;
    return 0;
}

void make_changes(const char *cursor, uint32_t count, char *const argv[]) {
    for (uint32_t i = 0; i < count; i++) {
        enum change change = (enum change)take_number(&cursor);
        mode_t mode = (mode_t)take_number(&cursor);
        char path[PATH_ROOM];
        int known = !filled_in(take_string(&cursor, NULL), argv, path, sizeof path) && *path;
        uint32_t length;
        const char *content = take_string(&cursor, &length);
        if (!known) continue;
        char whole[PATH_ROOM], real[PATH_ROOM];
        if (physical(AT_FDCWD, path, whole, sizeof whole)) absolute(path, whole, sizeof whole);
        snprintf(real, sizeof real, "%s%s", settings.root, whole);
        if (change == REMOVAL) remove_all(AT_FDCWD, real, real);
        else make(change, mode, real, content, length);
        if (change == REMOVAL) settle_path(whole);
    }
}
