// Casts of C++ to pointers to its own types of characters, which the program has none of.
int main() {
    int values[2] = {98, 99};
    void *any = values;
    return values[1] - 99 + (any == nullptr); // stop
}
