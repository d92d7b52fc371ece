/* The course of a run: each command that the shell starts, as bash itself prints it, and what has become of the one
 * before. Answers to bash's print_cmd.c (the_printed_command) and execute_cmd.c (last_command_exit_value, evalnest). */
#include "recorder.h"

#define MOST_VARIABLES 64  /* of one test */
#define VALUE_ROOM 8192    /* names and values of one test */

static char *const *b_text;
static int *b_status, *b_evals, *b_ignores_case, *b_length;
static char **b_arguments;
static char *(*b_value)(const char *);

/* The first members, the same in 4.4 ... 5.3 (variables.h). */
typedef struct { char *name, *value, *exported; void *dynamic, *assign; int attributes; } variable_head;
#define NAMEREF 0x800
static variable_head *(*b_itself)(const char *);

/* Without one of these symbols there is no course. */
int course_symbols(void) {
    b_text = dlsym(RTLD_DEFAULT, "the_printed_command");
    b_status = dlsym(RTLD_DEFAULT, "last_command_exit_value");
    b_length = dlsym(RTLD_DEFAULT, "command_string_index");
    b_evals = dlsym(RTLD_DEFAULT, "evalnest");
    b_ignores_case = dlsym(RTLD_DEFAULT, "match_ignore_case");
    b_arguments = dlsym(RTLD_DEFAULT, "dollar_vars");
    b_value = (char *(*)(const char *))dlsym(RTLD_DEFAULT, "get_string_value");
    b_itself = (variable_head *(*)(const char *))dlsym(RTLD_DEFAULT, "find_variable_noref");
    return b_itself && b_text && b_length && b_status && b_evals && b_ignores_case && b_arguments && b_value;
}

/* Whether bash has printed a command since this was asked last, to start it: it begins each print at 0. It prints the text
 * of a substitution that it reads as well (since 5.2), and frees what it freed before: where evalstring.c (restore_lastcom)
 * does that is known from the recorder's own check, in which it happens with nothing printed. */
static int is_started(const void *freed, void *caller) {
    int printed = *b_length > 0;
    *b_length = 0;
    if (*b_trap || freed != *b_printed) return printed;
    uint64_t at = place_in_bash(caller);
    if (!printed) ctl->restore_caller = at;
    return printed && at != ctl->restore_caller;
}

/* A `[[ ]]` of several tests, of which bash tells only what they come to together, or a `case`: which of its tests hold
 * follows from the variables that they look at, unless looking changes them. */
static int is_open(const char *text) {
    int several = strstr(text, " && ") || strstr(text, " || ");
    return (!strncmp(text, "case ", 5) || (!strncmp(text, "[[ ", 3) && several)) && !strstr(text, "RANDOM") && !*b_ignores_case;
}

static int is_letter(char c) { return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
static int is_digit(char c) { return c >= '0' && c <= '9'; }

struct values { char room[VALUE_ROOM]; size_t used; char *entries[MOST_VARIABLES + 1]; int count; };

static int keep_value(struct values *values, const char *name, size_t length) {
    char own[256];
    if (length >= sizeof own) return 0;
    memcpy(own, name, length);
    own[length] = 0;
    /* Another name for RANDOM: to look is to change it. */
    const variable_head *found = is_digit(*own) ? NULL : b_itself(own);
    if (found && found->attributes & NAMEREF) return 0;
    const char *value = is_digit(*own) ? b_arguments[*own - '0'] : b_value(own);
    if (!value) return 1;
    size_t size = length + 1 + strlen(value) + 1;
    if (values->count == MOST_VARIABLES || values->used + size > sizeof values->room) return 0;
    values->entries[values->count++] = values->room + values->used;
    values->entries[values->count] = NULL;
    values->used += (size_t)snprintf(values->room + values->used, size, "%s=%s", own, value) + 1;
    return 1;
}

/* Whatever looks like a name may be one: in sums they stand without a `$`. 0: there is no room for all. */
static int keep_values(struct values *values, const char *text) {
    for (const char *at = text; *at;) {
        size_t length = 1;
        if (is_letter(*at)) {
            while (is_letter(at[length]) || is_digit(at[length])) length++;
            if (!keep_value(values, at, length)) return 0;
        } else if (*at == '$') {
            const char *digit = at + 1 + (at[1] == '{');
            if (is_digit(*digit) && !keep_value(values, digit, 1)) return 0;
        } else if (is_digit(*at)) {
            while (is_letter(at[length]) || is_digit(at[length])) length++;
        }
        at += length;
    }
    return 1;
}

/* A command may have started. In a trap, the status of the one before may be that of a substitution. */
void note_course(const void *freed, void *caller) {
    static struct values values;
    if (ctl->cut || !*b_text || !is_started(freed, caller)) return;
    busy++;
    if (ctl->next - ctl->log > (ctl->size - ctl->log) / 2) {
        /* What follows is needed for the plan. */
        ctl->cut = 1;
        busy--;
        return;
    }
    const char *texts[COMMAND_TEXTS] = {*b_text};
    values.used = 0;
    values.count = 0;
    values.entries[0] = NULL;
    int knows = is_open(*b_text) && keep_values(&values, *b_text);
    int status = *b_status;
    struct record *r = add(COMMAND, texts, values.entries, NULL);
    r->status = status;
    r->value = *b_evals;
    r->flags = (*b_trap ? IN_TRAP : 0) | (knows ? KNOWS : 0);
    busy--;
}
