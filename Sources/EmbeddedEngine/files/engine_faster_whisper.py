"""Whisper through faster-whisper: our cuts in, words with times and probabilities out."""

import sys

import ctranslate2
import faster_whisper
import numpy
from faster_whisper import BatchedInferencePipeline, WhisperModel
from faster_whisper.vad import get_vad_model

from helper import BadInput, OutOfMemory, cores, gpu, samples_of

RATE = 16_000
# Written without spaces between words: what Whisper calls a word there begins without one.
WITHOUT_SPACES = {"zh", "yue", "ja", "th", "lo", "my", "km", "bo"}
# What the detector of speech must think of how many of its windows of 32 ms (its own threshold is 0.5) before a segment
# is worth listening to. Prompts of two seconds have 42 and more, also over music as loud as the voice; 43 of 46 times 25
# seconds of music have less than ten (docs/speech.md).
SPEECH, WINDOWS = 0.3, 10
# Samples that it looks at first.
LOOK = 8 * RATE


def available_memory():
    """MiB of this machine that programs can still have; 0 where nobody says."""
    try:
        with open("/proc/meminfo") as file:
            return next(int(line.split()[1]) >> 10 for line in file if line.startswith("MemAvailable:"))
    except (OSError, ValueError, StopIteration):
        return 0


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
        self.card = gpu() if self.device == "cuda" else {}
        self.batch_size = options.get("batch_size") or self.suited_batch()
        self.languages = set(model.supported_languages)
        self.pipeline = BatchedInferencePipeline(model)
        self.detector = get_vad_model()

    def load(self, path, device):
        self.device = device
        self.compute_type = "float16" if device == "cuda" else "int8"
        model = WhisperModel(
            path, device=device, compute_type=self.compute_type, cpu_threads=self.threads, local_files_only=True)
        if device == "cuda":
            # Missing libraries show only when something is computed.
            model.detect_language(numpy.zeros(RATE, dtype=numpy.float32))
        return model

    def suited_batch(self):
        """On two cores batches of 8 are 6 to 10 % faster than 4, and take 400 MB more: where there is room. On a GPU
        large-v2 takes some 400 MB a window besides its weights (6.1 GB at 8 windows: faster-whisper's own table)."""
        if self.device != "cuda":
            return 8 if available_memory() >= 4096 else 4
        free = self.card.get("free")
        return 16 if free is None else max(4, min(48, int(free * 0.8 / 400)))

    def describe(self):
        card = {name: self.card[name] for name in ("gpu", "driver") if name in self.card}
        return {
            "engine": "faster-whisper", "version": faster_whisper.__version__, "device": self.device,
            "compute_type": self.compute_type, "batch_size": self.batch_size, **card,
        }

    def is_sound(self):
        # After a fault on a GPU nothing computes there any more until the process is another one.
        return self.device == "cpu"

    def prepare(self, header, payload):
        samples, lengths = samples_of(header, payload)
        ends = numpy.cumsum(lengths)
        return header, samples, lengths, [
            self.has_speech(samples[end - length:end]) for length, end in zip(lengths, ends)]

    def has_speech(self, samples):
        """Whether anybody may be speaking (Silero's detector, which comes with faster-whisper).

        Of music Whisper makes sentences up, with or without its own doubts.
        """
        # Where people speak, the first seconds tell.
        return self.windows(samples[:LOOK]) >= 3 * WINDOWS or self.windows(samples) >= WINDOWS

    def windows(self, samples):
        # A copy, since the detector writes on what it is given.
        chances = self.detector(numpy.pad(samples, (0, -len(samples) % 512 + 512)))
        return int((chances >= SPEECH).sum())

    def transcribe(self, header, samples, lengths, speech):
        language = header.get("language")
        if language is not None and language not in self.languages:
            raise BadInput(f"the model does not know the language {language!r}")
        speechless = [index for index, speaks in enumerate(speech) if not speaks]
        if len(speechless) == len(lengths):
            return {"segments": [[] for _ in lengths], "speechless": speechless, "language": language}
        clips, position = [], 0
        for length in lengths:
            clips.append({"start": position / RATE, "end": (position + length) / RATE})
            position += length
        spoken = [clip for clip, speaks in zip(clips, speech) if speaks]
        try:
            found, info = self.pipeline.transcribe(
                samples, language=language, batch_size=self.batch_size, beam_size=1, word_timestamps=True,
                vad_filter=False, clip_timestamps=spoken, language_detection_segments=4)
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
            "segments": results, "speechless": speechless, "language": info.language,
            "language_probability": round(float(info.language_probability), 4),
        }

    @staticmethod
    def clip_of(time, clips):
        for index, clip in enumerate(clips):
            if time < clip["end"]:
                return index
        return len(clips) - 1
