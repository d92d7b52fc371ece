/* Tools: commands that really run, with this library in them. Text tools only compute; file tools change the world's
 * files, and are steps. Answers to execve(2), ld.so(8), grep(1) and gawk(1) (-i, -l). */
#include "recorder.h"

char **held;

const char *find_tool(const char *name, uint32_t *kind) {
    if (!strncmp(name, "/usr/bin/", 9)) name += 9;
    else if (!strncmp(name, "/bin/", 5)) name += 5;
    if (strchr(name, '/')) return NULL;
    const char *cursor = tool_start;
    for (uint32_t i = 0; i < tool_count; i++) {
        const char *tool = take_string(&cursor, NULL);
        const char *path = take_string(&cursor, NULL);
        *kind = take_number(&cursor);
        if (!strcmp(tool, name)) return path;
    }
    return NULL;
}

/* `cat` of a file that is not there is recorded like any other command. */
static int reads_missing_file(char *const argv[]) {
    if (ctl->effects || strcmp(base_name(argv[0]), "cat")) return 0;
    int options = 1;
    for (int i = 1; argv[i]; i++) {
        if (options && !strcmp(argv[i], "--")) { options = 0; continue; }
        if ((options && argv[i][0] == '-') || !strcmp(argv[i], "-")) continue;
        struct stat st;
        if (world_stat(AT_FDCWD, argv[i], &st, 0)) return 1;
    }
    return 0;
}

/* gawk's extensions edit files in place, fork and more. */
static int loads_code(char *const argv[]) {
    static const char *const options[] = {"-i", "--include", "-l", "--load", NULL};
    if (!strstr(base_name(argv[0]), "awk")) return 0;
    for (int i = 1; argv[i]; i++)
        for (int j = 0; options[j]; j++)
            if (!strncmp(argv[i], options[j], strlen(options[j]))) return 1;
    return 0;
}

static int runs_under_own_name(const char *path, const char *name) {  /* not so: exec -a */
    return !strcmp(base_name(path), base_name(name));
}

/* What stands there has a text: of the world or of the script's own making. */
static int is_script(const char *path) {
    struct stat st;
    return strchr(path, '/') && !world_stat(AT_FDCWD, path, &st, 0) && S_ISREG(st.st_mode) && st.st_mode & 0100 && st.st_size;
}

/* The program to run for a command, or NULL: it is no tool, or does here what only a command would. */
const char *tool_of(const char *path, const char *name, char *const argv[], uint32_t *kind) {
    if (ctl->effects && is_script(path)) return NULL;
    const char *tool = runs_under_own_name(path, name) ? find_tool(name, kind) : NULL;
    if (!tool && !in_bash && !strcmp(name, "echo")) {  /* what xargs(1) runs by itself */
        tool = find_tool(XARGS_ECHO, kind);
    }
    if (tool && loads_code(argv)) fail(NULL, "%s loads code that is not in the script", argv[0]);
    return tool && !reads_missing_file(argv) ? tool : NULL;
}

/* What would make the tool another one. It does not see them, and what it starts gets them back (start.c). */
static int is_held(const char *entry) {
    static const char *const names[] = {"LD_",   "GCONV_PATH=", "LOCPATH=",  "NLSPATH=",      "GLIBC_TUNABLES=",  "MALLOC_",
                                        "GREP_", "AWKPATH=",    "AWKLIBPATH=", "POSIXLY_CORRECT=", "CI_PORT_", NULL};
    for (int i = 0; names[i]; i++)
        if (!strncmp(entry, names[i], strlen(names[i]))) return 1;
    return 0;
}

/* The working memory of a process that is about to be replaced; it is never given back. */
static char *formatted(const char *format, ...) {
    va_list list;
    char *text = NULL;
    va_start(list, format);
    if (vasprintf(&text, format, list) < 0) end_run();
    va_end(list);
    return text;
}

/* `egrep` and `fgrep` are scripts around `grep -E` and `grep -F`. */
static char *const *with_grep_option(char *const argv[]) {
    const char *base = base_name(argv[0]);
    if (strcmp(base, "egrep") && strcmp(base, "fgrep")) return argv;
    size_t count = 0;
    while (argv[count]) count++;
    char **extended = malloc((count + 2) * sizeof *extended);
    if (!extended) end_run();
    extended[0] = argv[0];
    extended[1] = base[0] == 'e' ? (char *)"-E" : (char *)"-F";
    memcpy(extended + 2, argv + 1, count * sizeof *extended);
    return extended;
}

/* Really run a tool: with this library in it, so that it sees the world's files and no others. `execute` is its step,
 * 0 if it has none. */
void run_tool(const char *path, char *const argv[], char *const envp[], uint64_t execute) {
    if (!*path) fail(argv[0], "the tool %s is not installed here, or is linked statically", argv[0]);
    static char functions[PATH_MAX];
    const char *file;
    uint32_t line = here(&file, functions, sizeof functions);
    size_t count = 0, kept = 0;
    while (envp[count]) count++;
    char **environment = malloc((count + 8) * sizeof *environment);
    if (!environment) end_run();
    for (size_t i = 0; i < count; i++) environment[kept++] = is_held(envp[i]) ? formatted("CI_PORT_HELD=%s", envp[i]) : envp[i];
    Dl_info info;
    if (!dladdr((void *)&run_tool, &info)) fail(argv[0], "the recorder cannot find itself");
    char *path_text = formatted("CI_PORT_ORDER=");
    for (uint32_t i = 0; i < depth; i++) path_text = formatted("%s%u.", path_text, order[i]);
    environment[kept++] = formatted("LD_PRELOAD=%s", info.dli_fname);
    environment[kept++] = formatted(CONTROL_VARIABLE "=%s", control_path);
    environment[kept++] = formatted("%s%u", path_text, seq);
    environment[kept++] = formatted("CI_PORT_PLACE=%u %s", line, file);
    environment[kept++] = formatted("CI_PORT_FUNCTIONS=%s", functions);
    char writes[4096];
    hand_on_writes(writes, sizeof writes);
    if (*writes) environment[kept++] = formatted("CI_PORT_WRITES=%s", writes);
    environment[kept] = NULL;
    own_process()->execute = execute;
    syscall(SYS_execve, path, with_grep_option(argv), environment);
    fail(argv[0], "the tool %s cannot be started: %s", path, strerror(errno));
}
