"""Whisper through faster-whisper: our cuts in, words with times and probabilities out."""

import os
import sys

import ctranslate2
import faster_whisper
import numpy
from faster_whisper import BatchedInferencePipeline, WhisperModel

from helper import BadInput, OutOfMemory

RATE = 16_000
# Written without spaces between words: what Whisper calls a word there begins without one.
WITHOUT_SPACES = {"zh", "yue", "ja", "th", "lo", "my", "km", "bo"}


def cores():
    """Processors that this process may use: by affinity, and by the container's quota."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        with open("/sys/fs/cgroup/cpu.max") as file:
            quota, period = file.read().split()
        if quota != "max":
            count = min(count, max(1, round(int(quota) / int(period))))
    except (OSError, ValueError):
        pass
    return count


class Engine:
    def __init__(self, options):
        self.threads = options.get("threads") or cores()
        wants_gpu = options.get("device") != "cpu" and ctranslate2.get_cuda_device_count() > 0
        try:
            model = self.load(options["model"], "cuda" if wants_gpu else "cpu")
        except (RuntimeError, ValueError) as error:
            if not wants_gpu:
                raise
            # A driver without the CUDA libraries, or a card too old for float16: slow is better than nothing.
            print(f"the GPU cannot be used, going on without it: {error}", file=sys.stderr)
            model = self.load(options["model"], "cpu")
        # On two cores batches of 8 are no faster than 4, and take 400 MB more; progress is told once a batch.
        self.batch_size = options.get("batch_size") or (16 if self.device == "cuda" else 4)
        self.languages = set(model.supported_languages)
        self.pipeline = BatchedInferencePipeline(model)

    def load(self, path, device):
        self.device = device
        self.compute_type = "float16" if device == "cuda" else "int8"
        model = WhisperModel(
            path, device=device, compute_type=self.compute_type, cpu_threads=self.threads, local_files_only=True)
        if device == "cuda":
            # Missing libraries show only when something is computed.
            model.detect_language(numpy.zeros(RATE, dtype=numpy.float32))
        return model

    def describe(self):
        return {
            "engine": "faster-whisper", "version": faster_whisper.__version__, "device": self.device,
            "compute_type": self.compute_type, "batch_size": self.batch_size,
        }

    def transcribe(self, header, payload):
        lengths = header["segments"]
        samples = numpy.frombuffer(payload, dtype="<i2").astype(numpy.float32) / 32768
        if sum(lengths) != len(samples):
            raise BadInput("the segments' lengths do not add up to the audio")
        language = header.get("language")
        if language is not None and language not in self.languages:
            raise BadInput(f"the model does not know the language {language!r}")
        clips, position = [], 0
        for length in lengths:
            clips.append({"start": position / RATE, "end": (position + length) / RATE})
            position += length
        try:
            found, info = self.pipeline.transcribe(
                samples, language=language, batch_size=self.batch_size, beam_size=1, word_timestamps=True,
                vad_filter=False, clip_timestamps=clips, language_detection_segments=4)
            # Whisper's own rule, which the batched call leaves out: what it takes for no speech, and is not sure of, it
            # has made up. Music and noise become “you” or “thank you” otherwise.
            words = [
                word for segment in found if segment.no_speech_prob <= 0.6 or segment.avg_logprob >= -1
                for word in segment.words
            ]
        except RuntimeError as error:
            if "out of memory" in str(error).lower():
                raise OutOfMemory(str(error)) from error
            raise
        results = [[] for _ in clips]
        for word in words:
            index = self.clip_of((word.start + word.end) / 2, clips)
            start, end = clips[index]["start"], clips[index]["end"]
            text = word.word.strip()
            if text:
                first = min(max(word.start, start), end) - start
                last = min(max(word.end, word.start, start), end) - start
                probability = round(float(word.probability), 4)
                continues = not word.word[0].isspace() and info.language not in WITHOUT_SPACES
                if continues and results[index]:
                    # “re” and “-record” are one word.
                    before = results[index][-1]
                    before[0] += text
                    before[2] = max(before[2], round(float(last), 3))
                    before[3] = min(before[3], probability)
                else:
                    results[index].append([text, round(float(first), 3), round(float(last), 3), probability])
        return {
            "segments": results, "language": info.language,
            "language_probability": round(float(info.language_probability), 4),
        }

    @staticmethod
    def clip_of(time, clips):
        for index, clip in enumerate(clips):
            if time < clip["end"]:
                return index
        return len(clips) - 1
