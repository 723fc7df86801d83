#ifndef EmbeddedPod_h
#define EmbeddedPod_h
#include <stddef.h>
/// The bytes of the script that every pod starts with. They live as long as the process.
const void *embedded_start_script(size_t *count);
#endif
