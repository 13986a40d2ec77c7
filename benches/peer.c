/*
 * wasmtime's C library behind the few commands that these scripts give it, for where its command line is not at hand, of modules
 * and of components. The engine is the same. The library comes with the Python package:
 *
 *     pip download --no-deps wasmtime==48.0.0 && unzip wasmtime-48.0.0-*.whl
 *     cp wasmtime/linux-x86_64/_libwasmtime.so libwasmtime.so
 *     cc -O2 benches/peer.c -o peer -L. -lwasmtime -Wl,-rpath,$PWD
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What is used of <wasm.h>, <wasi.h> and <wasmtime.h>, which the package lacks. */
typedef struct {
    size_t size;
    char *data;
} Bytes;
typedef struct {
    uint64_t store;
    void *private;
} Func;
typedef struct {
    uint8_t kind;
    union {
        Func func;
        char room[64];
    } of;
} Extern;
typedef struct {
    uint64_t store, private, room;
} Instance;

typedef struct {
    uint64_t store;
    uint32_t private;
} ComponentInstance;
typedef struct {
    uint64_t store;
    uint32_t private, room;
} ComponentFunc;
typedef struct {
    uint8_t kind;
    union {
        bool is_ok; /* of a result */
        uint64_t room[4];
    } of;
} Val;

void *wasm_config_new(void);
void wasmtime_config_debug_info_set(void *, bool);
void wasmtime_config_wasm_exceptions_set(void *, bool);
void wasmtime_config_wasm_function_references_set(void *, bool);
void wasmtime_config_wasm_gc_set(void *, bool);
void wasmtime_config_cranelift_opt_level_set(void *, uint8_t);
void *wasm_engine_new_with_config(void *);
void *wasmtime_wat2wasm(const char *, size_t, Bytes *);
void *wasmtime_module_new(void *, const uint8_t *, size_t, void **);
void *wasmtime_module_serialize(void *, Bytes *);
void *wasmtime_module_deserialize_file(void *, const char *, void **);
void *wasmtime_store_new(void *, void *, void *);
void *wasmtime_store_context(void *);
void *wasi_config_new(void);
bool wasi_config_set_argv(void *, size_t, const char **);
void wasi_config_inherit_stdin(void *);
void wasi_config_inherit_stdout(void *);
void wasi_config_inherit_stderr(void *);
bool wasi_config_preopen_dir(void *, const char *, const char *, size_t, size_t);
void *wasmtime_context_set_wasi(void *, void *);
void *wasmtime_linker_new(void *);
void *wasmtime_linker_define_wasi(void *);
void *wasmtime_linker_instantiate(void *, void *, void *, Instance *, void **);
bool wasmtime_instance_export_get(void *, const Instance *, const char *, size_t, Extern *);
void *wasmtime_func_call(void *, const Func *, void *, size_t, void *, size_t, void **);
bool wasmtime_error_exit_status(void *, int *);
void wasmtime_error_message(void *, Bytes *);
void wasmtime_store_delete(void *);
void wasm_trap_delete(void *);
void wasm_byte_vec_delete(Bytes *);
void wasm_trap_message(void *, Bytes *);
void *wasmtime_component_new(void *, const uint8_t *, size_t, void **);
void *wasmtime_component_serialize(void *, Bytes *);
void *wasmtime_component_deserialize_file(void *, const char *, void **);
void *wasmtime_component_linker_new(void *);
void *wasmtime_component_linker_add_wasip2(void *);
void *wasmtime_component_linker_instantiate(void *, void *, void *, ComponentInstance *);
void *wasmtime_component_instance_get_export_index(const ComponentInstance *, void *, void *, const char *, size_t);
bool wasmtime_component_instance_get_func(const ComponentInstance *, void *, void *, ComponentFunc *);
void *wasmtime_component_func_call(const ComponentFunc *, void *, const Val *, size_t, Val *, size_t);
void wasmtime_error_delete(void *);

/* What the command line ends with. */
enum { FAILED = 1, TRAPPED = 134 };

/* What a program may do in a directory: read and write. */
enum { ALL_OF_IT = 3 };

/* As given with --dir HOST::GUEST. */
enum { MOST_DIRS = 8 };
static const char *dirs[MOST_DIRS];
static int dir_count;

static void *config, *engine, *linker;
static bool is_component;

