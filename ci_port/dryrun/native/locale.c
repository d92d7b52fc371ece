/* Two kinds of locale are on every machine: with UTF-8 and without. Another one is taken as it is, where this machine has
 * it; where not, one of the two stands in, and the run says so, because words may have another order. Answers to
 * setlocale(3) and to bash's locale.c. */
#include "recorder.h"

static const char *plain_locale(const char *name) {
    const char *codes = strchr(name, '.');
    return codes && (strcasestr(codes, "utf-8") || strcasestr(codes, "utf8")) ? "C.UTF-8" : "C";
}
static int is_plain(const char *name) {
    static const char *const names[] = {"C", "POSIX", "C.UTF-8", "C.utf8", NULL};
    for (int i = 0; names[i]; i++)
        if (!strcmp(name, names[i])) return 1;
    return 0;
}

static void say_missing(const char *name) {
    const char *texts[NOTE_TEXTS] = {name};
    add(NOTE, texts, NULL, NULL);
}

DECLARE(setlocale);
/* With the machine's own locales, and none of LOCPATH. */
static char *machine_locale(int category, const char *name) {
    char *hidden = hide_variable("LOCPATH");
    char *result = NEXT(setlocale)(category, name);
    show_variable(hidden);
    return result;
}
char *setlocale(int category, const char *name) {
    if (!ready || !name) return machine_locale(category, name);
    if (*name) {
        if (!is_plain(name) && !strchr(name, '/')) {
            char *real = ctl->effects ? machine_locale(category, name) : NULL;
            if (real) return real;
            if (category == LC_COLLATE || category == LC_ALL) say_missing(name);
        }
        char *result = machine_locale(category, plain_locale(name));
        return result ? result : machine_locale(category, "C");
    }
    static const struct { int category; const char *variable; } table[] = {
        {LC_CTYPE, "LC_CTYPE"}, {LC_NUMERIC, "LC_NUMERIC"}, {LC_TIME, "LC_TIME"}, {LC_COLLATE, "LC_COLLATE"},
        {LC_MONETARY, "LC_MONETARY"}, {LC_MESSAGES, "LC_MESSAGES"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (category != LC_ALL && category != table[i].category) continue;
        const char *value = getenv("LC_ALL");
        if (!value || !*value) value = getenv(table[i].variable);
        if (!value || !*value) value = getenv("LANG");
        setlocale(table[i].category, value && *value ? value : "C");
    }
    return machine_locale(category, NULL);
}
