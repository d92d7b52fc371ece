/* How bash looks along PATH. Answers to bash's findcmd.c and hashcmd.c. */
#include "recorder.h"

static int hashing_saved = -1;

/* A plain command name always runs; only `command -v`, `type` and `hash` see what the world has. */
int looks_for_command(void *caller) {
    uintptr_t at = (uintptr_t)caller;
    if (!in_bash || at < lookup_start || at >= lookup_end) return 0;
    void *builtin = *b_builtin;
    return builtin != b_command && builtin != b_type && builtin != b_hash && builtin != b_source;
}

/* Bash would remember the place that we made up, and `command -v` would then find it; fork() turns this back. */
void forget_place(void) {
    if (hashing_saved < 0) { hashing_saved = *b_hashing; *b_hashing = 0; }
}

void restore_hashing(void) {
    if (hashing_saved >= 0) { *b_hashing = hashing_saved; hashing_saved = -1; }
}

int pretend_command(struct stat *st) {
    forget_place();
    memset(st, 0, sizeof *st);
    st->st_mode = S_IFREG | 0755;
    st->st_nlink = 1;
    fix_stat(st);
    return 0;
}