static void check(void *error) {
    int code;
    Bytes message;
    if (!error)
        return;
    if (wasmtime_error_exit_status(error, &code))
        exit(code);
    wasmtime_error_message(error, &message);
    fprintf(stderr, "Error: %.*s\n", (int)message.size, message.data);
    exit(strstr(message.data, "wasm trap") ? TRAPPED : FAILED);
}

static FILE *opened(const char *path, const char *mode) {
    FILE *file = path ? fopen(path, mode) : NULL;
    if (!file) {
        perror(path);
        exit(FAILED);
    }
    return file;
}

static void *compiled(const char *path) {
    FILE *file = opened(path, "rb");
    fseek(file, 0, SEEK_END);
    size_t size = (size_t)ftell(file);
    rewind(file);
    uint8_t *bytes = malloc(size);
    void *module;
    if (fread(bytes, 1, size, file) != size)
        exit(FAILED);
    fclose(file);
    Bytes binary = {size, (char *)bytes};
    if (size && bytes[0]) { /* A text. */
        check(wasmtime_wat2wasm((char *)bytes, size, &binary));
        free(bytes);
    }
    is_component = binary.size > 6 && binary.data[6] == 1; /* The layer. */
    check((is_component ? wasmtime_component_new : wasmtime_module_new)(
        engine, (uint8_t *)binary.data, binary.size, &module));
    return module;
}

static void *deserialized(const char *path) {
    void *module, *error = wasmtime_module_deserialize_file(engine, path, &module);
    if (error) {
        wasmtime_error_delete(error);
        check(wasmtime_component_deserialize_file(engine, path, &module));
        is_component = true;
    }
    return module;
}

static void write_artifact(void *module, const char *path) {
    Bytes artifact;
    check((is_component ? wasmtime_component_serialize : wasmtime_module_serialize)(module, &artifact));
    FILE *file = opened(path, "wb");
    fwrite(artifact.data, 1, artifact.size, file);
    fclose(file);
}

static void preopen(void *wasi, const char *dir) {
    const char *colons = strstr(dir, "::");
    char *host = strndup(dir, colons ? (size_t)(colons - dir) : strlen(dir));
    if (!wasi_config_preopen_dir(wasi, host, colons ? colons + 2 : host, ALL_OF_IT, ALL_OF_IT)) {
        fprintf(stderr, "Error: %s\n", host);
        exit(FAILED);
    }
    free(host);
}

/* A store with what a program sees of the system. With `quiet` it sees no streams. */
static void *new_store(int count, const char **words, bool quiet) {
    void *store = wasmtime_store_new(engine, NULL, NULL), *wasi = wasi_config_new();
    wasi_config_set_argv(wasi, (size_t)count, words);
    for (int i = 0; i < dir_count; i++)
        preopen(wasi, dirs[i]);
    if (!quiet) {
        wasi_config_inherit_stdin(wasi);
        wasi_config_inherit_stdout(wasi);
        wasi_config_inherit_stderr(wasi);
    }
    check(wasmtime_context_set_wasi(wasmtime_store_context(store), wasi));
    return store;
}

/* A store of its own with the program in it. */
static void *instantiate(void *module, int count, const char **words, bool quiet, Extern *start) {
    void *store = new_store(count, words, quiet), *context = wasmtime_store_context(store), *trap = NULL;
    Instance instance;
    check(wasmtime_linker_instantiate(linker, context, module, &instance, &trap));
    if (!wasmtime_instance_export_get(context, &instance, "_start", strlen("_start"), start))
        exit(FAILED);
    return store;
}

/* Calls a function; the trap that ended it, or NULL. */
static void *call(void *store, const Extern *start) {
    void *trap = NULL;
    check(wasmtime_func_call(wasmtime_store_context(store), &start->of.func, NULL, 0, NULL, 0, &trap));
    return trap;
}

/* The latest version of `wasi:cli/run` that a component may export. */
enum { LATEST = 20 };

