/* Limits are written down, never set; the machine's own are not shown. Answers to getrlimit(2) and to bash's
 * builtins/ulimit.def. */
#include "recorder.h"

static struct rlimit limits[RLIM_NLIMITS];

void hold(int resource, uint64_t value) {
    struct rlimit limit;
    if (syscall(SYS_prlimit64, 0, resource, NULL, &limit)) return;
    limit.rlim_cur = value < limit.rlim_max ? value : limit.rlim_max;
    syscall(SYS_prlimit64, 0, resource, &limit, NULL);
}

void show_no_limits(void) {
    for (int i = 0; i < RLIM_NLIMITS; i++) limits[i].rlim_cur = limits[i].rlim_max = RLIM_INFINITY;
}

static const char *limit_name(int resource) {
    switch (resource) {
    case RLIMIT_AS: return "as";
    case RLIMIT_CORE: return "core";
    case RLIMIT_CPU: return "cpu";
    case RLIMIT_DATA: return "data";
    case RLIMIT_FSIZE: return "fsize";
    case RLIMIT_LOCKS: return "locks";
    case RLIMIT_MEMLOCK: return "memlock";
    case RLIMIT_MSGQUEUE: return "msgqueue";
    case RLIMIT_NICE: return "nice";
    case RLIMIT_NOFILE: return "nofile";
    case RLIMIT_NPROC: return "nproc";
    case RLIMIT_RSS: return "rss";
    case RLIMIT_RTPRIO: return "rtprio";
    case RLIMIT_RTTIME: return "rttime";
    case RLIMIT_SIGPENDING: return "sigpending";
    case RLIMIT_STACK: return "stack";
    default: return "unknown";
    }
}

static int set_limit(int resource, rlim_t soft, rlim_t hard) {
    if (resource < 0 || resource >= RLIM_NLIMITS) { errno = EINVAL; return -1; }
    rlim_t value = soft != limits[resource].rlim_cur ? soft : hard;
    limits[resource].rlim_cur = soft;
    limits[resource].rlim_max = hard;
    count_step();
    const char *texts[LIMIT_TEXTS] = {limit_name(resource)};
    add(LIMIT, texts, NULL, NULL)->value = value == RLIM_INFINITY ? UNLIMITED : (int64_t)value;
    return 0;
}
DECLARE(setrlimit);
int setrlimit(__rlimit_resource_t resource, const struct rlimit *new) {
    if (!ready || !in_bash) return NEXT(setrlimit)(resource, new);
    return set_limit((int)resource, new->rlim_cur, new->rlim_max);
}
int setrlimit64(__rlimit_resource_t resource, const struct rlimit64 *new) {
    return setrlimit(resource, (const struct rlimit *)new);
}
DECLARE(getrlimit);
int getrlimit(__rlimit_resource_t resource, struct rlimit *out) {
    if (!ready || !in_bash || (int)resource < 0 || (int)resource >= RLIM_NLIMITS) return NEXT(getrlimit)(resource, out);
    *out = limits[resource];
    return 0;
}
int getrlimit64(__rlimit_resource_t resource, struct rlimit64 *out) { return getrlimit(resource, (struct rlimit *)out); }
