// Move semantics: a buffer that owns memory, copied, moved, swapped, returned, kept by a holder.
#include <cstdio>
#include <utility>

static int copies, moved;

class Buffer {
    int *items;
    int count;

public:
    explicit Buffer(int count) : items(new int[count]), count(count) {
        for (int i = 0; i < count; i++)
            items[i] = i * 3;
    }
    Buffer(const Buffer &other) : items(new int[other.count]), count(other.count) {
        for (int i = 0; i < count; i++)
            items[i] = other.items[i];
        copies++;
    }
    Buffer(Buffer &&other) noexcept : items(other.items), count(other.count) {
        other.items = nullptr;
        other.count = 0;
        moved++;
    }
    Buffer &operator=(Buffer other) {
        std::swap(items, other.items);
        std::swap(count, other.count);
        return *this;
    }
    ~Buffer() { delete[] items; }
    int size() const { return count; }
    int sum() const {
        int total = 0;
        for (int i = 0; i < count; i++)
            total += items[i];
        return total;
    }
};

struct Holder {
    Buffer buffer;
    explicit Holder(Buffer given) : buffer(std::move(given)) {}
    Buffer release() { return std::move(buffer); }
};

static Buffer choose(bool large) {
    Buffer small(2), big(5);
    if (large)
        return big;
    return small;
}

int main() {
    Buffer first(4);
    Buffer second = first;
    std::printf("copies %d, sum %d\n", copies, second.sum());
    Buffer third = std::move(first);
    std::printf("moved %d, left %d, sum %d\n", moved, first.size(), third.sum());
    second = choose(true);
    std::printf("second %d\n", second.size());
    Holder holder(third);
    Buffer released = holder.release();
    std::printf("released %d, held %d\n", released.sum(), holder.buffer.size());
    std::printf("copies %d\n", copies);
    return 0;
}
