"""Whisper through faster-whisper: our cuts in, words with times and probabilities out."""

import sys
from concurrent.futures import ThreadPoolExecutor, wait

import ctranslate2
import faster_whisper
import numpy
from faster_whisper import BatchedInferencePipeline, WhisperModel
from faster_whisper.vad import get_vad_model

from helper import BadInput, OutOfMemory, cores, gpu, is_shortage, samples_of

RATE = 16_000
# Written without spaces between words: what Whisper calls a word there begins without one.
WITHOUT_SPACES = {"zh", "yue", "ja", "th", "lo", "my", "km", "bo"}
# What the detector of speech must think of how many of its windows of 32 ms (its own threshold is 0.5) before a segment
# is worth listening to. Prompts of two seconds have 42 and more, also over music as loud as the voice; 43 of 46 times 25
# seconds of music have less than ten (docs/speech.md).
SPEECH, WINDOWS = 0.3, 10
# Samples that it looks at first.
LOOK = 8 * RATE
# How often a place is listened to in which somebody speaks: seconds without a word, and the detector's windows in them
# that make it one (a second and a half, at its own threshold).
LISTENS, HOLE, SPOKEN_IN_HOLE = 3, 3.0, 45


def available_memory():
    """MiB of this machine that programs can still have; 0 where nobody says."""
    try:
        with open("/proc/meminfo") as file:
            return next(int(line.split()[1]) >> 10 for line in file if line.startswith("MemAvailable:"))
    except (OSError, ValueError, StopIteration):
        return 0


def workers_for(threads):
    """How many calls compute side by side, with as many threads each: four at most. One core may be left over for that,
    which decoding takes."""
    return max(range(1, 5), key=lambda workers: (min(workers * (threads // workers), max(1, threads - 1)), workers))


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
        self.model = model
        self.pipelines = [BatchedInferencePipeline(model) for _ in range(self.workers)]
        self.pool = ThreadPoolExecutor(self.workers)
        self.detector = get_vad_model()

    def load(self, path, device):
        self.device = device
        self.compute_type = "float16" if device == "cuda" else "int8"
        # Two threads on one batch wait for each other at every step; one thread on each half of it does not: 35 instead of
        # 26 times real time on two cores, in the same memory, since the weights are there once (docs/performance.md).
        self.workers = 1 if device == "cuda" else workers_for(self.threads)
        model = WhisperModel(
            path, device=device, compute_type=self.compute_type, cpu_threads=self.threads // self.workers,
            num_workers=self.workers, local_files_only=True)
        if device == "cuda":
            # Missing libraries show only when something is computed.
            model.detect_language(numpy.zeros(RATE, dtype=numpy.float32))
        return model

    def suited_batch(self):
        """Windows of one call. On a processor a window of Whisper base takes some 100 MB, and four at a time are faster than
        two. On a GPU large-v2 takes some 400 MB a window besides its weights (6.1 GB at 8 windows: faster-whisper's own
        table)."""
        if self.device != "cuda":
            return max(4, min(4 * self.workers, available_memory() // 512))
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

    def windows(self, samples, chance=SPEECH):
        # A copy, since the detector writes on what it is given.
        chances = self.detector(numpy.pad(samples, (0, -len(samples) % 512 + 512)))
        return int((chances >= chance).sum())

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
            language, certainty = (language, 1) if language else self.language_of(samples, spoken)
            words = self.all_words(samples, spoken, language)
        except RuntimeError as error:
            if is_shortage(error):
                raise OutOfMemory(str(error)) from error
            raise
        results = [[] for _ in clips]
        for text, first, last, probability in words:
            index = self.clip_of((first + last) / 2, clips)
            start, end = clips[index]["start"], clips[index]["end"]
            first, last = (min(max(time, start), end) - start for time in (first, max(last, first)))
            results[index].append([text, round(first, 3), round(last, 3), probability])
        return {
            "segments": results, "speechless": speechless, "language": language,
            "language_probability": round(float(certainty), 4),
        }

    def language_of(self, samples, clips):
        """The language of two minutes at most, and how sure the model is of it."""
        if not self.model.model.is_multilingual:
            return "en", 1
        spoken = numpy.concatenate([samples[self.range_of(clip)] for clip in clips])
        language, probability, _ = self.model.detect_language(spoken, language_detection_segments=4)
        return language, probability

    def all_words(self, samples, clips, language):
        """What is said in these clips, as `listen` gives it, and again where it heard nothing of somebody who speaks."""
        words, given = self.listen(samples, clips, language), []
        for _ in range(LISTENS - 1):
            # What was given already would only be the same again.
            missed = [place for place in self.missed(samples, clips, words) if place not in given]
            if not missed:
                break
            given += missed
            words = sorted(words + self.listen(samples, missed, language), key=lambda word: word[1])
        return words

    def listen(self, samples, clips, language):
        """What is said in these clips, in order: text, start, end and probability of each word."""
        parts = [clips[number::self.workers] for number in range(min(self.workers, len(clips)))]
        calls = [
            self.pool.submit(self.hear, pipeline, samples, part, language)
            for pipeline, part in zip(self.pipelines, parts)]
        # Whatever one of them came to: none may still compute when this returns.
        wait(calls)
        return sorted((word for call in calls for word in call.result()), key=lambda word: word[1])

    def hear(self, pipeline, samples, clips, language):
        """The words in these clips, by one worker."""
        found, _ = pipeline.transcribe(
            samples, language=language, batch_size=-(-self.batch_size // self.workers), beam_size=1,
            word_timestamps=True, vad_filter=False, clip_timestamps=clips)
        # Whisper's own rule, which the batched call leaves out: what it takes for no speech, and is not sure of, it
        # has made up. Music and noise become “you” or “thank you” otherwise.
        heard = [
            word for segment in found if segment.no_speech_prob <= 0.6 or segment.avg_logprob >= -1
            for word in segment.words
        ]
        words = []
        for word in heard:
            text = word.word.strip()
            if not text:
                continue
            first, last, probability = float(word.start), float(word.end), round(float(word.probability), 4)
            clip = self.clip_of((first + last) / 2, clips)
            continues = not word.word[0].isspace() and language not in WITHOUT_SPACES
            if continues and words and self.clip_of((words[-1][1] + words[-1][2]) / 2, clips) == clip:
                # “re” and “-record” are one word.
                before = words[-1]
                before[0] += text
                before[2] = max(before[2], last)
                before[3] = min(before[3], probability)
            else:
                words.append([text, first, last, probability])
        return words

    def missed(self, samples, clips, words):
        """Where somebody speaks, and no word was heard.

        Now and then Whisper ends half a minute after its first sentence. Given the rest alone it goes on.
        """
        places = []
        for clip in clips:
            inside = [word for word in words if clip["start"] <= (word[1] + word[2]) / 2 < clip["end"]]
            if not inside:
                # It was given whole already.
                continue
            edges = [clip["start"]] + [time for word in inside for time in word[1:3]] + [clip["end"]]
            places += [
                {"start": start, "end": end} for start, end in zip(edges[::2], edges[1::2]) if end - start >= HOLE]
        return [place for place in places if self.windows(samples[self.range_of(place)], 0.5) >= SPOKEN_IN_HOLE]

    @staticmethod
    def range_of(clip):
        return slice(int(clip["start"] * RATE), int(clip["end"] * RATE))

    @staticmethod
    def clip_of(time, clips):
        for index, clip in enumerate(clips):
            if time < clip["end"]:
                return index
        return len(clips) - 1
