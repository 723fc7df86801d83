#ifndef EmbeddedEngine_h
#define EmbeddedEngine_h
#include <stddef.h>
/// The bytes of a file that was compiled into the program, or NULL if there is none of that name.
/// They live as long as the process.
const void *embedded_engine_file(const char *name, size_t *count);
#endif
