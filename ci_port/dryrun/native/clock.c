/* Time stands still: a plan does not depend on it. Answers to time(2), clock_gettime(2), getrusage(2), times(2) and
 * localtime(3). */
#include "recorder.h"

#define NOW 1735689600     /* what every clock says, all the time: 2025-01-01 00:00:00 UTC */

time_t time(time_t *out) {
    if (out) *out = NOW;
    return NOW;
}
int gettimeofday(struct timeval *restrict out, void *restrict zone) {
    (void)zone;
    *out = (struct timeval){NOW, 0};
    return 0;
}
int clock_gettime(clockid_t clock, struct timespec *out) {
    (void)clock;
    *out = (struct timespec){NOW, 0};
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
