/* A command is written down and answered, never executed. Answers to execve(2), exec(3) and to bash's execute_cmd.c
 * (shell_execve). */
#include "recorder.h"

static int execute(const char *path, char *const argv[], char *const envp[]) {
    check_stop();
    if (!argv[0]) fail(path, "a command has no name");
    if (!in_bash && !may_start)
        fail(NULL, "a pure tool starts the command %s; a tool that does more than text is not pure", argv[0]);
    struct stat st;
    if (strchr(path, '/') && strchr(argv[0], '/') && !world_stat(AT_FDCWD, path, &st, 0) && S_ISDIR(st.st_mode)) {
        errno = EACCES;  /* what the kernel says of a directory of the world */
        return -1;
    }
    const char *tool = pure_tool(path, argv);
    if (tool) run_pure(tool, argv, envp);
    struct answer answer = answer_of(argv);
    count_step();
    char cwd[PATH_ROOM], names[3][PATH_ROOM];
    if (current_directory(cwd, sizeof cwd)) fail(path, "the current directory cannot be read");
    const char *streams[3];
    for (int fd = 0; fd < 3; fd++) streams[fd] = stream(fd, names[fd], sizeof names[fd]);
    settle_writes(streams);
    const char *texts[EXECUTE_TEXTS] = {cwd, streams[0], streams[1], streams[2]};
    struct record *r = add(EXECUTE, texts, argv, envp);
    r->status = answer.status;
    r->flags = answer.found ? ANSWERED : 0;
    if (!strcmp(streams[0], "pipe")) let_writers_finish(argv);
    give(answer);
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
