/* The configuration that the parent writes into the shared file; answers to configuration.py. In this order:
 *   number of rules, and for each how often its words matched
 *   the settings of layout.py, as strings
 *   number of tools, and for each its name, its path and its kind, as strings and a number
 *   number of commands that the world lacks, and their names
 *   number of scripts to follow, and their paths
 *   size of the rules, and the rules: head, words, answer
 *   number of variables, and the environment that the script starts with, as strings
 */
#include "recorder.h"

struct settings settings;
size_t root_length;
const char *tool_start, *missing_start, *follow_start, *rule_start;
uint32_t *rule_uses;
uint32_t tool_count, missing_count, follow_count, rule_count;

uint32_t take_number(const char **cursor) {
    uint32_t number;
    memcpy(&number, *cursor, 4);
    *cursor += 4;
    return number;
}

/* A string stands as its length, its bytes and a NUL, so that it can be used in place. */
const char *take_string(const char **cursor, uint32_t *length) {
    uint32_t size = take_number(cursor);
    const char *text = *cursor;
    *cursor += size + 1;
    if (length) *length = size;
    return text;
}

static const char *take_list(const char **cursor, uint32_t *count) {
    *count = take_number(cursor);
    const char *start = *cursor;
    for (uint32_t i = 0; i < *count; i++) take_string(cursor, NULL);
    return start;
}

int is_listed(const char *list, uint32_t count, const char *text) {
    for (uint32_t i = 0; i < count; i++)
        if (!strcmp(take_string(&list, NULL), text)) return 1;
    return 0;
}

void read_configuration(char ***environment) {
    const char *cursor = (const char *)ctl + ctl->config;
    rule_count = take_number(&cursor);
    rule_uses = (uint32_t *)cursor;
    cursor += rule_count * sizeof *rule_uses;
    const char **setting = (const char **)&settings;
    for (size_t i = 0; i < sizeof settings / sizeof *setting; i++) setting[i] = take_string(&cursor, NULL);
    root_length = strlen(settings.root);
    tool_count = take_number(&cursor);
    tool_start = cursor;
    for (uint32_t i = 0; i < tool_count; i++) {
        take_string(&cursor, NULL);
        take_string(&cursor, NULL);
        take_number(&cursor);
    }
    missing_start = take_list(&cursor, &missing_count);
    follow_start = take_list(&cursor, &follow_count);
    uint32_t rule_bytes = take_number(&cursor);
    rule_start = cursor;
    cursor += rule_bytes;
    uint32_t count = take_number(&cursor);
    *environment = malloc((count + 1) * sizeof **environment);
    if (!*environment) end_run();
    for (uint32_t i = 0; i < count; i++) (*environment)[i] = (char *)take_string(&cursor, NULL);
    (*environment)[count] = NULL;
}
