/* Directories: reading, changing into them, and making those that a command of the script would have made. Answers to
 * getcwd(3), chdir(2), opendir(3) and to bash's builtins/cd.def. */
#include "recorder.h"

#define MAX_LEVELS 200     /* directories within directories that a run may make */

/* Make a directory of the world, and its parents; each is written down so that the tree can be put back. */
void make_directories(char *path) {  /* real path, below the root; changed while it runs and put back */
    if (levels(path + root_length) > MAX_LEVELS)
        fail(NULL, "the run makes more than %d directories in each other", MAX_LEVELS);
    for (char *slash = path + root_length + 1;; slash++) {
        if (*slash && *slash != '/') continue;
        char kept = *slash;
        *slash = 0;
        if (syscall(SYS_mkdirat, AT_FDCWD, path, 0755) == 0) {
            syscall(SYS_fchmodat, AT_FDCWD, path, 0755);  /* whatever umask the script has set */
            count_step();
            const char *texts[MKDIR_TEXTS] = {virtual_path(path)};
            add(MKDIR, texts, NULL, NULL);
        }
        *slash = kept;
        if (!kept) return;
    }
}

static int is_empty(DIR *stream) {
    int names = 0;
    while (names < 3 && readdir(stream)) names++;
    rewinddir(stream);
    return names < 3;
}

/* The shell looks through a directory. That it is there says nothing of what else would be in it: an empty one
 * is asked for its content, as `directory/ *` without the space. */
DECLARE(opendir);
DIR *opendir(const char *path) {
    char buffer[PATH_ROOM], content[PATH_ROOM];
    DIR *result = NEXT(opendir)(real_path(path, buffer));
    if (!result && ready && (errno == ENOENT || errno == ENOTDIR)) ask_path(AT_FDCWD, path);
    if (result && in_bash && ready && ctl->effects && !busy && is_empty(result)) {
        snprintf(content, sizeof content, "%s/*", path);
        ask_path(AT_FDCWD, content);
    }
    return result;
}

char *getcwd(char *buffer, size_t room) {
    char whole[PATH_ROOM];
    if (current_directory(whole, sizeof whole)) return NULL;
    size_t length = strlen(whole) + 1;
    if (buffer && room < length) { errno = room ? ERANGE : EINVAL; return NULL; }
    if (!buffer && !(buffer = malloc(room > length ? room : length))) return NULL;
    return memcpy(buffer, whole, length);
}
char *__getcwd_chk(char *buffer, size_t room, size_t size) { (void)size; return getcwd(buffer, room); }
char *get_current_dir_name(void) { return getcwd(NULL, 0); }
char *getwd(char *buffer) { return getcwd(buffer, PATH_MAX); }

/* `cd name` tries CDPATH's directories one after the other: those that have no such directory are passed over, the
 * current one too if another one has it. */
static int lies_on_cdpath(const char *path) {
    shell_variable *found = b_find("CDPATH");
    char whole[PATH_ROOM], here[PATH_ROOM];
    absolute(path, whole, sizeof whole);
    size_t above = current_directory(here, sizeof here) ? 0 : strlen(here);
    const char *name = above && !strncmp(whole, here, above) && whole[above] == '/' ? whole + above + 1 : NULL;
    for (const char *entry = found ? found->value : NULL; entry && *entry; entry += *entry == ':') {
        size_t n = strcspn(entry, ":");
        size_t bare = n;
        while (bare && entry[bare - 1] == '/') bare--;
        int here_too = !n || (n == 1 && entry[0] == '.');
        if (!here_too && !strncmp(path, entry, bare) && path[bare] == '/') return 1;
        char other[PATH_ROOM];
        struct stat st;
        snprintf(other, sizeof other, "%.*s/%s", (int)n, entry, name ? name : "");
        if (!here_too && name && !world_stat(AT_FDCWD, other, &st, 0) && S_ISDIR(st.st_mode)) return 1;
        entry += n;
    }
    return 0;
}

/* A directory that a command of the script would have made: it exists as soon as the script changes into it. */
int make_missing(const char *path) {
    if (ctl->effects || !*path || (b_executing && !*b_executing) || (*b_builtin != b_cd && *b_builtin != b_pushd) || lies_on_cdpath(path)) return 0;
    char whole[PATH_ROOM], target[PATH_ROOM];
    absolute(path, whole, sizeof whole);
    snprintf(target, sizeof target, "%s%s", settings.root, whole);
    make_directories(target);
    return 1;
}

int chdir(const char *path) {
    char buffer[PATH_ROOM];
    int result = (int)syscall(SYS_chdir, real_path(path, buffer));
    if (!result || !ready || !in_bash || errno != ENOENT) return result;
    if (!make_missing(path)) {
        errno = ENOENT;
        ask_path(AT_FDCWD, path);
        return -1;
    }
    char whole[PATH_ROOM];
    absolute(path, whole, sizeof whole);
    return (int)syscall(SYS_chdir, real_path(whole, buffer));
}
