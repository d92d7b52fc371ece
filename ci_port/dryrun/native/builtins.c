/* Builtins that the library must know of before they run. Answers to bash's builtins.h (struct builtin) and command.h
 * (WORD_LIST), which are the same in 4.4 ... 5.3, and to builtins/wait.def and builtins/umask.def. */
#include "recorder.h"

typedef struct word { char *text; int flags; } word;
typedef struct word_list { struct word_list *next; word *word; } word_list;
typedef int builtin_function(word_list *);
struct builtin { char *name; builtin_function *function; int flags; char *const *long_doc; const char *short_doc; char *handle; };

static builtin_function *real_wait;
static mode_t mask, noted_mask;

/* `wait`: what it waits for comes to its end. A job that is named otherwise than by its number may be any. */
static int hooked_wait(word_list *list) {
    int named = 0;
    for (word_list *item = list; item; item = item->next) {
        const char *text = item->word->text;
        if (text[0] == '-' && text[1] != 'n') {
            if (strchr(text, 'p') && item->next) item = item->next;  /* -p NAME */
            continue;
        }
        char *end;
        long number = strtol(text, &end, 10);
        struct process *process = *text && !*end ? process_shown((pid_t)number) : NULL;
        named = 1;
        if (process) release(process);
        else if (*end) release_all();
    }
    if (!named) release_all();
    *b_builtin = (void *)real_wait;  /* what jobs.c holds it against */
    return real_wait(list);
}

static struct builtin **table;
static int *count;

/* Whether bash itself has the name, and no machine a program of that name. */
int is_builtin(const char *name) {
    static const char *const programs[] = {"[", "echo", "false", "kill", "printf", "pwd", "test", "true", NULL};
    for (int i = 0; programs[i]; i++)
        if (!strcmp(name, programs[i])) return 0;
    for (int i = 0; table && count && i < *count; i++)
        if ((*table)[i].name && !strcmp((*table)[i].name, name)) return 1;
    return 0;
}

void hook_builtins(void) {
    table = dlsym(RTLD_DEFAULT, "shell_builtins");
    count = dlsym(RTLD_DEFAULT, "num_shell_builtins");
    for (int i = 0; table && count && i < *count; i++)
        if ((*table)[i].name && !strcmp((*table)[i].name, "wait") && !real_wait) {
            real_wait = (*table)[i].function;
            (*table)[i].function = hooked_wait;
        }
    mask = noted_mask = (mode_t)syscall(SYS_umask, 022);
    syscall(SYS_umask, mask);
}

/* `umask` asks for the mask by setting another one: what counts is what it is when the next command runs. */
mode_t umask(mode_t new) {
    mode_t old = (mode_t)syscall(SYS_umask, new);
    mask = new & 0777;
    return old;
}

void note_umask(void) {
    if (mask == noted_mask) return;
    noted_mask = mask;
    count_step();
    add_number(UMASK, mask);
}
