// Out of bounds in an inlined callee three deep.
struct image { unsigned width, height; unsigned char *pixels; };
static inline unsigned char *at(const struct image *image, unsigned x, unsigned y) { return image->pixels + y * image->width + x; }
static inline void plot(struct image *image, unsigned x, unsigned y, unsigned char c) { *at(image, x, y) = c; }
static inline void line(struct image *image, unsigned from, unsigned to, unsigned char c) {
    for (unsigned x = from; x != to; x++)
        plot(image, x, x * 7919, c);
}
__attribute__((noinline)) void draw(struct image *image) { line(image, 0, 1u << 20, 255); }
static unsigned char pixels[64 * 64];
int main(void) {
    struct image image = {64, 64, pixels};
    draw(&image);
    return pixels[5];
}
// report: -O2 -g
