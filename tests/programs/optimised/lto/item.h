#pragma once

struct item {
    int value;
    struct item *next;
};

int total(struct item *first, const char *text);
