/* Stands in for every command of a script that runs for real: asks what to do, does that, and exits.
 *
 * It stands as DIR/.stand-in, commands are links to it, and whoever answers listens on the socket DIR/.ask. It may also
 * be the interpreter of a file (`#!DIR/.stand-in`): then that file is the command.
 *
 * Asked: a length (32 bits), then fields that end in NUL: which of the descriptors 0, 1, 2 are open (they come along),
 * the number of words and the words, the directory, the number of variables and the variables.
 * Answered: a length, then fields with a length each. The first is what to do:
 *   run PATH      run that program in a process of its own, and say how it ended (32 bits, as of wait)
 *   become PATH   be that program
 *   answer STATUS STDOUT STDERR DRAIN [KIND PATH TEXT MODE] ...
 *                 read standard input to its end if DRAIN is 1; change files; print; exit with the status.
 *                 KIND is d (a directory), f (a file), l (a link to TEXT), r (remove); MODE is octal or empty
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

#define BROKEN 99
#define MOST_FIELDS 1024

struct field {
  char *text;
  uint32_t length;
};

static void all(ssize_t (*move)(int, void *, size_t), int fd, void *data, size_t length) {
  for (char *at = data; length;) {
    ssize_t moved = move(fd, at, length);
    if (moved < 0 && errno == EINTR) continue;
    if (moved <= 0) _exit(BROKEN);
    at += moved;
    length -= moved;
  }
}

static ssize_t put(int fd, void *data, size_t length) { return write(fd, data, length); }

static int call(const char *self) {
  struct sockaddr_un where = {.sun_family = AF_UNIX};
  if (snprintf(where.sun_path, sizeof where.sun_path, "%.*s/.ask", (int)(strrchr(self, '/') - self), self) >=
      (int)sizeof where.sun_path)
    _exit(BROKEN);
  int low = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  /* Not one of the first three, which may be closed. */
  int line = fcntl(low, F_DUPFD_CLOEXEC, 10);
  if (line < 0 || connect(line, (struct sockaddr *)&where, sizeof where)) _exit(BROKEN);
  close(low);
  return line;
}

static void ask(int line, int argc, char **argv) {
  char *text, *here = getcwd(0, 0), open[4] = "";
  int fds[3], count = 0, variables = 0;
  for (int fd = 0; fd < 3; fd++)
    if (fcntl(fd, F_GETFD) >= 0) open[count] = '0' + fd, fds[count++] = fd;
  while (environ[variables]) variables++;
  size_t length;
  FILE *out = open_memstream(&text, &length);
  fwrite("\0\0\0\0", 1, 4, out);
  fprintf(out, "%s%c%d%c", open, 0, argc, 0);
  for (int i = 0; i < argc; i++) fprintf(out, "%s%c", argv[i], 0);
  fprintf(out, "%s%c%d%c", here ? here : "", 0, variables, 0);
  for (int i = 0; i < variables; i++) fprintf(out, "%s%c", environ[i], 0);
  fclose(out);
  *(uint32_t *)text = length - 4;

  char room[CMSG_SPACE(sizeof fds)] = {0};
  struct iovec part = {text, 4};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
  if (count) {
    message.msg_control = room;
    message.msg_controllen = CMSG_SPACE(count * sizeof *fds);
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(count * sizeof *fds);
    memcpy(CMSG_DATA(head), fds, count * sizeof *fds);
  }
  if (sendmsg(line, &message, 0) != 4) _exit(BROKEN);
  all(put, line, text + 4, length - 4);
}

static int listen_to(int line, struct field *fields) {
  uint32_t length;
  all(read, line, &length, sizeof length);
  char *text = malloc(length);
  all(read, line, text, length);
  int count = 0;
  for (uint32_t at = 0; at < length && count < MOST_FIELDS; count++) {
    struct field *field = fields + count;
    memcpy(&field->length, text + at, 4);
    field->text = malloc(field->length + 1);
    memcpy(field->text, text + at + 4, field->length);
    field->text[field->length] = 0;
    at += 4 + field->length;
  }
  return count;
}

static int remove_one(const char *path, const struct stat *found, int kind, struct FTW *where) {
  (void)found, (void)kind, (void)where;
  remove(path);
  return 0;
}

static void make_parents(char *path) {
  for (char *slash = path + 1; (slash = strchr(slash, '/')); *slash++ = '/') {
    *slash = 0;
    mkdir(path, 0777);
  }
}

static void change(char kind, char *path, const struct field *text, const char *mode) {
  if (!*path) return;
  if (kind == 'r') {
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return;
  }
  make_parents(path);
  if (kind == 'd') mkdir(path, 0777);
  /* What is made takes the place of a file or a link (docs/formats.md). */
  else unlink(path);
  if (kind == 'l') (void)!symlink(text->text, path);
  if (kind == 'f') {
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0) return;
    all(put, fd, text->text, text->length);
    close(fd);
  }
  if (*mode) chmod(path, strtol(mode, 0, 8));
}

static int answer(struct field *fields, int count) {
  char rest[4096];
  if (*fields[4].text == '1')
    while (read(0, rest, sizeof rest) > 0) continue;
  for (int i = 5; i + 3 < count; i += 4) change(*fields[i].text, fields[i + 1].text, fields + i + 2, fields[i + 3].text);
  /* A closed output is no error of ours; a pipe that nobody reads ends us, as it would end any command. */
  if (fields[2].length) (void)!write(1, fields[2].text, fields[2].length);
  if (fields[3].length) (void)!write(2, fields[3].text, fields[3].length);
  return atoi(fields[1].text);
}

static int run(int line, const char *path, char **argv) {
  pid_t child = fork();
  if (!child) {
    execv(path, argv);
    _exit(127);
  }
  uint32_t status = 0;
  while (waitpid(child, (int *)&status, 0) < 0)
    if (errno != EINTR) _exit(BROKEN);
  all(put, line, &status, sizeof status);
  if (WIFSIGNALED(status)) {
    signal(WTERMSIG(status), SIG_DFL);
    raise(WTERMSIG(status));
  }
  return WEXITSTATUS(status);
}

int main(int argc, char **argv) {
  char self[4096];
  ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
  if (length < 0) return BROKEN;
  self[length] = 0;
  if (argc > 1 && !strcmp(argv[0], self)) argv++, argc--;
  struct field fields[MOST_FIELDS];
  int line = call(self);
  ask(line, argc, argv);
  int count = listen_to(line, fields);
  if (count < 2) return BROKEN;
  if (!strcmp(fields[0].text, "answer")) return answer(fields, count);
  if (!strcmp(fields[0].text, "run")) return run(line, fields[1].text, argv);
  execv(fields[1].text, argv);
  return 127;
}
