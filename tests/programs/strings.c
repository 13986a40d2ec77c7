// Strings and character buffers: literals, arrays, building, splitting, comparing, a table of them.
#include <stdio.h>
#include <string.h>

static char buffer[32] = "initial";
static const char *const months[] = {"January", "February", "March", NULL};

static char *reverse(char *text) {
    char *left = text, *right = text + strlen(text);
    while (left < --right) {
        char kept = *left;
        *left++ = *right;
        *right = kept;
    }
    return text;
}

static unsigned hash(const char *text) {
    unsigned value = 5381;
    for (const unsigned char *at = (const unsigned char *)text; *at; at++)
        value = value * 33 + *at;
    return value;
}

static int split(char *line, char **words, int limit) {
    int count = 0;
    char *at = line;
    while (*at && count < limit) {
        words[count++] = at;
        while (*at && *at != ' ')
            at++;
        if (*at)
            *at++ = '\0';
    }
    return count;
}

int main(void) {
    char text[] = "stressed";
    printf("%s\n", reverse(text));
    printf("hash %u\n", hash(months[1]));
    char line[] = "step over the line";
    char *words[5] = {NULL};
    int count = split(line, words, 5);
    for (int i = 0; i < count; i++)
        printf("[%s]", words[i]);
    printf("\n");
    buffer[0] = '\0';
    for (int i = 0; months[i]; i++) {
        strncat(buffer, months[i], 3);
        strcat(buffer, "/");
    }
    printf("%s %d\n", buffer, (int)strlen(buffer));
    signed char order = (signed char)(strcmp(months[0], months[2]) < 0);
    unsigned char accent[] = {'c', 'a', 'f', 0xc3, 0xa9, 0};
    printf("order %d last %d\n", order, accent[4]);
    return 0;
}
