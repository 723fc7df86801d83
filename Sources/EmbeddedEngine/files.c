#include "EmbeddedEngine.h"
#include <string.h>

// C23's #embed takes megabytes in under a second and sees a changed file; SwiftPM's own embedding takes minutes.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char helper_py[] = {
#embed "files/helper.py"
};
static const unsigned char engine_faster_whisper_py[] = {
#embed "files/engine_faster_whisper.py"
};
static const unsigned char engine_nemo_py[] = {
#embed "files/engine_nemo.py"
};
static const unsigned char engine_onnx_asr_py[] = {
#embed "files/engine_onnx_asr.py"
};
static const unsigned char fetch_model_py[] = {
#embed "files/fetch_model.py"
};
static const unsigned char faster_whisper_txt[] = {
#embed "files/faster-whisper.txt"
};
static const unsigned char nemo_txt[] = {
#embed "files/nemo.txt"
};
static const unsigned char onnx_asr_txt[] = {
#embed "files/onnx-asr.txt"
};

static const struct {
    const char *name;
    const void *bytes;
    size_t count;
} files[] = {
    {"helper.py", helper_py, sizeof helper_py},
    {"engine_faster_whisper.py", engine_faster_whisper_py, sizeof engine_faster_whisper_py},
    {"engine_nemo.py", engine_nemo_py, sizeof engine_nemo_py},
    {"engine_onnx_asr.py", engine_onnx_asr_py, sizeof engine_onnx_asr_py},
    {"fetch_model.py", fetch_model_py, sizeof fetch_model_py},
    {"faster-whisper.txt", faster_whisper_txt, sizeof faster_whisper_txt},
    {"nemo.txt", nemo_txt, sizeof nemo_txt},
    {"onnx-asr.txt", onnx_asr_txt, sizeof onnx_asr_txt},
};

const void *embedded_engine_file(const char *name, size_t *count) {
    for (size_t index = 0; index < sizeof files / sizeof files[0]; index++) {
        if (!strcmp(name, files[index].name)) {
            *count = files[index].count;
            return files[index].bytes;
        }
    }
    return NULL;
}
