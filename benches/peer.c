/*
 * wasmtime's C library behind the few commands that these scripts give it, for where its command line is not at hand. The
 * engine is the same. The library comes with the Python package:
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

void *wasm_config_new(void);
void wasmtime_config_debug_info_set(void *, bool);
void wasmtime_config_cranelift_opt_level_set(void *, uint8_t);
void *wasm_engine_new_with_config(void *);
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
void *wasmtime_context_set_wasi(void *, void *);
void *wasmtime_linker_new(void *);
void *wasmtime_linker_define_wasi(void *);
void *wasmtime_linker_instantiate(void *, void *, void *, Instance *, void **);
bool wasmtime_instance_export_get(void *, const Instance *, const char *, size_t, Extern *);
void *wasmtime_func_call(void *, const Func *, void *, size_t, void *, size_t, void **);
bool wasmtime_error_exit_status(void *, int *);
void wasmtime_error_message(void *, Bytes *);
void wasm_trap_message(void *, Bytes *);

/* What the command line ends with. */
enum { FAILED = 1, TRAPPED = 134 };

static void *config, *engine;

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
    check(wasmtime_module_new(engine, bytes, size, &module));
    free(bytes);
    return module;
}

static void write_artifact(void *module, const char *path) {
    Bytes artifact;
    check(wasmtime_module_serialize(module, &artifact));
    FILE *file = opened(path, "wb");
    fwrite(artifact.data, 1, artifact.size, file);
    fclose(file);
}

static int run(void *module, int count, const char **words) {
    void *context = wasmtime_store_context(wasmtime_store_new(engine, NULL, NULL));
    void *wasi = wasi_config_new(), *linker = wasmtime_linker_new(engine), *trap = NULL;
    Instance instance;
    Extern start;
    Bytes message;
    wasi_config_set_argv(wasi, (size_t)count, words);
    wasi_config_inherit_stdin(wasi);
    wasi_config_inherit_stdout(wasi);
    wasi_config_inherit_stderr(wasi);
    check(wasmtime_context_set_wasi(context, wasi));
    check(wasmtime_linker_define_wasi(linker));
    check(wasmtime_linker_instantiate(linker, context, module, &instance, &trap));
    if (!wasmtime_instance_export_get(context, &instance, "_start", strlen("_start"), &start))
        return FAILED;
    check(wasmtime_func_call(context, &start.of.func, NULL, 0, NULL, 0, &trap));
    if (!trap)
        return 0;
    wasm_trap_message(trap, &message);
    fprintf(stderr, "%.*s\n", (int)message.size, message.data);
    return TRAPPED;
}

int main(int count, const char **words) {
    const char *output = NULL, *file = NULL;
    bool compile = count > 1 && !strcmp(words[1], "compile"), precompiled = false;
    int at = 2;
    config = wasm_config_new();
    for (; at < count && (compile || !file); at++) {
        if (!strcmp(words[at], "-D") && ++at) /* debug-info */
            wasmtime_config_debug_info_set(config, true);
        else if (!strcmp(words[at], "-O") && ++at) /* opt-level=0 */
            wasmtime_config_cranelift_opt_level_set(config, 0);
        else if (!strcmp(words[at], "-o") && ++at)
            output = words[at];
        else if (!strcmp(words[at], "--allow-precompiled"))
            precompiled = true;
        else
            file = words[at];
    }
    engine = wasm_engine_new_with_config(config);
    void *module = NULL;
    if (precompiled)
        check(wasmtime_module_deserialize_file(engine, file, &module));
    else
        module = compiled(file);
    if (!compile)
        return run(module, count - at + 1, words + at - 1);
    write_artifact(module, output);
    return 0;
}
