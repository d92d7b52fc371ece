/* The script's own files that are read where they really are. In the tree an empty file stands for each, a stub: whoever
 * opens it for reading gets the real file, and what stat(2) says of either is what it would say of that file in the
 * tree. A stub that is written, or read at another place than its own, is filled first: from then on it is a file like
 * any other. Answers to `Stubs` of ci_port.dryrun. */
#include "recorder.h"
#include <sys/sysmacros.h>

static const struct stub_head *table;

static const char *text_at(uint64_t offset) { return (const char *)table + offset; }
static const struct stub *entries(void) { return (const struct stub *)text_at(table->first); }

static int has_stubs(void) {
    static int is_known;
    if (is_known || !ready) return table != NULL;
    is_known = 1;
    if (!*settings.stubs) return 0;
    struct stat st;
    int fd = (int)syscall(SYS_openat, AT_FDCWD, settings.stubs, O_RDONLY | O_CLOEXEC, 0);
    void *map = fd < 0 || syscall(SYS_fstat, fd, &st) ? MAP_FAILED : mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED) fail(NULL, "the recorder's own table of files cannot be read: %s", strerror(errno));
    syscall(SYS_close, fd);
    table = map;
    return 1;
}

static const struct stub *stub_with(const struct stat *st) {
    if (!S_ISREG(st->st_mode) || st->st_dev != table->device) return NULL;
    const struct stub *all = entries();
    for (uint64_t low = 0, high = table->stubs; low < high;) {
        uint64_t middle = (low + high) / 2;
        if (all[middle].inode == st->st_ino) return &all[middle];
        if (all[middle].inode < st->st_ino) low = middle + 1;
        else high = middle;
    }
    return NULL;
}

/* The stub that stands for a real file. */
static const struct stub *stub_for(const struct stat *st) {
    if (!S_ISREG(st->st_mode)) return NULL;
    const uint64_t *order = (const uint64_t *)text_at(table->order);
    for (uint64_t low = 0, high = table->ordered; low < high;) {
        uint64_t middle = (low + high) / 2;
        const struct stub *stub = &entries()[order[middle]];
        if (stub->device == st->st_dev && stub->number == st->st_ino) return stub;
        if (stub->device < st->st_dev || (stub->device == st->st_dev && stub->number < st->st_ino)) low = middle + 1;
        else high = middle;
    }
    return NULL;
}

static int is_filled(const struct stub *stub) {
    struct written *file = written_file(stub->inode, 0);
    return file && __atomic_load_n(&file->filled, __ATOMIC_ACQUIRE) == FILLED;
}

static const char *below(uint64_t directory, const struct stub *stub, char *buffer) {
    const char *above = text_at(directory);
    snprintf(buffer, PATH_ROOM, "%s/%s", strcmp(above, "/") ? above : "", text_at(stub->name));
    return buffer;
}
static const char *shown(const struct stub *stub, char *buffer) { return below(table->shown, stub, buffer); }

static void place_in_tree(const struct stub *stub, char *buffer) {
    size_t length = (size_t)snprintf(buffer, PATH_ROOM, "%s", settings.root);
    char path[PATH_ROOM];
    snprintf(buffer + length, PATH_ROOM - length, "%s", shown(stub, path));
}

static void show_size(const struct stub *stub, struct stat *st) {
    if (is_filled(stub)) return;
    st->st_size = (off_t)stub->size;
    st->st_blocks = (blkcnt_t)((stub->size + 4095) / 4096 * 8);
}

/* Let what the kernel says of a stub, or of the real file, be what it would say of the file in the tree. */
void show_own(struct stat *st) {
    if (!S_ISREG(st->st_mode) || !has_stubs()) return;
    const struct stub *stub = stub_with(st);
    if (stub) {
        show_size(stub, st);
        return;
    }
    if (!(stub = stub_for(st))) return;
    char place[PATH_ROOM];
    struct stat own;
    place_in_tree(stub, place);
    if (!syscall(SYS_newfstatat, AT_FDCWD, place, &own, AT_SYMLINK_NOFOLLOW) && stub_with(&own) == stub) *st = own;
    else {  /* it has been moved or removed since it was opened */
        st->st_dev = table->device;
        st->st_ino = stub->inode;
        st->st_mode = S_IFREG | stub->mode;
        st->st_nlink = 1;
        st->st_mtim = (struct timespec){OWN_TIME, 1};
    }
    show_size(stub, st);
}

