/* Lua includes this; errors end the program, so nothing of it is used. */
