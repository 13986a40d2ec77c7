// Typedefs of typedefs: of scalars, arrays, pointers, functions, structs, through several steps.
#include <stdint.h>
#include <stdio.h>

typedef int32_t count;
typedef count score;
typedef score best_score;
typedef unsigned char byte;
typedef byte digest[4];
typedef digest *digest_pointer;
typedef struct account account;
typedef account *account_pointer;
typedef const account *account_view;
typedef best_score rule(account_view, score);
typedef rule *rule_pointer;

struct account {
    best_score best;
    digest key;
    account_pointer parent;
    rule_pointer judge;
};

static best_score generous(account_view account, score offered) {
    best_score kept = account->best > offered ? account->best : offered;
    return kept;
}

static best_score strict(account_view account, score offered) {
    score half = offered / 2;
    return half > account->best ? half : account->best;
}

static void sign(digest_pointer into, byte start) {
    for (count i = 0; i < 4; i++)
        (*into)[i] = (byte)(start + i);
}

static score offer(account_pointer account, score offered) {
    rule_pointer judge = account->judge;
    account->best = judge(account, offered);
    return account->best;
}

static account root = {10, {1, 2, 3, 4}, NULL, generous};

int main(void) {
    account child = {20, {0}, &root, strict};
    sign(&child.key, 250);
    printf("key %d %d\n", child.key[0], child.key[3]);
    score first = offer(&child, 30);
    score second = offer(child.parent, 30);
    printf("first %d second %d\n", (int)first, (int)second);
    account_view view = child.parent;
    count depth = 0;
    for (account_view at = &child; at; at = at->parent)
        depth++;
    printf("depth %d, best %d\n", (int)depth, (int)view->best);
    return 0;
}
