/* A script that asks one command again and again, and waits in between, waits for another answer: without a rule there
 * will be none, so the run ends with the rule that is missing. Answers to `asked` of ci_port.dryrun. */
#include "recorder.h"

#define MOST_WAITS 1000    /* times that a command is asked with time passing in between */
#define MOST_LOOKS 20000   /* times that the script looks for what is not there */
#define MOST_ASKED 2000    /* times that its output is read with no time passing at all */

static uint64_t hash_of(char *const argv[]) {  /* FNV-1a */
    uint64_t hash = 14695981039346656037u;
    for (size_t i = 0; argv[i]; i++)
        for (const char *at = argv[i];; at++) {
            hash = (hash ^ (unsigned char)*at) * 1099511628211u;
            if (!*at) break;
        }
    return hash;
}

static uint64_t hash_of_path(const char *path) {
    char *words[] = {(char *)"a path", (char *)path, NULL};
    return hash_of(words);
}

static struct polled *slot_of(uint64_t hash) {
    struct polled *table = (struct polled *)((char *)ctl + ctl->polled), *found = NULL;
    while (__atomic_exchange_n(&ctl->table_lock, 1, __ATOMIC_ACQUIRE)) check_stop();
    for (uint32_t i = 0; i < POLLED_COMMANDS && !found; i++) {
        struct polled *slot = &table[(hash + i) % POLLED_COMMANDS];
        if (slot->run != ctl->run) *slot = (struct polled){hash, ctl->run, 0, 0, ctl->clock};
        if (slot->hash == hash) found = slot;
    }
    __atomic_store_n(&ctl->table_lock, 0, __ATOMIC_RELEASE);
    return found;
}

/* One word as JSON has it; what does not fit is left out. */
static size_t put_word(const char *word, char *text, size_t room) {
    size_t used = (size_t)snprintf(text, room, "\"");
    for (; *word && used + 8 < room; word++) {
        unsigned char c = (unsigned char)*word;
        if (c == '"' || c == '\\') { text[used++] = '\\'; text[used++] = *word; }
        else if (c < 0x20) used += (size_t)snprintf(text + used, room - used, "\\u%04x", c);
        else text[used++] = *word;
    }
    return used + (size_t)snprintf(text + used, room - used, "\"");
}

static int waits_too_long(struct polled *slot, uint32_t most) {
    uint32_t times = ++slot->times;
    if (slot->clock != ctl->clock) slot->waits++;
    slot->clock = ctl->clock;
    return slot->waits > MOST_WAITS || times > most;
}

/* The script asks whether something is at a path where there is nothing. */
void note_path_poll(const char *path) {
    struct polled *slot = slot_of(hash_of_path(path));
    if (slot && waits_too_long(slot, MOST_LOOKS))
        fail(NULL, "a loop waits for %s, which nothing makes; say what does: a rule with \"makes\": {\"%s\": \"\"}, or a file of "
             "the world", path, path);
}

/* A command without a rule runs; `is_read`: its output goes into a pipe. */
void note_poll(char *const argv[], int is_read) {
    struct polled *slot = slot_of(hash_of(argv));
    if (!slot) return;
    if (!waits_too_long(slot, is_read ? MOST_ASKED : UINT32_MAX)) return;
    char rule[700] = "";
    size_t used = 0;
    for (size_t i = 0; argv[i] && used + 40 < sizeof rule; i++) {
        if (i) used += (size_t)snprintf(rule + used, sizeof rule - used, ", ");
        used += put_word(argv[i], rule + used, sizeof rule - used);
    }
    fail(NULL, "a loop waits for another answer of a command that no rule of the world answers; give it one: "
         "{\"commands\": [{\"argv\": [%s], \"stdout\": \"\", \"status\": 0}]}", rule);
}
