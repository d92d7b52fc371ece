/* A command is written down and answered, never executed; only tools really run. Answers to execve(2), exec(3) and to
 * bash's execute_cmd.c (shell_execve). */
#include "recorder.h"

static void streams_of(const char **streams, char names[3][PATH_ROOM]) {
    for (int fd = 0; fd < 3; fd++) streams[fd] = stream(fd, names[fd], PATH_ROOM);
}

struct record *write_execute(enum kind kind, const char *path, char *const argv[], char *const envp[], const char *const *streams) {
    char cwd[PATH_ROOM], numbers[128] = "", where[PATH_MAX] = "";
    if (current_directory(cwd, sizeof cwd)) {
        if (!ctl->effects) fail(path, "the current directory cannot be read");
        strcpy(cwd, "");  /* it has been removed */
    }
    if (kind == EXECUTE) count_step();
    inodes(numbers, sizeof numbers);
    callers(where, sizeof where);
    const char *texts[EXECUTE_TEXTS] = {cwd, streams[0], streams[1], streams[2], numbers, where};
    struct record *r = add(kind, texts, argv, envp);
    r->flags = in_bash ? options_in_force() : 0;
    return r;
}

/* What the kernel says of a path with a slash that no rule answers: 0 if it can be executed. */
static int execution_error(const char *path) {
    struct stat st;
    if (world_stat(AT_FDCWD, path, &st, 0)) {
        int error = errno;
        if (ctl->effects) ask_path(AT_FDCWD, path);
        return ctl->effects ? error : 0;
    }
    if (S_ISDIR(st.st_mode)) return EACCES;
    return ctl->effects && !(S_ISREG(st.st_mode) && st.st_mode & 0100) ? EACCES : 0;
}

/* The environment of what xargs(1) starts: it gets back what xargs itself must not see. */
static char *const *with_held(char *const envp[]) {
    size_t count = 0, more = 0;
    while (envp[count]) count++;
    while (held && held[more]) more++;
    if (!more) return envp;
    char **all = malloc((count + more + 1) * sizeof *all);
    if (!all) end_run();
    memcpy(all, envp, count * sizeof *all);
    memcpy(all + count, held, (more + 1) * sizeof *all);
    return all;
}

/* The kernel's limit for words and environment (execve(2)): a quarter of the stack's limit, no more than 6 MiB. */
static int is_too_long(char *const argv[], char *const envp[]) {
    size_t total = 0;
    for (char *const *vector = argv; vector; vector = vector == argv ? envp : NULL)
        for (size_t i = 0; vector[i]; i++) {
            size_t length = strlen(vector[i]) + 1;
            if (length > 131072) return 1;
            total += length + sizeof(char *);
        }
    return total > 2 << 20;
}

/* A text tool is written down for what it reads, a file tool is a step. */
static void start_tool(const char *tool, uint32_t kind, const char *path, char *const argv[], char *const envp[]) {
    char names[3][PATH_ROOM];
    const char *streams[3];
    streams_of(streams, names);
    wait_for_reader(1);  /* who does not read has ended by the time that a tool writes */
    if (kind == TEXT_TOOL) {
        write_execute(TOOL, path, argv, envp, streams);
        run_tool(tool, argv, envp, 0);
    }
    uint32_t cuts = settle_writes(streams);
    struct record *r = write_execute(EXECUTE, path, argv, envp, streams);
    r->status = UNKNOWN_STATUS;
    r->flags |= RAN | cuts;
    run_tool(tool, argv, envp, place_of(r));
}

/* A script that the world says to follow: bash runs it, below its step. */
static void start_script(char *const words[], const char *path, char *const argv[], char *const envp[]) {
    char names[3][PATH_ROOM];
    const char *streams[3];
    streams_of(streams, names);
    uint32_t cuts = settle_writes(streams);
    struct record *r = write_execute(EXECUTE, path, argv, envp, streams);
    r->status = UNKNOWN_STATUS;
    r->flags |= FOLLOWED | ANSWERED | cuts;
    keep_input(place_of(r), streams[0], argv);
    run_tool(settings.bash, words, envp, place_of(r));
}

/* Where `command -v` says that a command is which no file of the world stands for: called by that path, it is called by
 * its name. */
