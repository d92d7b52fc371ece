/* Time passes where the script sleeps, and where it does nothing but ask for the time: a plan does not depend on how
 * long the recording takes. Answers to time(2), clock_gettime(2), getrusage(2), times(2) and
 * localtime(3). */
#include "recorder.h"

#define PATIENCE 2000      /* times that the clock is asked without any time having passed */

static time_t now(void) {
    if (!ready || !ctl->effects) return NOW;
    static uint32_t asked, last;
    uint32_t clock = ctl->clock;
    asked = clock == last ? asked + 1 : 0;
    last = clock;
    if (asked > PATIENCE) clock = __atomic_add_fetch(&ctl->clock, 1, __ATOMIC_SEQ_CST);  /* a loop that waits */
    return NOW + clock;
}

time_t time(time_t *out) {
    time_t value = now();
    if (out) *out = value;
    return value;
}
int gettimeofday(struct timeval *restrict out, void *restrict zone) {
    (void)zone;
    *out = (struct timeval){now(), 0};
    return 0;
}
int clock_gettime(clockid_t clock, struct timespec *out) {
    (void)clock;
    *out = (struct timespec){now(), 0};
    return 0;
}
int getrusage(__rusage_who_t who, struct rusage *out) {
    (void)who;
    memset(out, 0, sizeof *out);
    return 0;
}
clock_t times(struct tms *out) {
    memset(out, 0, sizeof *out);
    return 0;
}
/* Without TZ the machine's own time zone would show. */
struct tm *localtime_r(const time_t *restrict when, struct tm *restrict out) {
    static void *next;
    const char *zone = getenv("TZ");
    if (zone && *zone) {
        if (!next) next = dlsym(RTLD_NEXT, "localtime_r");
        tzset();
        return ((struct tm * (*)(const time_t *, struct tm *))next)(when, out);
    }
    struct tm *result = gmtime_r(when, out);
    if (result) result->tm_zone = "UTC";
    return result;
}
struct tm *localtime(const time_t *when) {
    static struct tm result;
    return localtime_r(when, &result);
}
