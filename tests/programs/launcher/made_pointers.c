// Casts to pointers that the program has no types of.
struct cell { int first, second; };
static int rows[3] = {7, 8, 9};
static struct cell one = {1, 2};
static int twice(int number) { return 2 * number; }

int main(void) {
    struct cell cell = one;
    void *any = rows, *to_cell = &one, *function = (void *)twice, *to_pointer = &to_cell;
    return cell.first + (any == function) + (to_pointer == 0) - 1; // stop
}
