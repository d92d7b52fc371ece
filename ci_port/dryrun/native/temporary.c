/* Temporary files: bash's own for long here-documents, and those of sort(1). Answers to mkstemp(3). */
#include "recorder.h"

/* mktemp(1) takes a name from where it lies in memory: give it one that depends on nothing but what is there already.
 * `path` is mktemp's own buffer, which it prints. */
void choose_name(int dir, char *path) {
    static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    if (in_bash || strcmp(base_name(own_argv[0]), "mktemp")) return;
    const char *template = "tmp.XXXXXXXXXX", *suffix = "";
    for (int i = 1; own_argv[i]; i++) {
        const char *word = own_argv[i];
        if (!strcmp(word, "--suffix") && own_argv[i + 1]) suffix = own_argv[++i];
        else if (!strncmp(word, "--suffix=", 9)) suffix = word + 9;
        else if (word[0] != '-' && strstr(word, "XXX")) template = word;
    }
    const char *end = strrchr(template, 'X') + 1, *start = end;
    while (start > template && start[-1] == 'X') start--;
    size_t count = (size_t)(end - start), after = strlen(end) + strlen(suffix), length = strlen(path);
    if (length < count + after) return;
    char *place = path + length - after - count;
    uint64_t number = 0x9e3779b97f4a7c15u;
    for (struct stat st;; number++) {
        uint64_t rest = number * 6364136223846793005u;
        for (size_t i = 0; i < count; i++, rest = rest / 62 + rest * 31) place[i] = digits[rest % 62];
        if (world_stat(dir, path, &st, AT_SYMLINK_NOFOLLOW)) return;
    }
}

static int temporary(char *template, int suffix, int flags) {
    char buffer[PATH_ROOM];
    /* sort(1) keeps a large input in files of its own; `sed -i` makes one to replace another. */
    if (ready && !in_bash && !is_frugal) {
        if (!ctl->effects) fail(NULL, "a pure tool makes the file %s; a tool that does more than text is not pure", template);
        becomes_step();
    }
    const char *real = real_path(template, buffer);
    if (!ready || real != buffer) snprintf(buffer, sizeof buffer, "%s", template);
    if (ready && in_root(buffer)) {
        char *slash = strrchr(buffer, '/');
        if (!ctl->effects && (size_t)(slash - buffer) > root_length) { *slash = 0; make_directories(buffer); *slash = '/'; }
        __atomic_store_n(&ctl->dirty, 1, __ATOMIC_RELAXED);
    }
    static void *next;
    if (!next) next = dlsym(RTLD_NEXT, "mkostemps");
    int fd = ((int (*)(char *, int, int))next)(buffer, suffix, flags);
    if (fd >= 0) {  /* the six characters that were chosen */
        size_t n = strlen(template), m = strlen(buffer);
        memcpy(template + n - (size_t)suffix - 6, buffer + m - (size_t)suffix - 6, 6);
        char whole[PATH_ROOM];
        struct stat st;
        if (ready && ctl->effects && !physical(AT_FDCWD, template, whole, sizeof whole)) touch_path(whole);
        if (ready && ctl->effects && !in_bash && !syscall(SYS_fstat, fd, &st)) {
            file_changes(st.st_ino);
            add_number(CHANGE, (int64_t)st.st_ino)->flags = CUTS;
        }
    }
    return fd;
}
int mkstemp(char *template) { return temporary(template, 0, 0); }
int mkstemp64(char *template) { return temporary(template, 0, 0); }
int mkostemp(char *template, int flags) { return temporary(template, 0, flags); }
int mkostemp64(char *template, int flags) { return temporary(template, 0, flags); }
int mkstemps(char *template, int suffix) { return temporary(template, suffix, 0); }
int mkostemps(char *template, int suffix, int flags) { return temporary(template, suffix, flags); }
