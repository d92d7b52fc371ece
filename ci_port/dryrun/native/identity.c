/* Who and where: the world's, not the machine's. Answers to getuid(2), getpwnam(3), uname(2) and gethostname(2). */
#include "recorder.h"

uid_t getuid(void) { return ready ? ctl->uid : (uid_t)syscall(SYS_getuid); }
uid_t geteuid(void) { return ready ? ctl->uid : (uid_t)syscall(SYS_geteuid); }
gid_t getgid(void) { return ready ? ctl->gid : (gid_t)syscall(SYS_getgid); }
gid_t getegid(void) { return ready ? ctl->gid : (gid_t)syscall(SYS_getegid); }
/* Since 5.3 bash asks for all three at once. */
int getresuid(uid_t *real, uid_t *effective, uid_t *saved) {
    *real = *effective = *saved = getuid();
    return 0;
}
int getresgid(gid_t *real, gid_t *effective, gid_t *saved) {
    *real = *effective = *saved = getgid();
    return 0;
}
int getgroups(int room, gid_t *groups) {
    if (room > 0) groups[0] = getgid();
    return 1;
}
/* The accounts of the world: its user, and root, whom every machine has. */
static struct passwd *account(const char *name, uid_t uid, gid_t gid, const char *directory) {
    static struct passwd entry;
    entry.pw_name = (char *)name;
    entry.pw_passwd = (char *)"x";
    entry.pw_uid = uid;
    entry.pw_gid = gid;
    entry.pw_gecos = (char *)"";
    entry.pw_dir = (char *)directory;
    entry.pw_shell = (char *)"/bin/bash";
    return &entry;
}
static struct passwd *user_account(void) { return account(settings.user, ctl->uid, ctl->gid, settings.home); }
static struct passwd *root_account(void) { return ctl->effects ? account("root", 0, 0, "/root") : NULL; }
struct passwd *getpwuid(uid_t uid) {
    return !ready ? NULL : uid == ctl->uid ? user_account() : uid == 0 ? root_account() : NULL;
}
struct passwd *getpwnam(const char *name) {
    return !ready ? NULL : !strcmp(name, settings.user) ? user_account() : !strcmp(name, "root") ? root_account() : NULL;
}
static struct group *group(const char *name, gid_t gid) {
    static struct group entry;
    static char *nobody[1];
    entry.gr_name = (char *)name;
    entry.gr_passwd = (char *)"x";
    entry.gr_gid = gid;
    entry.gr_mem = nobody;
    return &entry;
}
struct group *getgrgid(gid_t gid) { return ready && ctl->effects && gid == ctl->gid ? group(settings.user, gid) : NULL; }
struct group *getgrnam(const char *name) {
    return ready && ctl->effects && !strcmp(name, settings.user) ? group(name, ctl->gid) : NULL;
}
struct passwd *getpwent(void) { return NULL; }
struct group *getgrent(void) { return NULL; }
struct servent *getservent(void) { return NULL; }
int gethostname(char *name, size_t room) {
    snprintf(name, room, "%s", ready ? settings.host : "localhost");
    return 0;
}
int uname(struct utsname *out) {
    *out = (struct utsname){.sysname = "Linux", .release = "6.0.0", .version = "#1 SMP", .machine = "x86_64"};
    return gethostname(out->nodename, sizeof out->nodename);
}

/* nproc(1) asks which processors it may use. */
DECLARE(sched_getaffinity);
int sched_getaffinity(pid_t pid, size_t size, cpu_set_t *set) {
    if (!ready || !ctl->effects) return NEXT(sched_getaffinity)(pid, size, set);
    CPU_ZERO_S(size, set);
    for (uint32_t i = 0; i < ctl->cpus; i++) CPU_SET_S(i, size, set);
    return 0;
}
DECLARE(sysconf);
long sysconf(int name) {
    if (ready && ctl->effects && (name == _SC_NPROCESSORS_ONLN || name == _SC_NPROCESSORS_CONF)) return ctl->cpus;
    return NEXT(sysconf)(name);
}
