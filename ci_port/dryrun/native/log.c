/* The log: records are allocated by all processes of a run at once, and each is complete before it is marked as ready.
 * Answers to layout.py. */
#include "recorder.h"

struct control *ctl;
uint32_t order[MAX_DEPTH], depth, seq;
char place_file[PATH_MAX], place_functions[PATH_MAX];
uint32_t place_line;

static const uint8_t texts_of[] = TEXTS;

void end_run(void) {
    if (ctl) __atomic_store_n(&ctl->stop, ENDED, __ATOMIC_SEQ_CST);
    _exit(END_STATUS);
}

void check_stop(void) {
    if (ctl && __atomic_load_n(&ctl->stop, __ATOMIC_RELAXED)) _exit(END_STATUS);
}

struct writer { struct record *record; char *cursor; size_t size; };

static void put_string(struct writer *w, const char *text, size_t length) {
    uint32_t size = (uint32_t)length;
    if (w->cursor) {
        memcpy(w->cursor, &size, 4);
        memcpy(w->cursor + 4, text, length);
        w->cursor += 4 + length;
    }
    w->size += 4 + length;
}

static void put_text(struct writer *w, const char *text) { put_string(w, text ? text : "", text ? strlen(text) : 0); }

/* Words and variables as one string, each with its NUL: neither can hold one. */
static void put_vector(struct writer *w, char *const *vector) {
    size_t total = 0;
    for (size_t i = 0; vector && vector[i]; i++) total += strlen(vector[i]) + 1;
    uint32_t size = (uint32_t)total;
    if (w->cursor) {
        memcpy(w->cursor, &size, 4);
        w->cursor += 4;
        for (size_t i = 0; vector && vector[i]; i++) w->cursor = stpcpy(w->cursor, vector[i]) + 1;
    }
    w->size += 4 + total;
}

static struct record *allocate(enum kind kind, size_t size) {
    size = (size + 7) & ~(size_t)7;
    uint64_t at = __atomic_fetch_add(&ctl->next, size, __ATOMIC_SEQ_CST);
    if (at + size > ctl->size) {
        __atomic_store_n(&ctl->stop, LOG_FULL, __ATOMIC_SEQ_CST);
        _exit(END_STATUS);
    }
    struct record *r = record_at(at);
    /* Nothing of a run may depend on whether its commands are written down: chance comes from these numbers. */
    if (kind != COMMAND) seq++;
    *r = (struct record){.size = (uint32_t)size, .kind = (uint8_t)kind, .state = EMPTY, .depth = (uint16_t)depth, .seq = seq};
    memcpy(r->path, order, depth * sizeof(uint32_t));
    return r;
}

uint64_t place_of(const struct record *record) { return (uint64_t)((const char *)record - (const char *)ctl); }
struct record *record_at(uint64_t place) { return (struct record *)((char *)ctl + place); }

/* Content of any kind, which belongs to the record at `of`; where it happens is not asked. */
struct record *add_data(enum kind kind, const char *data, size_t length, uint64_t of) {
    struct writer w = {.size = sizeof(struct record) + depth * sizeof(uint32_t)};
    struct record *r = allocate(kind, w.size + 12 + length);
    w.cursor = (char *)r + w.size;
    put_text(&w, "");
    put_text(&w, "");
    put_string(&w, data, length);
    r->value = (int64_t)of;
    __atomic_store_n(&r->state, READY, __ATOMIC_RELEASE);
    return r;
}

struct record *add(enum kind kind, const char *const *texts, char *const *argv, char *const *envp) {
    static char functions[PATH_MAX];
    const char *file;
    busy++;
    uint32_t line = here(&file, functions, sizeof functions);
    struct writer w = {0};
    struct record *r = NULL;
    for (int pass = 0; pass < 2; pass++) {
        w.size = sizeof *r + depth * sizeof(uint32_t);
        w.cursor = pass ? (char *)r + w.size : NULL;
        put_text(&w, file);
        put_text(&w, functions);
        for (int i = 0; i < texts_of[kind]; i++) put_text(&w, texts[i]);
        if (argv) put_vector(&w, argv);
        if (argv) put_vector(&w, envp);
        if (pass) break;
        r = allocate(kind, w.size);
        r->line = line;
    }
    __atomic_store_n(&r->state, READY, __ATOMIC_RELEASE);
    busy--;
    return r;
}

struct record *add_number(enum kind kind, int64_t value) {
    struct record *r = add(kind, NULL, NULL, NULL);
    r->value = value;
    return r;
}

void fail(const char *command, const char *format, ...) {
    static char message[1024];
    va_list list;
    va_start(list, format);
    vsnprintf(message, sizeof message, format, list);
    va_end(list);
    if (!command) command = in_bash ? *b_printed : own_command;
    const char *texts[ERROR_TEXTS] = {message, command};
    if (ctl) add(ERROR, texts, NULL, NULL);
    end_run();
}

void count_step(void) {
    if (__atomic_add_fetch(&ctl->steps, 1, __ATOMIC_SEQ_CST) > ctl->max_steps)
        fail(NULL, "the run takes more than %u steps", ctl->max_steps);
}
