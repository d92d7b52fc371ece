/* Temporary files: bash's own for long here-documents, and those of sort(1). Answers to mkstemp(3). */
#include "recorder.h"

static int temporary(char *template, int suffix, int flags) {
    char buffer[PATH_ROOM];
    /* sort(1) keeps a large input in files of its own; `sed -i` makes one to replace another. */
    if (ready && !in_bash && !is_frugal)
        fail(NULL, "a pure tool makes the file %s; a tool that does more than text is not pure", template);
    const char *real = real_path(template, buffer);
    if (!ready || real != buffer) snprintf(buffer, sizeof buffer, "%s", template);
    if (ready && in_root(buffer)) {
        char *slash = strrchr(buffer, '/');
        if ((size_t)(slash - buffer) > root_length) { *slash = 0; make_directories(buffer); *slash = '/'; }
        __atomic_store_n(&ctl->dirty, 1, __ATOMIC_RELAXED);
    }
    static void *next;
    if (!next) next = dlsym(RTLD_NEXT, "mkostemps");
    int fd = ((int (*)(char *, int, int))next)(buffer, suffix, flags);
    if (fd >= 0) {  /* the six characters that were chosen */
        size_t n = strlen(template), m = strlen(buffer);
        memcpy(template + n - (size_t)suffix - 6, buffer + m - (size_t)suffix - 6, 6);
    }
    return fd;
}
int mkstemp(char *template) { return temporary(template, 0, 0); }
int mkstemp64(char *template) { return temporary(template, 0, 0); }
int mkostemp(char *template, int flags) { return temporary(template, 0, flags); }
int mkostemp64(char *template, int flags) { return temporary(template, 0, flags); }
int mkstemps(char *template, int suffix) { return temporary(template, suffix, 0); }
int mkostemps(char *template, int suffix, int flags) { return temporary(template, suffix, flags); }
