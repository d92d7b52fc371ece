/* How the library starts in a process: in bash, or in a pure tool that has the place it was started from in its
 * environment. Answers to ld.so(8) (LD_PRELOAD) and to bash's shell.c. */
#include "recorder.h"

char control_path[PATH_MAX];
struct identity initial[3];
int in_bash, ready, busy;
int may_start, is_frugal;
char own_command[1024];

static void inherit_place(void) {
    const char *text = getenv("CI_PORT_ORDER");
    while (text && *text && depth < MAX_DEPTH) {
        char *end;
        uint32_t number = (uint32_t)strtoul(text, &end, 10);
        if (*end != '.') { seq = number; break; }
        order[depth++] = number;
        text = end + 1;
    }
    text = getenv("CI_PORT_PLACE");
    if (text) {
        place_line = (uint32_t)strtoul(text, NULL, 10);
        const char *file = strchr(text, ' ');
        snprintf(place_file, sizeof place_file, "%s", file ? file + 1 : "");
    }
    text = getenv("CI_PORT_FUNCTIONS");
    snprintf(place_functions, sizeof place_functions, "%s", text ? text : "");
    for (char **entry = environ; *entry;) {  /* an awk program that lists ENVIRON sees the script's variables only */
        if (!strncmp(*entry, "CI_PORT_", 8) || !strncmp(*entry, "LD_PRELOAD=", 11)) {
            for (char **next = entry; (*next = next[1]); next++) {}
        } else entry++;
    }
}

/* What a pure tool was started as; the C library hands it to constructors, too. */
static void keep_command(char **argv) {
    size_t used = 0;
    for (int i = 0; argv[i] && used < sizeof own_command; i++)
        used += (size_t)snprintf(own_command + used, sizeof own_command - used, i ? " %s" : "%s", argv[i]);
    may_start = argv[0] && !strcmp(base_name(argv[0]), "xargs");
    is_frugal = argv[0] && !strcmp(base_name(argv[0]), "sort");
}

__attribute__((constructor)) static void start(int argc, char **argv) {
    (void)argc;
    const char *path = getenv(CONTROL_VARIABLE);
    if (!path) return;
    snprintf(control_path, sizeof control_path, "%s", path);
    int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0);
    struct stat st;
    if (fd < 0 || syscall(SYS_fstat, fd, &st)) _exit(END_STATUS);
    ctl = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    syscall(SYS_close, fd);
    if (ctl == MAP_FAILED || ctl->version != VERSION) _exit(END_STATUS);
    check_stop();
    in_bash = dlsym(RTLD_DEFAULT, "executing_line_number") != NULL;
    char **environment;
    read_configuration(&environment);
    for (int i = 0; i < 3; i++) {
        initial[i].open = syscall(SYS_fstat, i, &st) == 0;
        initial[i].dev = st.st_dev;
        initial[i].ino = st.st_ino;
    }
    if (!in_bash) {
        inherit_place();
        keep_command(argv);
        ready = 1;
        return;
    }
    if (!symbols()) _exit(END_STATUS);
    hold(RLIMIT_AS, ctl->memory);
    hold(RLIMIT_CPU, ctl->seconds);
    show_no_limits();
    environ = environment;
    ctl->main_pid = (uint32_t)syscall(SYS_getpid);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    ready = 1;
    ctl->ready = 1;
}
