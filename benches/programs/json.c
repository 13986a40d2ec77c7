/* Reads and writes JSON: recursion by the text's shape, and characters one by one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct value {
    char kind; /* [ { " or 0 */
    double number;
    char *text;
    struct value *name, *first, *next;
};

static const char *at;

static struct value *parse(void) {
    struct value *value = calloc(1, sizeof *value);
    if (*at == '[' || *at == '{') {
        char end = *at == '[' ? ']' : '}';
        struct value **last = &value->first;
        value->kind = *at++;
        while (*at != end) {
            struct value *name = value->kind == '{' ? parse() : NULL;
            at += name != NULL;
            *last = parse();
            (*last)->name = name;
            last = &(*last)->next;
            at += *at == ',';
        }
        at++;
    } else if (*at == '"') {
        const char *end = strchr(at + 1, '"');
        value->kind = '"';
        value->text = strndup(at + 1, (size_t)(end - at - 1));
        at = end + 1;
    } else {
        while (*at >= '0' && *at <= '9')
            value->number = value->number * 10 + *at++ - '0';
    }
    return value;
}

static char *print(char *to, struct value *value) {
    if (value->name) {
        to = print(to, value->name);
        *to++ = ':';
    }
    if (value->kind == '"') {
        *to++ = '"';
        for (char *from = value->text; *from; from++)
            *to++ = *from;
        *to++ = '"';
    } else if (value->kind) {
        *to++ = value->kind;
        for (struct value *child = value->first; child; child = child->next) {
            to = print(to, child);
            if (child->next)
                *to++ = ',';
        }
        *to++ = value->kind == '[' ? ']' : '}';
    } else {
        char digits[24];
        int count = 0;
        long number = (long)value->number;
        do
            digits[count++] = (char)('0' + number % 10);
        while (number /= 10);
        while (count)
            *to++ = digits[--count];
    }
    return to;
}

static void drop(struct value *value) {
    while (value) {
        struct value *next = value->next;
        drop(value->name);
        drop(value->first);
        free(value->text);
        free(value);
        value = next;
    }
}

int main(void) {
    char *text = malloc(1 << 20), *again = malloc(1 << 20), *to = text;
    *to++ = '[';
    for (int i = 0; i < 1000; i++)
        to += sprintf(to, "%s{\"id\":%d,\"name\":\"item number %d\",\"tags\":[\"a\",\"bc\",[%d,%d]]}", i ? "," : "", i, i * 7,
                      i * i, i + 1);
    strcpy(to, "]");
    for (int round = 0; round < 60; round++) {
        at = text;
        struct value *value = parse();
        *print(again, value) = 0;
        drop(value);
        if (strcmp(text, again))
            return 1;
    }
    printf("%zu\n", strlen(again));
    return 0;
}
