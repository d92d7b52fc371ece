/* Chance: a plan does not depend on it. Answers to getrandom(2) and to bash's variables.c ($RANDOM). */
#include "recorder.h"

ssize_t getrandom(void *out, size_t size, unsigned flags) {
    (void)flags;
    static uint64_t chance = 1;
    for (size_t i = 0; i < size; i++) {
        chance = chance * 6364136223846793005u + 1442695040888963407u + (in_bash ? depth : 0);
        ((unsigned char *)out)[i] = (unsigned char)(chance >> 56);
    }
    return (ssize_t)size;
}
uint32_t arc4random(void) {
    uint32_t value;
    getrandom(&value, sizeof value, 0);
    return value;
}

/* $RANDOM. Every subshell draws a seed of its own from the machine when it is asked first: draw it from its place in
 * the tree of forks. A script that sets RANDOM gets what bash gives it. */
typedef struct random_variable {
    char *name, *value, *exported;
    struct random_variable *(*get)(struct random_variable *);
    struct random_variable *(*set)(struct random_variable *, char *, intmax_t, char *);
} random_variable;
static random_variable *(*b_random)(random_variable *);
static random_variable *(*b_set_random)(random_variable *, char *, intmax_t, char *);
static uint32_t seeded_depth;

static random_variable *get_random(random_variable *variable) {
    if (seeded_depth != depth) {
        seeded_depth = depth;
        b_random(variable);  /* bash takes its own seed now, and not again in this process */
        unsigned long seed = 1;
        for (uint32_t i = 0; i < depth; i++) seed = seed * 31 + order[i];
        b_sbrand(seed);
    }
    return b_random(variable);
}

/* A script that sets RANDOM gets what bash gives it, in a subshell too. */
static random_variable *set_random(random_variable *variable, char *value, intmax_t index, char *key) {
    if (seeded_depth != depth) b_random(variable);
    seeded_depth = depth;
    return b_set_random(variable, value, index, key);
}

void make_random(void) {
    random_variable *variable = b_sbrand ? (random_variable *)b_find("RANDOM") : NULL;
    if (!variable || !variable->get) return;
    b_random = variable->get;
    variable->get = get_random;
    b_set_random = variable->set;
    if (b_set_random) variable->set = set_random;
    b_sbrand(1);
}
