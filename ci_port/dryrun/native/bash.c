/* What bash exports for loadable builtins, and where it is in the script. A bash without these symbols is refused.
 * Answers to bash's variables.c (find_variable, sbrand), execute_cmd.c (executing_line_number, this_shell_builtin,
 * the_printed_command_except_trap), findcmd.c (file_status), hashcmd.c (hashing_enabled) and builtins/. */
#include "recorder.h"

int (*b_line)(void);
shell_variable *(*b_find)(const char *);
shell_variable *(*b_find_own)(const char *);
void (*b_sbrand)(unsigned long);
void **b_builtin;
void *b_command, *b_type, *b_hash, *b_source, *b_cd, *b_pushd, *b_kill;
int *b_hashing, *b_pid, *b_posix, *b_trap, *b_executing;
int *b_errexit, *b_pipefail, *b_subshell;
char **b_printed;
uintptr_t lookup_start, lookup_end;

static char *(*b_element)(void *, intmax_t);
static uintptr_t bash_base;

#define MAX_FUNCTIONS 64   /* function stack kept with a step */

int symbols(void) {
    struct { const char *name; void **where; } table[] = {
        {"executing_line_number", (void **)&b_line}, {"find_variable", (void **)&b_find},
        {"find_tempenv_variable", (void **)&b_find_own},
        {"array_reference", (void **)&b_element},    {"this_shell_builtin", (void **)&b_builtin},
        {"command_builtin", &b_command},             {"type_builtin", &b_type},
        {"hash_builtin", &b_hash},                   {"source_builtin", &b_source},
        {"kill_builtin", &b_kill},                   {"cd_builtin", &b_cd},
        {"hashing_enabled", (void **)&b_hashing},    {"dollar_dollar_pid", (void **)&b_pid},
        {"the_printed_command_except_trap", (void **)&b_printed},
        {"posixly_correct", (void **)&b_posix},      {"running_trap", (void **)&b_trap},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (!(*table[i].where = dlsym(RTLD_DEFAULT, table[i].name))) return 0;
    /* What only newer ones export, or what only a note depends on. */
    b_executing = dlsym(RTLD_DEFAULT, "executing_builtin");
    b_errexit = dlsym(RTLD_DEFAULT, "exit_immediately_on_error");
    b_pipefail = dlsym(RTLD_DEFAULT, "pipefail_opt");
    b_subshell = dlsym(RTLD_DEFAULT, "subshell_environment");
    b_pushd = dlsym(RTLD_DEFAULT, "pushd_builtin");
    b_sbrand = (void (*)(unsigned long))dlsym(RTLD_DEFAULT, "sbrand");
    void *status = dlsym(RTLD_DEFAULT, "file_status");
    Dl_info info;
    const ElfW(Sym) *symbol = NULL;
    if (!status || !dladdr1(status, &info, (void **)&symbol, RTLD_DL_SYMENT) || !symbol) return 0;
    lookup_start = (uintptr_t)status;
    lookup_end = lookup_start + symbol->st_size;
    bash_base = (uintptr_t)info.dli_fbase;
    return 1;
}

uint64_t place_in_bash(const void *address) { return (uintptr_t)address - bash_base; }

/* `this_shell_builtin` says `source` long after it has ended. Where in bash a sourced file is opened is known from the
 * recorder's own check, in which nothing else is opened (worker.py). */
int opens_source(void *caller) {
    uint64_t at = place_in_bash(caller);
    if (!ctl->source_caller && *b_builtin == b_source) ctl->source_caller = at;
    return ctl->source_caller == at && *b_builtin == b_source;
}

uint32_t options_in_force(void) {
    return (b_errexit && *b_errexit ? ERREXIT : 0) | (b_pipefail && *b_pipefail ? PIPEFAIL : 0);
}

/* From where the function that runs was called, and so on outwards: `LINE FILE`, a line each. */
void callers(char *text, size_t room) {
    text[0] = 0;
    size_t used = 0;
    for (int i = 1; in_bash && i < MAX_FUNCTIONS; i++) {
        const char *file = element("BASH_SOURCE", i), *line = element("BASH_LINENO", i - 1);
        if (!file || !line) break;
        int n = snprintf(text + used, room - used, used ? "\n%s %s" : "%s %s", line, file);
        if (n < 0 || used + (size_t)n >= room) { text[used] = 0; break; }
        used += (size_t)n;
    }
}

const char *element(const char *variable, int index) {
    shell_variable *found = b_find(variable);
    return found && found->value ? b_element(found->value, index) : NULL;
}

/* Where the script is: the source file, and the names of the functions, innermost first, joined by spaces. */
uint32_t here(const char **file, char *functions, size_t room) {
    functions[0] = 0;
    if (!in_bash) {
        *file = place_file;
        snprintf(functions, room, "%s", place_functions);
        return place_line;
    }
    const char *source = element("BASH_SOURCE", 0);
    *file = source ? source : "";
    size_t used = 0;
    for (int i = 0; i < MAX_FUNCTIONS; i++) {
        const char *name = element("FUNCNAME", i);
        if (!name) break;
        int n = snprintf(functions + used, room - used, used ? " %s" : "%s", name);
        if (n < 0 || used + (size_t)n >= room) { functions[used] = 0; break; }
        used += (size_t)n;
    }
    int line = b_line();
    return line > 0 ? (uint32_t)line : 0;
}
