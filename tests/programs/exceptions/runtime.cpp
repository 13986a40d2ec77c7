// The part of a C++ runtime that throws and catches, for a libc++abi that was built without it: the Itanium C++ ABI's exception
// handling, and the personality of clang's WebAssembly target. Exceptions have the layout of libc++abi's.
#include <exception>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <typeinfo>

namespace {
struct alignas(16) UnwindException {
    uint64_t exception_class;
    uintptr_t cleanup, private_1, private_2, reserved[3];
};

struct Exception {
    const std::type_info *type;
    void *(*destroy)(void *);
    uintptr_t unexpected, terminate;
    Exception *next;
    int handlers, selector;
    uintptr_t action, lsda, catch_temp;
    void *adjusted;
    size_t references;
    UnwindException unwind;
};

// The virtual functions of the ABI's classes of types, as libc++abi has them.
struct Type : std::type_info {
    virtual void noop1() const;
    virtual void noop2() const;
    virtual bool can_catch(const Type *thrown, void *&object) const = 0;
};

struct Bytes {
    const uint8_t *at;
    uint8_t byte() { return *at++; }
    uint32_t uleb() {
        uint32_t value = 0, shift = 0;
        uint8_t next;
        do {
            next = byte();
            value |= (next & 0x7f) << shift;
            shift += 7;
        } while (next & 0x80);
        return value;
    }
    int32_t sleb() {
        int32_t value = 0, shift = 0;
        uint8_t next;
        do {
            next = byte();
            value |= (next & 0x7f) << shift;
            shift += 7;
        } while (next & 0x80);
        return next & 0x40 && shift < 32 ? value | -(1 << shift) : value;
    }
};

Exception *caught;

Exception *of(void *unwind) { return (Exception *)((char *)unwind - offsetof(Exception, unwind)); }

// The index of the type that takes an exception at a landing pad; 0 where there is none.
int find_handler(Exception *exception, uint32_t pad, const uint8_t *lsda) {
    Bytes table{lsda};
    if (table.byte() != 0xff)
        abort();
    const bool has_types = table.byte() != 0xff;
    const uint8_t *types = has_types ? table.at : nullptr;
    if (has_types) {
        uint32_t offset = table.uleb();
        types = table.at + offset;
    }
    table.byte();
    uint32_t size = table.uleb();
    const uint8_t *actions = table.at + size;
    uint32_t action = 0;
    for (uint32_t i = 0; i <= pad; i++) {
        table.uleb();
        action = table.uleb();
    }
    while (action != 0) {
        Bytes record{actions + action - 1};
        int32_t index = record.sleb();
        if (index > 0) {
            const Type *type;
            memcpy(&type, types - index * sizeof type, sizeof type);
            void *object = &exception->unwind + 1;
            if (type == nullptr || type->can_catch((const Type *)exception->type, object)) {
                exception->adjusted = object;
                return index;
            }
        }
        const uint8_t *here = record.at;
        int32_t offset = record.sleb();
        action = offset == 0 ? 0 : here + offset - actions + 1;
    }
    return 0;
}
} // namespace

extern "C" {
struct {
    uintptr_t pad;
    const uint8_t *lsda;
    uintptr_t selector;
} __wasm_lpad_context;

int __gxx_personality_wasm0() { abort(); }

int _Unwind_CallPersonality(void *unwind) {
    auto &context = __wasm_lpad_context;
    context.selector = find_handler(of(unwind), context.pad, context.lsda);
    return 0;
}

void *__cxa_allocate_exception(size_t size) throw() {
    auto *exception = (Exception *)aligned_alloc(16, (sizeof(Exception) + size + 15) & ~15);
    memset(exception, 0, sizeof(Exception));
    return &exception->unwind + 1;
}

void __cxa_free_exception(void *object) throw() { free(of((UnwindException *)object - 1)); }

[[noreturn]] void _Unwind_RaiseException(void *unwind) { __builtin_wasm_throw(0, unwind); }

[[noreturn]] void __cxa_throw(void *object, std::type_info *type, void *(*destroy)(void *)) {
    Exception *exception = of((UnwindException *)object - 1);
    exception->type = type;
    exception->destroy = destroy;
    exception->references = 1;
    exception->unwind.exception_class = 0x434c4e47432b2b00; // CLNGC++\0
    _Unwind_RaiseException(&exception->unwind);
}

void *__cxa_begin_catch(void *unwind) throw() {
    Exception *exception = of(unwind);
    exception->handlers = exception->handlers < 0 ? -exception->handlers + 1 : exception->handlers + 1;
    if (caught != exception) {
        exception->next = caught;
        caught = exception;
    }
    return exception->adjusted ? exception->adjusted : &exception->unwind + 1;
}

void __cxa_end_catch() {
    Exception *exception = caught;
    if (exception->handlers < 0) {
        // It was thrown again.
        if (++exception->handlers == 0)
            caught = exception->next;
    } else if (--exception->handlers == 0) {
        caught = exception->next;
        if (exception->destroy)
            exception->destroy(&exception->unwind + 1);
        free(exception);
    }
}

[[noreturn]] void __cxa_rethrow() {
    Exception *exception = caught;
    exception->handlers = -exception->handlers;
    _Unwind_RaiseException(&exception->unwind);
}

void *__cxa_get_exception_ptr(void *unwind) throw() { return of(unwind)->adjusted; }
}
