/* What the world answers to a command: the first rule whose words match, what it prints, and what it makes and removes.
 * Answers to `Rule` of ci_port.model. */
#include "recorder.h"

/* `*` is any word, `[!-]*` one that is not empty and no option (ci_port.model.rules). */
static int matches(const char *want, const char *have) {
    if (!strcmp(want, "[!-]*")) return *have && *have != '-';
    return !strcmp(want, "*") || !strcmp(want, have);
}

static int speaks_of(const struct rule *rule, const char **cursor, const char *name, char *const argv[], uint32_t argc) {
    int same = rule->open_end ? argc >= rule->words : argc == rule->words;
    for (uint32_t j = 0; j < rule->words; j++) {
        const char *word = take_string(cursor, NULL);
        same = same && matches(word, j ? argv[j] : name);
    }
    return same;
}

/* What the command `name` with the words of `argv` answers. Every rule with an `nth` counts what its words match, whoever
 * answers. */
struct answer answer_of(const char *name, char *const argv[]) {
    const char *cursor = rule_start;
    uint32_t argc = 0;
    struct answer found = {0};
    while (argv[argc]) argc++;
    for (uint32_t i = 0; i < rule_count; i++) {
        struct rule rule;
        memcpy(&rule, cursor, sizeof rule);
        cursor += sizeof rule;
        int same = speaks_of(&rule, &cursor, name, argv, argc);
        struct answer answer = {.found = 1, .status = rule.status, .changes = rule.changes};
        answer.text = take_string(&cursor, &answer.length);
        answer.error = take_string(&cursor, &answer.error_length);
        answer.change = cursor;
        for (uint32_t j = 0; j < rule.changes; j++) {
            take_number(&cursor);
            take_number(&cursor);
            take_string(&cursor, NULL);
            take_string(&cursor, NULL);
        }
        if (!same) continue;
        uint32_t use = rule.nth ? __atomic_add_fetch(&rule_uses[i], 1, __ATOMIC_SEQ_CST) : 0;
        if (!found.found && use == rule.nth) found = answer;
    }
    return found;
}

/* Whether a plain command is there: a rule speaks of it, or it is a tool. */
int is_answered(const char *name) {
    uint32_t kind;
    if (!ctl->effects) return 0;
    if (find_tool(name, &kind)) return 1;
    const char *cursor = rule_start;
    for (uint32_t i = 0; i < rule_count; i++) {
        struct rule rule;
        memcpy(&rule, cursor, sizeof rule);
        cursor += sizeof rule;
        int same = 0;
        for (uint32_t j = 0; j < rule.words; j++) {
            const char *word = take_string(&cursor, NULL);
            if (!j) same = !strcmp(word, name);
        }
        if (same) return 1;
        take_string(&cursor, NULL);
        take_string(&cursor, NULL);
        for (uint32_t j = 0; j < rule.changes; j++) {
            take_number(&cursor);
            take_number(&cursor);
            take_string(&cursor, NULL);
            take_string(&cursor, NULL);
        }
    }
    return 0;
}

/* `ends`: of a pipe that nobody reads, as who does not ignore SIGPIPE. */
static void print(int fd, const char *text, uint32_t length, int ends) {
    if (!length) return;
    if (ends && !wait_for_reader(fd)) {
        __atomic_or_fetch(&ctl->crashing, 1u << SIGPIPE, __ATOMIC_SEQ_CST);
        signal(SIGPIPE, SIG_DFL);
        syscall(SYS_kill, syscall(SYS_getpid), SIGPIPE);
    }
    flush_stream(fd);
    for (uint32_t done = 0; done < length;) {
        ssize_t n = syscall(SYS_write, fd, text + done, length - done);
        if (n <= 0 && errno != EINTR) break;
        if (n > 0) done += (uint32_t)n;
    }
    skip_stream(fd);
}

/* A command that works in the background works on, until somebody waits for it; one in front has passed its time. */
void give(struct answer answer, char *const argv[]) {
    int ends = signal(SIGPIPE, SIG_IGN) != SIG_IGN;
    if (ctl->effects) make_changes(answer.change, answer.changes, argv);
    print(1, answer.text, answer.length, ends);
    print(2, answer.error, answer.error_length, ends);
    linger(argv);
    _exit(answer.status);
}
