/* The files that the run writes: which is newer, and what a redirection of the script has written into one. The text
 * of a WRITE is read from the file itself, before anybody else writes there or removes it, and by the worker at the
 * end. Answers to stat(2) (st_mtim) and to `contents` of ci_port.dryrun. */
#include "recorder.h"

struct written *written_file(ino_t inode, int make) {
    struct written *table = (struct written *)((char *)ctl + ctl->written);
    while (__atomic_exchange_n(&ctl->table_lock, 1, __ATOMIC_ACQUIRE)) check_stop();
    struct written *found = NULL;
    for (uint32_t i = 0; i < WRITTEN_FILES; i++) {
        struct written *slot = &table[(inode * 0x9e3779b97f4a7c15u + i) % WRITTEN_FILES];
        if (slot->run == ctl->run && slot->inode != inode) continue;
        if (slot->run == ctl->run) { found = slot; break; }
        if (make) {
            *slot = (struct written){.inode = inode, .run = ctl->run};
            found = slot;
        }
        break;
    }
    __atomic_store_n(&ctl->table_lock, 0, __ATOMIC_RELEASE);
    if (!found && make) fail(NULL, "the run writes more than %d files", WRITTEN_FILES);
    return found;
}

/* The file is newer than all that were written before. */
void file_changes(ino_t inode) { written_file(inode, 1)->tick = __atomic_add_fetch(&ctl->tick, 1, __ATOMIC_SEQ_CST); }

/* What comes and goes by one tool does so at one time, as for a clock that ticks a few hundred times a second. */
static uint64_t moment(void) {
    static uint64_t now;
    if (in_bash || !now) now = __atomic_add_fetch(&ctl->tick, 1, __ATOMIC_SEQ_CST);
    return now;
}

static void changes_at(const char *real, uint64_t tick) {
    struct stat st;
    if (in_root(real) && !syscall(SYS_newfstatat, AT_FDCWD, real, &st, AT_SYMLINK_NOFOLLOW)) written_file(st.st_ino, 1)->tick = tick;
}

/* An entry (real path) has come or gone: its directory is another one from now on, and what has `come` is new. */
void entry_changes(const char *real, int come) {
    char above[PATH_ROOM];
    uint64_t tick = moment();
    if (come) changes_at(real, tick);
    snprintf(above, sizeof above, "%s", real);
    for (size_t n = strlen(above); n && above[n - 1] == '/';) above[--n] = 0;
    char *slash = strrchr(above, '/');
    if (!slash) return;
    *slash = 0;
    changes_at(above, tick);
}

/* What is written through `fd` from now on belongs to a WRITE. */
void follow_text(struct record *record, int fd, int flags) {
    struct stat st;
    if (syscall(SYS_fstat, fd, &st) || !S_ISREG(st.st_mode)) return;
    struct written *file = written_file(st.st_ino, 1);
    file->record = place_of(record);
    file->start = flags & O_APPEND ? (uint64_t)st.st_size : 0;
}

/* Write down what the WRITE of a file has written until now. `fd` can be read. */
static void flush(struct written *file, int fd, off_t size) {
    if (!file->record || (uint64_t)size <= file->start) return;
    size_t length = (size_t)size - file->start;
    char *data = __libc_malloc(length);
    if (!data) fail(NULL, "what the script writes does not fit into memory");
    ssize_t got = syscall(SYS_pread64, fd, data, length, (off_t)file->start);
    if (got > 0) add_data(TEXT, data, (size_t)got, file->record);
    __libc_free(data);
    file->start = (uint64_t)size;
}

/* Somebody is about to write to, or to remove, what stands at a path. */
void flush_text(int dir, const char *path) {
    char buffer[PATH_ROOM];
    struct stat st;
    const char *real = real_path(path, buffer);
    if (syscall(SYS_newfstatat, dir, real, &st, AT_SYMLINK_NOFOLLOW) && errno) return;
    if (S_ISLNK(st.st_mode) && syscall(SYS_newfstatat, dir, real, &st, 0)) return;
    struct written *file = S_ISREG(st.st_mode) ? written_file(st.st_ino, 0) : NULL;
    if (!file || !file->record) return;
    int fd = (int)syscall(SYS_openat, dir, real, O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0) return;
    flush(file, fd, st.st_size);
    syscall(SYS_close, fd);
}

static struct written *of_stream(int fd, struct stat *st) {
    if (own_fstat(fd, st) || !S_ISREG(st->st_mode)) return NULL;
    struct written *file = written_file(st->st_ino, 0);
    return file && file->record ? file : NULL;
}

/* A command is about to write where a WRITE has written: what came before it is the script's own. */
void flush_stream(int fd) {
    struct stat st;
    struct written *file = of_stream(fd, &st);
    char name[64];
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    int again = file ? (int)syscall(SYS_openat, AT_FDCWD, name, O_RDONLY | O_CLOEXEC, 0) : -1;
    if (again < 0) return;
    flush(file, again, st.st_size);
    syscall(SYS_close, again);
}

/* What the command has written is not the script's own. */
void skip_stream(int fd) {
    struct stat st;
    struct written *file = of_stream(fd, &st);
    if (file) file->start = (uint64_t)st.st_size;
}

/* The output of a command, and no WRITE, goes into the file. */
void forget_text(ino_t inode) {
    struct written *file = written_file(inode, 0);
    if (file) file->record = 0;
}
