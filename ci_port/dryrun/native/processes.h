/* The processes of a run, and what goes between them. Answers to fork(2) and pipe(7). */
#ifndef PROCESSES_H
#define PROCESSES_H

/* ---- processes.c, chance.c --------------------------------------------------------------------------------- */

int is_ours(pid_t pid);
char state_of(pid_t pid);
int others_work(void);
struct process *own_process(void);
struct process *process_shown(pid_t shown);
struct process *process_of(pid_t pid);
pid_t real_pid(pid_t shown);
pid_t shown_pid(pid_t pid);
pid_t parent_of(pid_t pid);
void linger(char *const argv[]);
void note_background(void);
int still_works(struct process *process);
void release(struct process *process);
void release_all(void);
void make_random(void);

/* ---- streams.c --------------------------------------------------------------------------------------------- */

const char *stream(int fd, char *buffer, size_t room);
int is_initial(int fd, const struct stat *st);  /* what the run was given as stream `fd` */
void inodes(char *text, size_t room);
void note_poll(char *const argv[], int is_read);
void note_path_poll(const char *path);
void pipe_is_read(const struct stat *st);
void pipes_are_read(char *const argv[]);
int wait_for_reader(int fd);
void keep_input(uint64_t execute, const char *kind, char *const argv[]);
void forget_heredoc(void);
void forget_pipe(void);

#endif
