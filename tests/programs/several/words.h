// The C++ unit of the program, as C sees it.
#ifdef __cplusplus
extern "C"
#endif
int count_words(const char *text);
