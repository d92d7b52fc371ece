/* How the library starts in a process: in bash, or in a pure tool that has the place it was started from in its
 * environment. Answers to ld.so(8) (LD_PRELOAD) and to bash's shell.c. */
#include "recorder.h"

char control_path[PATH_MAX];
int in_bash, ready, busy;
int may_start, is_frugal;
char own_command[1024];
char **own_argv;

static void keep_initial_streams(void) {
    uint64_t *const numbers[] = {&ctl->initial_0, &ctl->initial_1, &ctl->initial_2};
    for (int fd = 0; fd < 3; fd++) {
        struct stat st;
        if (syscall(SYS_fstat, fd, &st)) continue;
        ctl->initial_open |= 1u << fd;
        ctl->initial_dev = st.st_dev;
        *numbers[fd] = st.st_ino;
    }
}

/* What this process must not see (tools.c), for those that it starts. */
static void take_held(void) {
    static const char mark[] = "CI_PORT_HELD=";
    size_t count = 0;
    for (char **entry = environ; *entry; entry++) count += !strncmp(*entry, mark, sizeof mark - 1);
    held = count ? malloc((count + 1) * sizeof *held) : NULL;
    if (!held) return;
    count = 0;
    for (char **entry = environ; *entry; entry++)
        if (!strncmp(*entry, mark, sizeof mark - 1)) held[count++] = *entry + sizeof mark - 1;
    held[count] = NULL;
}

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
    take_held();
    take_writes(getenv("CI_PORT_WRITES"));
    for (char **entry = environ; *entry;) {  /* an awk program that lists ENVIRON sees the script's variables only */
        if (!strncmp(*entry, "CI_PORT_", 8) || !strncmp(*entry, "LD_PRELOAD=", 11)) {
            for (char **next = entry; (*next = next[1]); next++) {}
        } else entry++;
    }
}

/* What a tool was started as; the C library hands it to constructors, too. It may put its words in another order. */
static void keep_command(char **argv) {
    static const char *const starters[] = {"xargs", "env", "find", "install", NULL};
    size_t used = 0;
    for (int i = 0; argv[i] && used < sizeof own_command; i++)
        used += (size_t)snprintf(own_command + used, sizeof own_command - used, i ? " %s" : "%s", argv[i]);
    for (int i = 0; argv[0] && starters[i]; i++) may_start |= !strcmp(base_name(argv[0]), starters[i]);
    is_frugal = argv[0] && !strcmp(base_name(argv[0]), "sort");
    size_t count = 0;
    while (argv[count]) count++;
    own_argv = malloc((count + 1) * sizeof *own_argv);
    if (own_argv) memcpy(own_argv, argv, (count + 1) * sizeof *own_argv);
}

/* How a tool ends is part of its step. */
static void keep_status(int status, void *unused) {
    (void)unused;
    struct process *process = own_process();
    if (process->execute) record_at(process->execute)->status = status & 0xff;
}

static void start_tool(char **argv) {
    static char names[3][PATH_ROOM];
    static const char *streams[3];
    inherit_place();
    keep_command(argv);
    ready = 1;
    if (!ctl->effects) return;  /* no tool is a step */
    for (int fd = 0; fd < 3; fd++) streams[fd] = stream(fd, names[fd], sizeof names[fd]);
    keep_step(streams);
    on_exit(keep_status, NULL);
}

/* The machine's root may read and search everything, the world's user what modes let him (capabilities(7)). The worker
 * has given up all else, but keeps that: this library may lie in somebody else's folder, and so may the script's own files
 * (landlock.py, stubs.c). */
#define READ_ALL (1u << 2)  /* CAP_DAC_READ_SEARCH */
void use_rights(int are_used) {
    struct { uint32_t version; int pid; } header = {0x20080522, 0};
    struct { uint32_t used, kept, inherited; } rights[2];
    if (!ctl->uid || syscall(SYS_capget, &header, rights)) return;
    memset(&rights[1], 0, sizeof rights[1]);
    rights[0].kept &= READ_ALL;
    rights[0].used = are_used ? rights[0].kept : 0;
    rights[0].inherited = 0;
    syscall(SYS_capset, &header, rights);
}

/* A script that another one has started: its environment is the real one. */
static void start_followed(void) {
    inherit_place();
    size_t count = 0, more = 0;
    while (environ[count]) count++;
    while (held && held[more]) more++;
    char **all = malloc((count + more + 1) * sizeof *all);
    if (!all) end_run();
    memcpy(all, environ, count * sizeof *all);
    if (more) memcpy(all + count, held, more * sizeof *all);
    all[count + more] = NULL;
    environ = all;
    on_exit(keep_status, NULL);
    ready = 1;
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
    use_rights(0);
    in_bash = dlsym(RTLD_DEFAULT, "executing_line_number") != NULL;
    char **environment;
    read_configuration(&environment);
    if (!in_bash) {
        start_tool(argv);
        return;
    }
    load_converters();  /* a tool's own environment has none of what names others (tools.c) */
    if (!symbols()) _exit(END_STATUS);
    if (!course_symbols()) ctl->courses = 0;
    hook_builtins();
    hold(RLIMIT_AS, ctl->memory);
    hold(RLIMIT_CPU, ctl->seconds);
    show_no_limits();
    if (getenv("CI_PORT_ORDER")) {
        start_followed();
        return;
    }
    keep_initial_streams();
    environ = environment;
    ctl->main_pid = (uint32_t)syscall(SYS_getpid);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    ready = 1;
    ctl->ready = 1;
}