static const char *name_of(const char *word) {
    struct stat st;
    const char *name = base_name(word);
    size_t length = (size_t)(name - word);
    if (!ctl->effects || word[0] != '/' || length < 2 || !is_answered(name)) return word;
    for (const char *entry = settings.path; *entry; entry += *entry == ':') {
        size_t n = strcspn(entry, ":");
        if (n + 1 == length && !strncmp(entry, word, n)) return world_stat(AT_FDCWD, word, &st, 0) ? name : word;
        entry += n;
    }
    return word;
}

static int execute(const char *path, char *const argv[], char *const envp[]) {
    check_stop();
    if (!argv[0]) fail(path, "a command has no name");
    if (!in_bash && !may_start)
        fail(NULL, "a pure tool starts the command %s; a tool that does more than text is not pure", argv[0]);
    if (!in_bash) envp = with_held(envp);
    pipes_are_read(argv);
    if (ctl->effects && is_too_long(argv, envp)) { errno = E2BIG; return -1; }
    if (ctl->effects && !in_bash && !strchr(argv[0], '/') && is_listed(missing_start, missing_count, argv[0])) {
        errno = ENOENT;
        return -1;
    }
    /* What a tool starts is looked for by the library that it uses. */
    char place[PATH_ROOM];
    const char *directories = ctl->effects && !in_bash && !strchr(path, '/') ? getenv("PATH") : NULL;
    if (directories && find_program(directories, path, place)) path = place;
    uint32_t kind = 0;
    const char *name = name_of(argv[0]);
    const char *tool = tool_of(path, name, argv, &kind);
    if (tool && !ctl->effects) start_tool(tool, TEXT_TOOL, path, argv, envp);
    struct answer answer = answer_of(name, argv);
    if (tool && !answer.found) start_tool(tool, kind, path, argv, envp);
    char *const *script = answer.found ? NULL : followed(path, argv);
    if (script) start_script(script, path, argv, envp);
    /* With an empty PATH bash looks for a command here. */
    int is_place = strchr(path, '/') ? strchr(argv[0], '/') != NULL : ctl->effects && in_bash;
    int error = !answer.found && is_place ? execution_error(path) : 0;
    if (error) { errno = error; return -1; }
    char names[3][PATH_ROOM];
    const char *streams[3];
    streams_of(streams, names);
    uint32_t cuts = settle_writes(streams);
    /* A text tool is no step, whoever answers for it. */
    struct record *r = write_execute(tool && kind == TEXT_TOOL ? TOOL : EXECUTE, path, argv, envp, streams);
    r->status = answer.status;
    r->flags |= (answer.found ? ANSWERED : 0) | cuts;
    if (!answer.found && strcmp(base_name(argv[0]), "sleep")) {
        __atomic_add_fetch(&ctl->guesses, 1, __ATOMIC_SEQ_CST);
        note_poll(argv, !strcmp(streams[1], "pipe"));
    }
    keep_input(place_of(r), streams[0], argv);
    give(answer, argv);
}

DECLARE(execve);
int execve(const char *path, char *const argv[], char *const envp[]) {
    return ready ? execute(path, argv, envp) : NEXT(execve)(path, argv, envp);
}
int execv(const char *path, char *const argv[]) { return execve(path, argv, environ); }
int execvp(const char *path, char *const argv[]) { return execve(path, argv, environ); }
int execvpe(const char *path, char *const argv[], char *const envp[]) { return execve(path, argv, envp); }
DECLARE(fexecve);
int fexecve(int fd, char *const argv[], char *const envp[]) {
    return ready ? execute(argv[0], argv, envp) : NEXT(fexecve)(fd, argv, envp);
}
#define LIST_ARGUMENTS                                              \
    va_list list;                                                    \
    size_t count = 1;                                                \
    va_start(list, first);                                           \
    while (va_arg(list, char *)) count++;                            \
    va_end(list);                                                    \
    char *argv[count + 1];                                           \
    argv[0] = (char *)first;                                         \
    va_start(list, first);                                           \
    for (size_t i = 1; i <= count; i++) argv[i] = va_arg(list, char *); \
    va_end(list);
int execl(const char *path, const char *first, ...) { LIST_ARGUMENTS return execve(path, argv, environ); }
int execlp(const char *path, const char *first, ...) { LIST_ARGUMENTS return execve(path, argv, environ); }
