#include <stdio.h>

volatile int go = 1;
volatile int left = 3;
static int ask(const char *question);
static int turn(int n) {
  int next = n * 3 + 1;
  return next % 1000;
}

static int spin(int n) {
  while (go)
    n = turn(n);
  return n;
}

int main(int argc, char **argv) {
  int n = argc;
  if (argc > 1 && (argv[1][0] != '?' || ask(argv[1] + 1)) && fputs("turning\n", stderr) >= 0)
    n = spin(n);
  while (left--)
    n = turn(n); // stop here
  printf("turned to %d\n", n);
  return 0;
}

static int ask(const char *question) {
  char answer[16];
  fprintf(stderr, "%s? ", question);
  return fgets(answer, sizeof answer, stdin) != NULL;
}
