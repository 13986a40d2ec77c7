#include <stdio.h>

int calls;

__attribute__((constructor)) static void early(void) {
  calls = 1;
}

int main(void) {
  calls++;
  printf("%d calls\n", calls);
  return 0;
}
