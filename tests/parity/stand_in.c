/* Stands in for every command of a CI job: logs how it was called, answers as it is told, and exits.
 *
 * $STAND_IN names a directory with the files
 *   answers  rules, the first that matches counts: STATUS 0x1f STDOUT 0x1f WORD 0x1f WORD ... 0x1e
 *            (a word * is any word, a last word ** any number of words)
 *   fail     NUMBER STATUS: the command with this number in the log exits with that status instead
 *   hang     NUMBER IGNORE MS: the command with this number does not end by itself; with IGNORE 1, not by TERM either;
 *            after MS milliseconds (none: a minute) it does
 *   log      one record a command, written here; fields end in NUL: number, where the descriptors 0, 1, 2 lead, what
 *            came in where an argument asks for it, directory, count and words, count and environment (sorted)
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

extern char **environ;

static char *in_root(const char *name) {
  char *path;
  if (asprintf(&path, "%s/%s", getenv("STAND_IN"), name) < 0) exit(99);
  return path;
}

static char *content(const char *path, size_t *size) {
  int fd = open(path, O_RDONLY);
  size_t room = 1 << 16, used = 0;
  char *text = malloc(room);
  ssize_t got;
  while (fd >= 0 && (got = read(fd, text + used, room - used - 1)) > 0)
    if ((used += got) + 1 >= room) text = realloc(text, room *= 2);
  if (fd > 2) close(fd);
  text[used] = 0;
  if (size) *size = used;
  return text;
}

static char leads_to(int fd) {
  struct stat found;
  if (fstat(fd, &found)) return '-';
  if (S_ISFIFO(found.st_mode)) return 'p';
  if (S_ISCHR(found.st_mode)) return found.st_rdev == makedev(1, 3) ? 'n' : 'c';
  return S_ISREG(found.st_mode) ? 'f' : 'o';
}

static int compare(const void *left, const void *right) {
  return strcmp(*(char *const *)left, *(char *const *)right);
}

static int matches(char **rule, int length, char **argv, int argc) {
  int open_end = length && !strcmp(rule[length - 1], "**");
  if (open_end ? argc < length - 1 : argc != length) return 0;
  for (int i = 0; i < length - open_end; i++)
    if (strcmp(rule[i], "*") && strcmp(rule[i], argv[i])) return 0;
  return 1;
}

static int answer(char **argv, int argc, int shown) {
  char *rest = content(in_root("answers"), 0), *line;
  while ((line = strsep(&rest, "\x1e")) && *line) {
    char *words[256];
    int count = 0;
    while (count < 256 && (words[count] = strsep(&line, "\x1f"))) count++;
    if (count > 2 && matches(words + 2, count - 2, argv, argc)) {
      if (shown) fputs(words[1], stdout);
      return atoi(words[0]);
    }
  }
  return 0;
}

int main(int argc, char **argv) {
  if (!getenv("STAND_IN")) return 98;
  int log = open(in_root("log"), O_RDWR | O_CREAT | O_APPEND, 0666);
  char *input = "";
  for (int i = 1; i < argc; i++) {
    if (!strcmp(argv[i], "-")) input = content("/dev/stdin", 0);
    if (!strncmp(argv[i], "/dev/fd/", 8)) input = content(argv[i], 0);
  }
  flock(log, LOCK_EX);
  size_t size;
  int number = 1, fail_at = 0, fail_status = 0, variables = 0;
  char *before = content(in_root("count"), &size);
  number += atoi(before);
  sscanf(content(in_root("fail"), 0), "%d %d", &fail_at, &fail_status);
  while (environ[variables]) variables++;
  qsort(environ, variables, sizeof *environ, compare);

  char *record;
  size_t length;
  FILE *out = open_memstream(&record, &length);
  char here[4096];
  fprintf(out, "%d%c%c%c%c%c%s%c%s%c%d%c", number, 0, leads_to(0), leads_to(1), leads_to(2), 0, input, 0,
          getcwd(here, sizeof here), 0, argc, 0);
  for (int i = 0; i < argc; i++) fprintf(out, "%s%c", argv[i], 0);
  fprintf(out, "%d%c", variables, 0);
  for (int i = 0; i < variables; i++) fprintf(out, "%s%c", environ[i], 0);
  fclose(out);
  if (write(log, record, length) != (ssize_t)length) return 97;
  FILE *count = fopen(in_root("count"), "w");
  fprintf(count, "%d", number);
  fclose(count);
  flock(log, LOCK_UN);
  int hang_at = 0, ignore = 0, milliseconds = 60000;
  sscanf(content(in_root("hang"), 0), "%d %d %d", &hang_at, &ignore, &milliseconds);
  if (number == hang_at) {
    if (ignore) signal(SIGTERM, SIG_IGN), signal(SIGHUP, SIG_IGN), signal(SIGINT, SIG_IGN);
    FILE *ready = fopen(in_root("hanging"), "w");
    fclose(ready);
    usleep(milliseconds * 1000);
    return 142;
  }
  if (number == fail_at) {
    answer(argv, argc, 0);
    return fail_status;
  }
  return answer(argv, argc, 1);
}
