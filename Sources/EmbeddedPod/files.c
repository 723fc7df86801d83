#include "EmbeddedPod.h"

// C23's #embed, as in EmbeddedEngine. The script lies where the image's other files are.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char start_script[] = {
#embed "../../deploy/afterburner/startup.sh"
};

const void *embedded_start_script(size_t *count) {
    *count = sizeof start_script;
    return start_script;
}
