// The host is called with numbers, and calls back for each.
struct order {
    const char *item;
    int count;
};

__attribute__((import_module("host"), import_name("each"))) int each(int count);
__attribute__((import_module("host"), import_name("look"))) void look(void);
__attribute__((import_module("host"), import_name("fail"))) int fail(const char *why, int code);

static const struct order orders[] = {{"pears", 2}, {"plums", 1}, {"figs", 0}};

__attribute__((export_name("visit"))) int visit(int number) {
    const struct order *order = &orders[number];
    if (order->count == 1)
        look();
    return 12 / order->count;
}

static int open_account(const char *name) {
    int code = 40 + orders[0].count;
    return fail(name, code);
}

__attribute__((export_name("run"))) int run(int wrong) {
    const char *name = "Gimli";
    return wrong ? open_account(name) : each(3);
}
// no report of its own
