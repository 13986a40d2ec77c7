// Mutual recursion: even and odd, and a recursive descent calculator.
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>

static bool odd(unsigned n);

static bool even(unsigned n) {
    if (n == 0)
        return true;
    return odd(n - 1);
}

static bool odd(unsigned n) {
    if (n == 0)
        return false;
    return even(n - 1);
}

static const char *at;
static int errors;

static int expression(void);

static int factor(void) {
    int number = 0;
    if (*at == '(') {
        at++;
        int inner = expression();
        if (*at == ')')
            at++;
        else
            errors++;
        return inner;
    }
    if (*at == '-') {
        at++;
        return -factor();
    }
    while (isdigit((unsigned char)*at))
        number = number * 10 + (*at++ - '0');
    return number;
}

static int term(void) {
    int product = factor();
    while (*at == '*') {
        at++;
        int right = factor();
        product *= right;
    }
    return product;
}

static int expression(void) {
    int sum = term();
    while (*at == '+' || *at == '-') {
        char operator = *at++;
        int right = term();
        sum = operator == '+' ? sum + right : sum - right;
    }
    return sum;
}

int main(void) {
    printf("7 is %s, 10 is %s\n", odd(7) ? "odd" : "even", even(10) ? "even" : "odd");
    static const char *const lines[] = {"1+2*3", "(1+2)*3", "-(4-10)*(2+1", "12*12-1"};
    for (int i = 0; i < 4; i++) {
        at = lines[i];
        int value = expression();
        printf("%s = %d\n", lines[i], value);
    }
    printf("errors %d\n", errors);
    return 0;
}
