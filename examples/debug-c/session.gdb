# A session of gdb with list.c, compiled to WebAssembly. .ci/demo runs it; try it by hand:
#
#   target/release/dwalin gdb -q -x examples/debug-c/session.gdb target/list.wasm

# In gdb itself (gdb --args dwalin run -g ...) the code does not exist before the program runs: a breakpoint waits for it.
set breakpoint pending on
set pagination off
set debuginfod enabled off
set print thread-events off
# Show each command before what it says.
set trace-commands on

# Stop where a dwarf has joined, and look around: arguments, locals, a global and a static variable.
break list.c:22
run
# (Without a number: on through the runtime, to its main.)
backtrace 4
info args
info locals
print counter
print last

# The next line, and back to the caller, with the value that is returned.
next
finish

# Another breakpoint, by name; line by line through the loop, and out of it.
delete
break total_age
continue
next
next
next
info locals
finish
next
print total

# To the end.
continue
