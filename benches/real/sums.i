typedef unsigned char u8; typedef unsigned int u16;
struct node { struct node *next; u16 v; };
static u16 sum(struct node *n) { u16 s = 0; while (n) { s += n->v * 3; n = n->next; } return s; }
u16 table[16]; volatile u8 port;
int main(void) { struct node a = {0, 3}, b = {&a, 9}; for (u8 i = 0; i < 16; i++) table[i] = sum(&b) ^ (i << 2); port = table[3]; float f = port * 1.5f; return (int)f; }