void show_own_x(struct statx *st) {
    if (!has_stubs()) return;
    struct stat plain = {
        .st_dev = makedev(st->stx_dev_major, st->stx_dev_minor), .st_ino = st->stx_ino, .st_mode = st->stx_mode,
        .st_nlink = st->stx_nlink, .st_size = (off_t)st->stx_size, .st_blocks = (blkcnt_t)st->stx_blocks,
        .st_mtim = {st->stx_mtime.tv_sec, st->stx_mtime.tv_nsec},
    };
    show_own(&plain);
    st->stx_dev_major = major(plain.st_dev);
    st->stx_dev_minor = minor(plain.st_dev);
    st->stx_ino = plain.st_ino;
    st->stx_mode = (uint16_t)plain.st_mode;
    st->stx_nlink = (uint32_t)plain.st_nlink;
    st->stx_size = (uint64_t)plain.st_size;
    st->stx_blocks = (uint64_t)plain.st_blocks;
    st->stx_mtime.tv_sec = plain.st_mtim.tv_sec;
    st->stx_mtime.tv_nsec = (uint32_t)plain.st_mtim.tv_nsec;
}

/* What is open, as the script would see it. */
int own_fstat(int fd, struct stat *st) {
    int result = (int)syscall(SYS_fstat, fd, st);
    if (!result) show_own(st);
    return result;
}

/* The path (virtual) of the own file that is open under a number (`/dev/fd/3`), or that `st` speaks of; NULL: another. */
const char *own_path(const char *path, const struct stat *st, char *buffer) {
    struct stat found;
    if (!has_stubs() || (path && syscall(SYS_newfstatat, AT_FDCWD, path, &found, 0))) return NULL;
    const struct stub *stub = stub_for(path ? &found : st);
    return stub ? shown(stub, buffer) : NULL;
}

static int open_real(const struct stub *stub) {
    char path[PATH_ROOM], buffer[PATH_ROOM];
    const char *real = stub->real ? text_at(stub->real) : below(table->real, stub, path);
    use_rights(1);
    int fd = (int)syscall(SYS_openat, AT_FDCWD, real, O_RDONLY | O_NOFOLLOW | O_CLOEXEC, 0), error = errno;
    use_rights(0);
    errno = error;
    struct stat st;
    if (fd < 0 || syscall(SYS_fstat, fd, &st)) fail(NULL, "%s cannot be read where it is, in %s: %s", shown(stub, buffer), real, strerror(errno));
    int64_t changed = st.st_mtim.tv_sec * 1000000000L + st.st_mtim.tv_nsec;
    if (!S_ISREG(st.st_mode) || st.st_dev != stub->device || st.st_ino != stub->number || (uint64_t)st.st_size != stub->size || changed != stub->changed)
        fail(NULL, "%s has been changed since the recorder began", real);
    return fd;
}

/* Open what is open as `fd` again, in another way; its mode must not matter. */
static int open_again(int fd, int flags) {
    char name[64];
    struct stat st;
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    int again = (int)syscall(SYS_openat, AT_FDCWD, name, flags | O_CLOEXEC, 0);
    if (again >= 0 || errno != EACCES || syscall(SYS_fstat, fd, &st)) return again;
    syscall(SYS_fchmodat, AT_FDCWD, name, (st.st_mode & 07777) | 0600);
    again = (int)syscall(SYS_openat, AT_FDCWD, name, flags | O_CLOEXEC, 0);
    syscall(SYS_fchmodat, AT_FDCWD, name, st.st_mode & 07777);
    return again;
}

/* The descriptors of a process behind which the real file is. */
DECLARE(opendir);
static void each_reader(pid_t pid, const struct stub *stub, void (*visit)(int fd, int file), int file) {
    char name[64];
    snprintf(name, sizeof name, "/proc/%d/fd", (int)pid);
    DIR *stream = NEXT(opendir)(name);
    for (struct dirent *entry; stream && (entry = readdir(stream));) {
        struct stat st;
        if (entry->d_name[0] == '.' || syscall(SYS_newfstatat, dirfd(stream), entry->d_name, &st, 0)) continue;
        if (stub_for(&st) == stub) visit(atoi(entry->d_name), file);
    }
    if (stream) closedir(stream);
}

static void refuse_reader(int fd, int file) {
    (void)fd;
    struct stat st;
    char path[PATH_ROOM];
    syscall(SYS_fstat, file, &st);
    const struct stub *stub = stub_with(&st);
    fail(NULL, "%s is written while another process reads it", stub ? shown(stub, path) : "a file");
}

/* Let this process read on in the file of the tree. */
static void move_reader(int fd, int file) {
    int flags = fcntl(fd, F_GETFD), again = open_again(file, O_RDONLY);
    if (again < 0 || lseek(again, lseek(fd, 0, SEEK_CUR), SEEK_SET) < 0) refuse_reader(fd, file);
    syscall(SYS_dup3, again, fd, flags & FD_CLOEXEC ? O_CLOEXEC : 0);
    syscall(SYS_close, again);
}

