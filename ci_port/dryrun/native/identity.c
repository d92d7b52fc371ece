/* Who and where: the world's, not the machine's. Answers to getuid(2), getpwnam(3), uname(2) and gethostname(2). */
#include "recorder.h"

uid_t getuid(void) { return WORLD_ID; }
uid_t geteuid(void) { return WORLD_ID; }
gid_t getgid(void) { return WORLD_ID; }
gid_t getegid(void) { return WORLD_ID; }
pid_t getppid(void) { return 1; }
int getgroups(int room, gid_t *groups) {
    if (room > 0) groups[0] = WORLD_ID;
    return 1;
}
static struct passwd *account(void) {
    static struct passwd entry;
    entry.pw_name = (char *)settings.user;
    entry.pw_passwd = (char *)"x";
    entry.pw_uid = entry.pw_gid = WORLD_ID;
    entry.pw_gecos = (char *)"";
    entry.pw_dir = (char *)settings.home;
    entry.pw_shell = (char *)"/bin/bash";
    return &entry;
}
struct passwd *getpwuid(uid_t uid) { return ready && uid == WORLD_ID ? account() : NULL; }
struct passwd *getpwnam(const char *name) { return ready && !strcmp(name, settings.user) ? account() : NULL; }
struct group *getgrgid(gid_t gid) { (void)gid; return NULL; }
struct passwd *getpwent(void) { return NULL; }
struct group *getgrent(void) { return NULL; }
struct servent *getservent(void) { return NULL; }
int gethostname(char *name, size_t room) {
    snprintf(name, room, "localhost");
    return 0;
}
int uname(struct utsname *out) {
    *out = (struct utsname){.sysname = "Linux", .nodename = "localhost", .release = "6.0.0", .version = "#1 SMP",
                            .machine = "x86_64"};
    return 0;
}
