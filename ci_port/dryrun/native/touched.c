/* Which paths of the world the run itself has made or removed: what a script asks about them is settled, as long as no
 * command has run since whose effects nobody knows. Each is written down once, so that the tree can be put back.
 * Answers to `Tree.undo` and `asked` of ci_port.dryrun. */
#include "recorder.h"

static uint64_t hash_of(const char *text, size_t length) {  /* FNV-1a */
    uint64_t hash = 14695981039346656037u;
    for (size_t i = 0; i < length; i++) hash = (hash ^ (unsigned char)text[i]) * 1099511628211u;
    return hash;
}

static struct touched *slot_of(uint64_t hash, int make, int *is_new) {
    struct touched *table = (struct touched *)((char *)ctl + ctl->touched);
    while (__atomic_exchange_n(&ctl->table_lock, 1, __ATOMIC_ACQUIRE)) check_stop();
    struct touched *found = NULL;
    for (uint32_t i = 0; i < TOUCHED_PATHS; i++) {
        struct touched *slot = &table[(hash + i) % TOUCHED_PATHS];
        if (slot->run == ctl->run && slot->hash != hash) continue;
        if (slot->run == ctl->run) { found = slot; break; }
        if (make) {
            *slot = (struct touched){hash, ctl->run, 0};
            found = slot;
            *is_new = 1;
        }
        break;
    }
    __atomic_store_n(&ctl->table_lock, 0, __ATOMIC_RELEASE);
    return found;
}

static void mark(const char *path, int changes) {
    int is_new = 0;
    struct touched *slot = slot_of(hash_of(path, strlen(path)), 1, &is_new);
    if (!slot) fail(NULL, "the run changes more than %d paths", TOUCHED_PATHS);
    slot->guesses = ctl->guesses;
    if (!changes) return;
    __atomic_store_n(&ctl->dirty, 1, __ATOMIC_RELAXED);
    const char *texts[TOUCH_TEXTS] = {path};
    add(TOUCH, texts, NULL, NULL);
}

/* The run makes, changes or removes `path` (virtual, no links on the way to it). */
void touch_path(const char *path) { mark(path, 1); }

/* The run has made sure that `path` is not there. */
void settle_path(const char *path) { mark(path, 0); }

/* Whether the run itself has decided what is at `path`: it, or a directory above it. */
int is_settled(const char *path) {
    size_t length = strlen(path);
    while (length > 1) {
        struct touched *slot = slot_of(hash_of(path, length), 0, NULL);
        if (slot && slot->guesses == ctl->guesses) return 1;
        while (length && path[--length] != '/') {}
    }
    return 0;
}
