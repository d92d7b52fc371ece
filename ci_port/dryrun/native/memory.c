/* Memory: where a process gets no more, the run ends with an error that says so. Answers to malloc(3) and
 * getrlimit(2); free(3) is in lines.c. */
#include "recorder.h"

#define SMALL_MEMORY (1 << 20)  /* sort(1) asks for much and is content with less, down to about this */

static void *given(void *memory, size_t size) {
    if (!memory && size && ready && (!is_frugal || size < SMALL_MEMORY)) {
        /* Writing that down needs some itself, as bash's own message would. */
        hold(RLIMIT_AS, RLIM_INFINITY);
        fail(NULL, "the run needs more than %llu bytes of memory", (unsigned long long)ctl->memory);
    }
    return memory;
}
void *malloc(size_t size) { return given(__libc_malloc(size), size); }
void *calloc(size_t count, size_t size) { return given(__libc_calloc(count, size), count && size ? count * size : 0); }
void *realloc(void *memory, size_t size) { return given(__libc_realloc(memory, size), size); }
