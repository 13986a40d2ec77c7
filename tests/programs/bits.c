// Bit twiddling: counting, reversing, rotating, masks, a checksum, signed and unsigned shifts.
#include <stdint.h>
#include <stdio.h>

static uint32_t table[16];
static uint8_t set[4];

static int population(uint32_t word) {
    int count = 0;
    for (; word; word &= word - 1)
        count++;
    return count;
}

static uint32_t rotate(uint32_t word, unsigned by) {
    by &= 31;
    return by ? word << by | word >> (32 - by) : word;
}

static uint8_t reverse(uint8_t byte) {
    byte = (uint8_t)((byte & 0xf0) >> 4 | (byte & 0x0f) << 4);
    byte = (uint8_t)((byte & 0xcc) >> 2 | (byte & 0x33) << 2);
    byte = (uint8_t)((byte & 0xaa) >> 1 | (byte & 0x55) << 1);
    return byte;
}

static void prepare(void) {
    for (uint32_t n = 0; n < 16; n++) {
        uint32_t word = n;
        for (int bit = 0; bit < 4; bit++)
            word = word & 1 ? word >> 1 ^ 0xedb88320u : word >> 1;
        table[n] = word;
    }
}

static uint32_t checksum(const char *text) {
    uint32_t sum = ~0u;
    for (; *text; text++) {
        sum = table[(sum ^ (uint8_t)*text) & 15] ^ sum >> 4;
        sum = table[(sum ^ (uint8_t)*text >> 4) & 15] ^ sum >> 4;
    }
    return ~sum;
}

static void mark(unsigned bit) { set[bit / 8] |= (uint8_t)(1u << bit % 8); }

int main(void) {
    uint32_t word = 0xdeadbeef;
    printf("bits %d, rotated %08x\n", population(word), (unsigned)rotate(word, 12));
    uint8_t mirrored = reverse(0x2d);
    printf("mirrored %02x\n", mirrored);
    prepare();
    printf("checksum %08x\n", (unsigned)checksum("123456789"));
    for (unsigned bit = 0; bit < 32; bit += 5)
        mark(bit);
    printf("set %02x %02x %02x %02x\n", set[0], set[1], set[2], set[3]);
    int8_t negative = -100;
    int halved = negative / 2, inverted = ~negative;
    uint16_t folded = (uint16_t)(word >> 16 ^ (word & 0xffff));
    printf("%d %d %x\n", halved, inverted, folded);
    return 0;
}
