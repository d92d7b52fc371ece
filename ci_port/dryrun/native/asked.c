/* What the script asks and nothing in the world answers: a path that is not there, a command that nobody lists, what
 * stands on standard input, what a command without a rule has printed. It is written down; what it means for the plan
 * is decided later. Answers to `asked` of ci_port.dryrun. */
#include "recorder.h"

#define NOTED 256

static unsigned char noted[NOTED];      /* descriptors whose reading is written down already */

/* A tool asks for much that nobody has spoken of; what matters stands in its words. */
static int occurs(const char *path) { return strstr(own_command, path) != NULL; }
static int is_removing(void) { return !in_bash && !strcmp(base_name(own_argv[0]), "rm"); }

/* Where links lead from `path` (virtual), as far as there are any: what is missing is there. Return whether one of them
 * ends in a slash: then it is a directory, or nothing. */
int follow_links(char *path) {
    int slash = 0;
    for (int i = 0; i < 40; i++) {
        char target[PATH_ROOM], whole[PATH_ROOM];
        ssize_t n = readlink(path, target, sizeof target - 1);
        if (n <= 0) break;
        target[n] = 0;
        slash |= target[n - 1] == '/';
        char *name = strrchr(path, '/');
        if (target[0] == '/') snprintf(whole, sizeof whole, "%s", target);
        else snprintf(whole, sizeof whole, "%.*s/%s", name ? (int)(name - path) : 0, path, target);
        normalise(whole);
        strcpy(path, whole);
    }
    return slash;
}

/* `path` (as the script has it) is not there, and it matters. */
void ask_path(int dir, const char *path) {
    if (!ctl->effects || !*path || is_device(path) || busy) return;
    if (in_bash ? !*b_printed : !occurs(path)) return;
    int error = errno;
    char whole[PATH_ROOM];
    if (error == ENOTDIR) return;  /* what is on the way there is known */
    if (path[0] != '/' && dir != AT_FDCWD) return;
    if (physical(AT_FDCWD, path, whole, sizeof whole)) absolute(path, whole, sizeof whole);
    follow_links(whole);
    if (is_removing()) settle_path(whole);  /* whatever was not there, it is not there now */
    else if (!is_settled(whole)) {
        if (in_bash) note_path_poll(whole);
        char where[PATH_MAX];
        callers(where, sizeof where);
        const char *texts[ASK_TEXTS] = {whole, where};
        add(ASK, texts, NULL, NULL)->value = ctl->guesses;
    }
    errno = error;
}

/* `command -v NAME`, `type` or `hash` looked at `path` for NAME and it is not there. */
void ask_command(const char *path) {
    if (!ctl->effects || busy || is_listed(missing_start, missing_count, base_name(path))) return;
    int error = errno;
    const char *texts[LOOKUP_TEXTS] = {base_name(path)};
    add(LOOKUP, texts, NULL, NULL);
    errno = error;
}

void note_stdin(void) {
    if (ctl->effects && !ctl->has_stdin) add_number(STDIN, 0);
}

/* The process reads from `fd`; bash reads byte by byte, so this must cost little. */
void note_read(int fd) {
    if (!ready || fd < 0 || (fd < NOTED && noted[fd])) return;
    if (in_bash && !*b_printed) return;
    if (fd < NOTED) noted[fd] = 1;
    struct stat st;
    if (own_fstat(fd, &st)) return;
    if (is_initial(0, &st)) {
        note_stdin();
        return;
    }
    pipe_is_read(&st);
    if (S_ISFIFO(st.st_mode) || (S_ISREG(st.st_mode) && written_file(st.st_ino, 0))) add_number(READ, (int64_t)st.st_ino);
}

/* Whether the size of a file is asked for, and not only whether there is one: by bash, or by a tool with such words. */
static int asks_for_size(void) {
    static const struct { const char *tool, *word; } table[] = {
        {"[", "-s "}, {"test", "-s "}, {"find", "-size"}, {"find", "-empty"}, {"ls", " -l"}, {"ls", " -s"}, {"stat", ""},
    };
    if (in_bash) return *b_printed && strstr(*b_printed, "-s ");
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (!strcmp(base_name(own_argv[0]), table[i].tool) && strstr(own_command, table[i].word)) return 1;
    return 0;
}

/* A file of this kind is looked at; its size tells of what was written there. */
void note_size(const struct stat *st) {
    if (!ready || busy || !S_ISREG(st->st_mode) || !written_file(st->st_ino, 0) || !asks_for_size()) return;
    add_number(READ, (int64_t)st->st_ino);
}

void forget_note(int fd) {
    if (fd >= 0 && fd < NOTED) noted[fd] = 0;
}

ssize_t read(int fd, void *data, size_t size) {
    note_read(fd);
    ssize_t n = syscall(SYS_read, fd, data, size);
    if (n > 0 && fd == 0 && ready && !in_bash) keep_read(data, (size_t)n);
    return n;
}
DECLARE(close);
int close(int fd) {
    forget_note(fd);
    return NEXT(close)(fd);
}
