/* Searches, compares and joins strings with the C library's functions. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void) {
    static char text[200000], line[256];
    const char *words[] = {"sphinx", "of", "black", "quartz", "judge", "my", "vow", "liquor", "jugs"};
    unsigned state = 7, hits = 0, upper = 0;
    char *to = text;
    while (to - text < 190000) {
        state = state * 1103515245 + 12345;
        to = stpcpy(to, words[(state >> 16) % 9]);
        *to++ = (state >> 28) ? ' ' : '\n';
    }
    *to = 0;
    for (int round = 0; round < 40; round++) {
        for (char *at = text; (at = strstr(at, "quartz judge")); at++)
            hits++;
        for (char *at = text; *at;) {
            size_t length = strcspn(at, "\n");
            size_t kept = length < sizeof line ? length : sizeof line - 1;
            memcpy(line, at, kept);
            line[kept] = 0;
            hits += strcmp(line, "my vow") > 0;
            for (char *c = line; *c; c++)
                upper += (unsigned)toupper((unsigned char)*c);
            at += length + (at[length] == '\n');
        }
    }
    printf("%u %u\n", hits, upper);
    return 0;
}
