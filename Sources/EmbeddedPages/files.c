#include "EmbeddedPages.h"
#include <string.h>

// C23's #embed takes megabytes in under a second and sees a changed file; SwiftPM's own embedding takes minutes.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char placeholder_txt[] = {
#embed "files/placeholder.txt"
};

const void *embedded_pages_file(const char *name, size_t *count) {
    if (!strcmp(name, "placeholder.txt")) { *count = sizeof placeholder_txt; return placeholder_txt; }
    return NULL;
}
