/* Runs a script in Lua: tables, strings, closures. */
#include <stdio.h>

#include "lauxlib.h"
#include "lua.h"
#include "lualib.h"

static const char script[] =
    "local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end\n"
    "local t = {}\n"
    "for i = 1, 40000 do t[i] = (i * 7919) % 100003 end\n"
    "table.sort(t)\n"
    "local words = {}\n"
    "for i = 1, 20000 do words[#words + 1] = ('w' .. i % 97):upper() end\n"
    "local counts = {}\n"
    "for _, word in ipairs(words) do counts[word] = (counts[word] or 0) + 1 end\n"
    "local text = table.concat(words, ' ')\n"
    "print(fib(25), t[1], t[#t], counts.W5, #text, select(2, text:gsub('%d+', '#')))\n";

int main(void) {
    lua_State *state = luaL_newstate();
    luaL_requiref(state, "_G", luaopen_base, 1);
    luaL_requiref(state, "table", luaopen_table, 1);
    luaL_requiref(state, "string", luaopen_string, 1);
    lua_settop(state, 0);
    if (luaL_dostring(state, script)) {
        printf("%s\n", lua_tostring(state, -1));
        return 1;
    }
    lua_close(state);
    return 0;
}
