/* Which lines run, seen where bash frees the text of the command before. Answers to bash's execute_cmd.c
 * (the_printed_command_except_trap) and free(3). */
#include "recorder.h"

static struct cover *cover_of(const char *file) {
    struct cover *table = (struct cover *)((char *)ctl + ctl->cover);
    static struct cover *last;
    if (last && !strncmp(last->name, file, COVER_NAME - 1)) return last;
    while (__atomic_exchange_n(&ctl->lock, 1, __ATOMIC_ACQUIRE)) {}
    uint32_t i = 0;
    while (i < ctl->covered && strncmp(table[i].name, file, COVER_NAME - 1)) i++;
    if (i == ctl->covered && i < COVER_FILES) {
        strncpy(table[i].name, file, COVER_NAME - 1);
        ctl->covered++;
    }
    __atomic_store_n(&ctl->lock, 0, __ATOMIC_RELEASE);
    return last = i < COVER_FILES ? &table[i] : NULL;
}

static void command_starts(void) {
    check_stop();
    busy++;
    const char *file = element("BASH_SOURCE", 0);
    int line = b_line();
    if (file && line > 0 && line < COVER_LINES) {
        struct cover *cover = cover_of(file);
        if (cover) {
            __atomic_fetch_or(&cover->seen[line / 8], (uint8_t)(1 << line % 8), __ATOMIC_RELAXED);
            uint32_t index = (uint32_t)(cover - (struct cover *)((char *)ctl + ctl->cover));
            __atomic_store_n(&ctl->at, index * COVER_LINES + (uint32_t)line, __ATOMIC_RELAXED);
        }
    }
    restore_hashing();
    note_background();
    note_umask();
    ctl->hooked = 1;
    busy--;
}

/* Before each command that it runs, bash frees the text of the one before; that is the only hook that costs nothing.
 * In a trap it keeps that text: there, whatever is freed tells that a command has come to another line. */
void free(void *pointer) {
    if (pointer && ready && in_bash && !busy) {
        static int trap_line;
        if (pointer == *b_printed) command_starts();
        else if (*b_trap && *b_printed && b_line() != trap_line) {
            trap_line = b_line();
            command_starts();
        }
        if (ctl->courses && (*b_trap || pointer == *b_printed)) note_course(pointer, __builtin_return_address(0));
    }
    __libc_free(pointer);
}
