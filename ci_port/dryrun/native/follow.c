/* Scripts that the script starts, and that the world says to look into: bash really runs them, with this library in it,
 * and their steps stand below the step that started them. Answers to execve(2) ("Interpreter scripts"), bash(1)
 * (INVOCATION) and fnmatch(3). */
#include "recorder.h"
#include <fnmatch.h>

static int is_followed(const char *path) {
    char whole[PATH_ROOM];
    if (physical(AT_FDCWD, path, whole, sizeof whole)) absolute(path, whole, sizeof whole);
    size_t length = strlen(settings.workspace);
    const char *inside = !strncmp(whole, settings.workspace, length) && whole[length] == '/' ? whole + length + 1 : whole;
    const char *cursor = follow_start;
    for (uint32_t i = 0; i < follow_count; i++)
        if (!fnmatch(take_string(&cursor, NULL), inside, 0)) return 1;
    return 0;
}

/* Where in `argv` of a shell the script stands: behind the options; 0: there is none (`-c`, `-s`). */
static size_t script_in(char *const argv[]) {
    for (size_t i = 1; argv[i]; i++) {
        const char *word = argv[i];
        if (word[0] != '-' && word[0] != '+') return i;
        if (!strcmp(word, "--") || !strcmp(word, "-")) return argv[i + 1] ? i + 1 : 0;
        if (word[1] != '-' && strpbrk(word, "cs")) return 0;
        size_t takes = 0;
        if (word[1] == '-') takes = !strcmp(word, "--rcfile") || !strcmp(word, "--init-file");
        else for (const char *letter = word + 1; *letter; letter++) takes += *letter == 'o' || *letter == 'O';
        while (takes-- && argv[i + 1]) i++;
    }
    return 0;
}

static int is_shell(const char *name) { return !strcmp(base_name(name), "bash") || !strcmp(base_name(name), "sh"); }

/* The interpreter's words from a script's first line; 0: it is no script for a shell. */
static size_t first_line(const char *path, char *line, size_t room, const char *words[2]) {
    char buffer[PATH_ROOM];
    int fd = (int)syscall(SYS_openat, AT_FDCWD, real_path(path, buffer), O_RDONLY | O_CLOEXEC, 0);
    own_is_read(fd, O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : syscall(SYS_read, fd, line, room - 1);
    if (fd >= 0) syscall(SYS_close, fd);
    if (n <= 0) return 0;
    line[n] = 0;
    line[strcspn(line, "\n")] = 0;
    if (strncmp(line, "#!", 2)) { words[0] = "bash"; return 1; }
    char *name = line + 2 + strspn(line + 2, " \t"), *rest = name + strcspn(name, " \t");
    if (*rest) { *rest++ = 0; rest += strspn(rest, " \t"); }
    for (size_t end = strlen(rest); end && strchr(" \t", rest[end - 1]);) rest[--end] = 0;
    if (!strcmp(base_name(name), "env") && is_shell(rest)) { words[0] = rest; return 1; }
    if (!is_shell(name)) return 0;
    words[0] = name;
    words[1] = rest;
    return *rest ? 2 : 1;
}

/* The words to start bash with if the command is a script to follow, NULL if it is not. */
char **followed(const char *path, char *const argv[]) {
    if (!follow_count) return NULL;
    static char line[256];
    const char *words[2] = {NULL, NULL};
    size_t count = 0, from = 0, have = 0;
    while (argv[count]) count++;
    if (is_shell(argv[0])) {
        from = script_in(argv);
        if (!from || !is_followed(argv[from])) return NULL;
        words[0] = argv[0];
        have = 1;
        from = 1;
    } else {
        struct stat st;
        /* With an empty PATH bash looks for a command here. */
        if ((!strchr(path, '/') && !ctl->effects) || !is_followed(path)) return NULL;
        if (world_stat(AT_FDCWD, path, &st, 0) || !S_ISREG(st.st_mode) || !(st.st_mode & 0100)) return NULL;
        if (!(have = first_line(path, line, sizeof line, words))) return NULL;
    }
    char **result = malloc((count + 6) * sizeof *result);
    if (!result) end_run();
    size_t at = 0;
    result[at++] = (char *)"bash";
    if (!strcmp(base_name(words[0]), "sh")) result[at++] = (char *)"--posix";
    if (have > 1) result[at++] = (char *)words[1];
    if (!from) { result[at++] = (char *)path; from = 1; }
    memcpy(result + at, argv + from, (count - from + 1) * sizeof *result);
    return result;
}