static void take_readers_along(const struct stub *stub, int file) {
    pid_t self = (pid_t)syscall(SYS_getpid);
    use_rights(1);  /* who looks must have what the other one has (ptrace(2)) */
    for (uint32_t i = 0; i <= ctl->forks && i <= ctl->max_forks; i++) {
        pid_t pid = i < ctl->forks && i < ctl->max_forks ? (pid_t)ctl->processes[i].pid : (pid_t)ctl->main_pid;
        if (pid && pid != self) each_reader(pid, stub, refuse_reader, file);
    }
    use_rights(0);
    each_reader(self, stub, move_reader, file);
}

static void copy_content(const struct stub *stub, int file) {
    struct rlimit limit;
    if (!syscall(SYS_prlimit64, 0, RLIMIT_FSIZE, NULL, &limit) && stub->size > limit.rlim_cur)
        fail(NULL, "the run writes more than %llu bytes into files", (unsigned long long)limit.rlim_cur);
    int from = open_real(stub), to = open_again(file, O_WRONLY);
    static char data[65536];
    uint64_t at = 0;
    while (to >= 0 && at < stub->size) {
        ssize_t n = syscall(SYS_pread64, from, data, sizeof data, (off_t)at);
        if (n <= 0 || (n = syscall(SYS_pwrite64, to, data, (size_t)n, (off_t)at)) <= 0) break;
        at += (uint64_t)n;
    }
    char path[PATH_ROOM];
    if (at < stub->size) fail(NULL, "%s cannot be copied: %s", shown(stub, path), strerror(errno));
    syscall(SYS_close, to);
    syscall(SYS_close, from);
}

/* What is open in the tree as `fd` is going to hold what it says itself: its old content first, if that is kept. */
static void fill(const struct stub *stub, int fd, int keeps) {
    struct written *file = written_file(stub->inode, 1);
    uint32_t none = 0;
    if (!__atomic_compare_exchange_n(&file->filled, &none, 1, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
        while (__atomic_load_n(&file->filled, __ATOMIC_ACQUIRE) != FILLED) check_stop();
        return;
    }
    struct stat before;
    int known = !syscall(SYS_fstat, fd, &before);
    if (keeps) copy_content(stub, fd);
    __atomic_store_n(&file->filled, FILLED, __ATOMIC_RELEASE);
    take_readers_along(stub, fd);
    /* A file that is opened to be written keeps its time until it is written. */
    struct timespec times[2] = {before.st_mtim, before.st_mtim};
    if (keeps && known) syscall(SYS_utimensat, fd, NULL, times, 0);
}

/* A file of the tree has just been opened as `fd`, for writing or (`flags`) emptied. */
void own_is_written(int fd, int flags) {
    struct stat st;
    if (fd < 0 || !has_stubs() || syscall(SYS_fstat, fd, &st)) return;
    const struct stub *stub = stub_with(&st);
    if (stub && !is_filled(stub)) fill(stub, fd, !(flags & O_TRUNC));
}

/* A file of the tree has just been opened for reading as `fd`; the number stays. */
void own_is_read(int fd, int flags) {
    struct stat st;
    char name[PATH_ROOM], place[PATH_ROOM];
    if (fd < 0 || flags & O_PATH || !has_stubs() || syscall(SYS_fstat, fd, &st)) return;
    const struct stub *stub = stub_with(&st);
    if (!stub || is_filled(stub)) return;
    place_in_tree(stub, place);
    /* At another place, or one of several for the same file: the descriptor would not say which. */
    if (stub->twin || path_of(fd, name, sizeof name) || strcmp(name, place)) {
        fill(stub, fd, 1);
        return;
    }
    int real = open_real(stub);
    syscall(SYS_dup3, real, fd, flags & O_CLOEXEC);
    syscall(SYS_close, real);
}

/* The inode of what is about to be removed from `real`, if it is the last name of a stub; 0: it is not. Another file may
 * get that number. */
ino_t last_name(int dir, const char *real) {
    struct stat st;
    int error = errno;
    int is_there = has_stubs() && !syscall(SYS_newfstatat, dir, real, &st, AT_SYMLINK_NOFOLLOW);
    errno = error;
    return is_there && stub_with(&st) && st.st_nlink == 1 ? st.st_ino : 0;
}

void own_is_gone(ino_t inode) {
    if (inode) __atomic_store_n(&written_file(inode, 1)->filled, FILLED, __ATOMIC_RELEASE);
}

void own_is_truncated(const char *real) {
    if (!has_stubs()) return;
    int fd = (int)syscall(SYS_openat, AT_FDCWD, real, O_WRONLY | O_CLOEXEC, 0);
    own_is_written(fd, 0);
    if (fd >= 0) syscall(SYS_close, fd);
}
