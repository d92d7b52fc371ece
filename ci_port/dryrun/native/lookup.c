/* How bash looks along PATH. Answers to bash's findcmd.c and hashcmd.c. */
#include "recorder.h"

static int hashing_saved = -1;

/* Whether bash has made the path of a name and of a directory that PATH names. */
static int is_on_path(const char *path) {
    shell_variable *found = b_find("PATH");
    size_t length = (size_t)(base_name(path) - path);
    for (const char *entry = found ? found->value : NULL; entry && *entry; entry += *entry == ':') {
        size_t n = strcspn(entry, ":"), bare = n;
        while (bare > 1 && entry[bare - 1] == '/') bare--;
        if (!n ? !strncmp(path, "./", length) : (length == bare + 1 && !strncmp(path, entry, bare))) return 1;
        entry += n;
    }
    return 0;
}

/* The first program of a name in the directories of a PATH, in `buffer`; 0: there is none. Leaves errno. */
int find_program(const char *directories, const char *name, char *buffer) {
    int error = errno, is_there = 0;
    for (const char *entry = directories; !is_there; entry++) {
        struct stat st;
        int n = (int)strcspn(entry, ":");
        snprintf(buffer, PATH_ROOM, "%.*s/%s", n ? n : 1, n ? entry : ".", name);
        is_there = !world_stat(AT_FDCWD, buffer, &st, 0) && S_ISREG(st.st_mode) && st.st_mode & 0100;
        if (!*(entry += n)) break;
    }
    errno = error;
    return is_there;
}

/* A command that is nowhere is made up where bash looks first; one that stands in any directory of PATH is found there,
 * and nowhere else. PATH may be one of this command alone. */
int stands_on_path(const char *path) {
    char place[PATH_ROOM];
    if (!ctl->effects) return 0;
    shell_variable *own = b_find_own("PATH"), *found = own ? own : b_find("PATH");
    return found && found->value && find_program(found->value, base_name(path), place);
}

/* What bash looks along PATH for. A plain command name always runs, unless the world says that it is missing; `command -v`,
 * `type` and `hash` see what the world has. */
enum lookup lookup_of(void *caller, const char *path) {
    uintptr_t at = (uintptr_t)caller;
    size_t length = strlen(path);
    if (!in_bash || at < lookup_start || at >= lookup_end || !length || path[length - 1] == '/') return NOWHERE;
    void *builtin = *b_builtin;
    if (builtin == b_source) return SOURCES;
    int finds = builtin == b_command || builtin == b_type || builtin == b_hash;
    if (finds && !is_on_path(path)) return NOWHERE;  /* the script itself names a place */
    const char *name = base_name(path);
    if (is_listed(missing_start, missing_count, name)) return MISSES;
    /* In a directory that PATH names from here, there is what there is; and no program has the name of a builtin. */
    if (ctl->effects && (path[0] != '/' || (is_builtin(name) && !is_answered(name)))) return MISSES;
    return finds ? FINDS : RUNS;
}

/* Bash would remember the place that we made up, and `command -v` would then find it; fork() turns this back. */
void forget_place(void) {
    if (!*b_printed) return;  /* bash looks for itself */
    if (hashing_saved < 0) { hashing_saved = *b_hashing; *b_hashing = 0; }
}

void restore_hashing(void) {
    if (hashing_saved >= 0) { *b_hashing = hashing_saved; hashing_saved = -1; }
}

int pretend_command(struct stat *st) {
    memset(st, 0, sizeof *st);
    st->st_mode = S_IFREG | 0755;
    st->st_nlink = 1;
    fix_stat(st);
    return 0;
}
