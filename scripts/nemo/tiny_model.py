"""Makes a random TDT model of some hundred kilobytes, and lets NeMo itself say what it hears in some noise.

    tiny_model.py FOLDER    writes FOLDER/model/tiny.nemo and FOLDER/reference.json

The reference is NeMo's own `transcribe()`, one segment at a time: texts, and words with their frames. The segments are
made of numbers that anybody can make again (`noise`). Nobody has trained the model; what it says makes no sense, but it
is the real architecture, and it says the same each time.
"""

import json
import logging
import os
import pathlib
import sys
import tempfile

import numpy

from random_model import TINY, build, give_it_something_to_say


def noise(seed, count):
    """Bursts of noise from a linear congruence, so that the test makes the very same samples."""
    state, samples = seed, numpy.empty(count, dtype=numpy.int16)
    for index in range(count):
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        loud = (index // 4000) % 3 != 2
        samples[index] = ((state >> 40) % 16384 - 8192) if loud else 0
    return samples


def main():
    logging.disable(logging.WARNING)
    folder = pathlib.Path(sys.argv[1])
    (folder / "model").mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        model = build(pathlib.Path(scratch), TINY)
        give_it_something_to_say(model, [noise(seed, 80_000).astype(numpy.float32) / 32768 for seed in (1, 2, 3)])
        model.save_to(str(folder / "model" / "tiny.nemo"))
    segments = [(seed, 16_000 + 12_345 * seed % 200_000) for seed in range(1, 65)]
    reference = []
    for seed, count in segments:
        audio = noise(seed, count).astype(numpy.float32) / 32768
        (heard,) = model.transcribe([audio], batch_size=1, timestamps=True, verbose=False)
        reference.append({
            "seed": seed, "count": count, "text": heard.text,
            "words": [{"text": word["word"], "start": word["start_offset"]} for word in heard.timestamp["word"]],
        })
    (folder / "reference.json").write_text(json.dumps(reference, ensure_ascii=False))
    print(f"{os.path.getsize(folder / 'model' / 'tiny.nemo')} bytes, "
          f"{sum(weight.numel() for weight in model.parameters())} parameters, "
          f"{sum(len(one['words']) for one in reference)} words in {len(reference)} segments")


main()
