/* What the C library would load or read by itself, past this library: converters (GCONV_PATH), locales (LOCPATH), time
 * zones (TZ, TZDIR) and translations (LANGUAGE, TEXTDOMAINDIR). Answers to iconv(3), setlocale(3), tzset(3), gettext(3). */
#include "recorder.h"

#include <iconv.h>

/* The C library looks at GCONV_PATH once, when it first converts: that is now, where the run's environment is not here. */
void load_converters(void) {
    iconv_t converter = iconv_open("UTF-8", "ASCII");
    if (converter != (iconv_t)-1) iconv_close(converter);
}

static char **entry_of(const char *name) {
    size_t length = strlen(name);
    for (char **entry = environ; entry && *entry; entry++)
        if (!strncmp(*entry, name, length) && (*entry)[length] == '=') return entry;
    return NULL;
}

/* Hide a variable from the C library, until it is shown again. */
char *hide_variable(const char *name) {
    char **entry = entry_of(name);
    if (!entry) return NULL;
    char *hidden = *entry;
    *entry = (char *)"CI_PORT_HIDDEN=";
    return hidden;
}
void show_variable(char *hidden) {
    for (char **entry = environ; hidden && *entry; entry++)
        if (!strcmp(*entry, "CI_PORT_HIDDEN=")) *entry = hidden;
}

#define ZONES "/usr/share/zoneinfo/"
/* The machine's own time zones are known by their names; a file is none of the world's. */
static void check_zone(void) {
    char **entry = ready ? entry_of("TZ") : NULL;
    if (ready && entry_of("TZDIR")) fail(NULL, "TZDIR names a directory of time zones, which is not the world's");
    if (!entry) return;
    const char *zone = *entry + 3;
    if (*zone == ':') zone++;
    if (!strncmp(zone, ZONES, strlen(ZONES)) && !strstr(zone, "..")) return;
    if (*zone == '/' || strstr(zone, "..") || *zone == '.') fail(NULL, "TZ names a file, which is not the world's: %s", zone);
}
DECLARE(tzset);
void tzset(void) {
    check_zone();
    NEXT(tzset)();
}
DECLARE(mktime);
time_t mktime(struct tm *when) {
    check_zone();
    return NEXT(mktime)(when);
}

/* What bash and the tools say is the same on every machine. */
char *gettext(const char *text) { return (char *)text; }
char *dgettext(const char *domain, const char *text) {
    (void)domain;
    return (char *)text;
}
char *dcgettext(const char *domain, const char *text, int category) {
    (void)domain;
    (void)category;
    return (char *)text;
}
char *ngettext(const char *one, const char *many, unsigned long count) { return (char *)(count == 1 ? one : many); }
char *dcngettext(const char *domain, const char *one, const char *many, unsigned long count, int category) {
    (void)domain;
    (void)category;
    return ngettext(one, many, count);
}
char *bindtextdomain(const char *domain, const char *directory) {
    struct stat st;
    if (ready && in_bash && directory && domain && strcmp(domain, "bash") && !world_stat(AT_FDCWD, directory, &st, 0))
        fail(NULL, "messages are translated with what stands in %s", directory);
    return (char *)directory;
}
