#ifndef EmbeddedPages_h
#define EmbeddedPages_h
#include <stddef.h>
/// The bytes of a file that was compiled into the program, or NULL if there is none of that name.
/// They live as long as the process.
const void *embedded_pages_file(const char *name, size_t *count);
/// The name of the file with that number, from 0; NULL behind the last.
const char *embedded_pages_name(size_t index);
#endif
