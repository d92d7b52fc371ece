/* What the shell opens for writing is written down, and taken back if it turns out to be where a command's output
 * goes: the command's own record says so. Answers to bash's redir.c. */
#include "recorder.h"

static struct { struct record *record; off_t size; } tentative[32];  /* writes that may turn out to be a command's */
static unsigned tentative_count;

/* The shell opens `path` (virtual) for writing, now as `fd`. */
void write_down(const char *path, int fd, int flags) {
    __atomic_store_n(&ctl->dirty, 1, __ATOMIC_RELAXED);
    count_step();
    const char *texts[WRITE_TEXTS] = {path};
    struct record *r = add(WRITE, texts, NULL, NULL);
    r->flags = (flags & O_APPEND ? APPENDS : 0) | (flags & O_TRUNC ? CUTS : 0);
    struct stat st;
    if (syscall(SYS_fstat, fd, &st)) st.st_size = 0;
    else r->value = (int64_t)st.st_ino;
    if (tentative_count == sizeof tentative / sizeof *tentative) {
        memmove(tentative, tentative + 1, sizeof tentative - sizeof *tentative);
        tentative_count--;
    }
    follow_text(r, fd, flags);
    tentative[tentative_count].record = r;
    tentative[tentative_count++].size = st.st_size;
}

void forget_writes(void) { tentative_count = 0; }

/* For a tool that starts commands: what it was given may be where their output goes. */
void hand_on_writes(char *text, size_t room) {
    size_t used = 0;
    text[0] = 0;
    for (unsigned i = 0; i < tentative_count && used + 64 < room; i++)
        used += (size_t)snprintf(text + used, room - used, "%llu:%lld ", (unsigned long long)place_of(tentative[i].record),
                                 (long long)tentative[i].size);
}

void take_writes(const char *text) {
    unsigned long long place;
    long long size;
    for (int length; text && sscanf(text, "%llu:%lld %n", &place, &size, &length) == 2; text += length) {
        if (tentative_count == sizeof tentative / sizeof *tentative) return;
        tentative[tentative_count].record = record_at(place);
        tentative[tentative_count++].size = (off_t)size;
    }
}

/* Returns the flags of the command that says so. */
uint32_t settle_writes(const char *const *streams) {
    uint32_t cuts = 0;
    for (int fd = 0; fd < 3; fd++) {
        const char *path = streams[fd];
        if (path[0] == '>' && path[1] == '>') path += 2;
        if (path[0] != '/' || (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY) continue;
        struct stat st;
        for (unsigned i = tentative_count; i-- > 0;) {
            struct record *r = tentative[i].record;
            const char *cursor = (const char *)(r->path + r->depth);
            for (int skip = 0; skip < 2; skip++) { uint32_t n; memcpy(&n, cursor, 4); cursor += 4 + n; }
            uint32_t length;
            memcpy(&length, cursor, 4);
            if (r->state != READY || length != strlen(path) || memcmp(cursor + 4, path, length)) continue;
            /* The step says where its output goes, unless the shell has written there before. */
            if (syscall(SYS_fstat, fd, &st) || st.st_size != tentative[i].size) break;
            r->state = DEAD;
            if (r->flags & CUTS) cuts |= fd == 1 ? CUTS_OUTPUT : CUTS_ERROR;
            forget_text(st.st_ino);
            __atomic_sub_fetch(&ctl->steps, 1, __ATOMIC_SEQ_CST);
            break;
        }
    }
    return cuts;
}
