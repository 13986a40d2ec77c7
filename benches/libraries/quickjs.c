/* Runs a script in QuickJS: objects, closures, arrays, strings and a regular expression. */
#include <stdio.h>
#include <string.h>

#include "quickjs.h"

static const char script[] =
    "function fib(n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }\n"
    "class Point { constructor(x, y) { this.x = x; this.y = y; } sum() { return this.x + this.y; } }\n"
    "let points = [];\n"
    "for (let i = 0; i < 20000; i++) points.push(new Point(i % 13, i * 7 % 101));\n"
    "points.sort((a, b) => a.sum() - b.sum() || a.x - b.x);\n"
    "let words = points.map(p => 'w' + p.sum());\n"
    "let counts = {};\n"
    "for (const word of words) counts[word] = (counts[word] || 0) + 1;\n"
    "let replaced = words.join(' ').replace(/w(\\d)/g, '$1-');\n"
    "[fib(23), counts.w50, replaced.length, JSON.stringify(points[777])].join(' ')\n";

int main(void) {
    JSRuntime *runtime = JS_NewRuntime();
    JS_SetMaxStackSize(runtime, 0);
    JSContext *context = JS_NewContext(runtime);
    JSValue value = JS_Eval(context, script, strlen(script), "bench.js", JS_EVAL_TYPE_GLOBAL);
    if (JS_IsException(value))
        value = JS_GetException(context);
    const char *text = JS_ToCString(context, value);
    printf("%s\n", text);
    return 0;
}
