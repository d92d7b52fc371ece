/* Only two kinds of locale, those that every machine has: with UTF-8 and without. Answers to setlocale(3) and to bash's
 * locale.c. */
#include "recorder.h"

static const char *plain_locale(const char *name) {
    const char *codes = strchr(name, '.');
    return codes && (strcasestr(codes, "utf-8") || strcasestr(codes, "utf8")) ? "C.UTF-8" : "C";
}
DECLARE(setlocale);
char *setlocale(int category, const char *name) {
    if (!ready || !name) return NEXT(setlocale)(category, name);
    if (*name) {
        char *result = NEXT(setlocale)(category, plain_locale(name));
        return result ? result : NEXT(setlocale)(category, "C");
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
    return NEXT(setlocale)(category, NULL);
}
