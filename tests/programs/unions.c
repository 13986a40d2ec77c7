// Unions: a tagged value, the bytes of a number, an anonymous union in a struct.
#include <stdint.h>
#include <stdio.h>

enum kind { NUMBER, REAL, TEXT };

struct value {
    enum kind kind;
    union {
        int32_t number;
        double real;
        char text[8];
    };
};

union bytes {
    uint32_t whole;
    uint16_t half[2];
    uint8_t byte[4];
    float real;
};

static void show(struct value value) {
    switch (value.kind) {
    case NUMBER:
        printf("number %d\n", (int)value.number);
        break;
    case REAL:
        printf("real %.3f\n", value.real);
        break;
    case TEXT:
        printf("text %s\n", value.text);
        break;
    }
}

static unsigned sum_of_bytes(const union bytes *bytes) {
    unsigned total = 0;
    for (int i = 0; i < 4; i++)
        total += bytes->byte[i];
    return total;
}

int main(void) {
    struct value values[3] = {{.kind = NUMBER, .number = -7}, {.kind = REAL, .real = 2.5}, {.kind = TEXT, .text = "seven"}};
    for (int i = 0; i < 3; i++)
        show(values[i]);
    union bytes bytes = {.whole = 0x01020304};
    unsigned total = sum_of_bytes(&bytes);
    printf("sum %u, halves %x %x\n", total, (unsigned)bytes.half[0], (unsigned)bytes.half[1]);
    bytes.real = 1.0f;
    printf("one is %08x\n", (unsigned)bytes.whole);
    values[0].kind = REAL;
    values[0].real = 0.125;
    show(values[0]);
    return 0;
}