static int run_component(void *component, int count, const char **words) {
    void *store = new_store(count, words, false), *context = wasmtime_store_context(store), *run = NULL, *func = NULL;
    ComponentInstance instance;
    ComponentFunc call;
    Val result = {0};
    void *components = wasmtime_component_linker_new(engine);
    check(wasmtime_component_linker_add_wasip2(components));
    check(wasmtime_component_linker_instantiate(components, context, component, &instance));
    for (int version = 0; !run && version <= LATEST; version++) {
        char name[32];
        int length = snprintf(name, sizeof name, "wasi:cli/run@0.2.%d", version);
        run = wasmtime_component_instance_get_export_index(&instance, context, NULL, name, (size_t)length);
    }
    if (run)
        func = wasmtime_component_instance_get_export_index(&instance, context, run, "run", strlen("run"));
    if (!func || !wasmtime_component_instance_get_func(&instance, context, func, &call))
        exit(FAILED);
    check(wasmtime_component_func_call(&call, context, NULL, 0, &result, 1));
    return result.of.is_ok ? 0 : FAILED;
}

static int run_once(void *module, int count, const char **words) {
    Bytes message;
    Extern start;
    void *trap = call(instantiate(module, count, words, false, &start), &start);
    if (!trap)
        return 0;
    wasm_trap_message(trap, &message);
    fprintf(stderr, "%.*s\n", (int)message.size, message.data);
    return TRAPPED;
}

static long processor_time(void) {
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int by_size(const void *a, const void *b) {
    return *(const long *)a < *(const long *)b ? -1 : 1;
}

/* How many calls in one store are measured together. */
enum { CALLS = 1000 };

static void report(void *trap) {
    Bytes message;
    if (!trap)
        return;
    wasm_trap_message(trap, &message);
    wasm_byte_vec_delete(&message);
    wasm_trap_delete(trap);
}

/* What examples/again.rs does. */
static int run_again(void *module, int runs, bool calls, int count, const char **words) {
    long *costs = calloc((size_t)runs, sizeof *costs);
    for (int i = 0; i < runs; i++) {
        Extern start;
        void *store = calls ? instantiate(module, count, words, true, &start) : NULL;
        long before = processor_time();
        if (!calls)
            store = instantiate(module, count, words, true, &start);
        for (int j = 0; j < (calls ? CALLS : 1); j++)
            report(call(store, &start));
        if (!calls)
            wasmtime_store_delete(store);
        costs[i] = (processor_time() - before) / (calls ? CALLS : 1);
    }
    qsort(costs + 1, (size_t)runs - 1, sizeof *costs, by_size);
    printf("first %ld later %ld\n", costs[0], costs[1 + (runs - 1) / 2]);
    return 0;
}

int main(int count, const char **words) {
    const char *output = NULL, *file = NULL;
    bool compile = count > 1 && !strcmp(words[1], "compile"), precompiled = false;
    int at = 2, again = 0;
    bool calls = false;
    config = wasm_config_new();
    wasmtime_config_wasm_exceptions_set(config, true);
    wasmtime_config_wasm_function_references_set(config, true);
    wasmtime_config_wasm_gc_set(config, true);
    for (; at < count && (compile || !file); at++) {
        if (!strcmp(words[at], "-D") && ++at) /* debug-info */
            wasmtime_config_debug_info_set(config, true);
        else if (!strcmp(words[at], "-C") && ++at) /* cache=n: there is none */
            ;
        else if (!strcmp(words[at], "-O") && ++at) /* opt-level=0 */
            wasmtime_config_cranelift_opt_level_set(config, 0);
        else if (!strcmp(words[at], "-o") && ++at)
            output = words[at];
        else if (!strcmp(words[at], "--dir") && dir_count < MOST_DIRS && ++at)
            dirs[dir_count++] = words[at];
        else if (!strcmp(words[at], "--again") && ++at)
            again = atoi(words[at]);
        else if (!strcmp(words[at], "--calls"))
            calls = true;
        else if (!strcmp(words[at], "--allow-precompiled"))
            precompiled = true;
        else
            file = words[at];
    }
    engine = wasm_engine_new_with_config(config);
    void *module = NULL;
    if (precompiled)
        module = deserialized(file);
    else
        module = compiled(file);
    linker = wasmtime_linker_new(engine);
    check(wasmtime_linker_define_wasi(linker));
    if (!compile && is_component)
        return run_component(module, count - at + 1, words + at - 1);
    if (!compile)
        return again ? run_again(module, again, calls, count - at + 1, words + at - 1)
                     : run_once(module, count - at + 1, words + at - 1);
    write_artifact(module, output);
    return 0;
}
