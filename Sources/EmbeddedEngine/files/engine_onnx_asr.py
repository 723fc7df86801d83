"""Parakeet TDT as ONNX through onnx-asr: our cuts in, tokens with frames, durations and probabilities out.

For machines without a GPU. onnx-asr's public calls give texts and times, but neither token ids nor durations, so its
parts are called one by one: front end, encoder, and the step of the decoder. Its version is pinned.
"""

import importlib.metadata

import numpy
import onnx_asr
import onnxruntime

from helper import OutOfMemory, cores, pack_tokens, padded, samples_of

# Segments a call. On processors a batch computes no faster than its segments one by one; a few of them keep the next
# one at hand, and progress is told once a batch.
SEGMENTS = 4


class Engine:
    def __init__(self, options):
        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = options.get("threads") or cores()
        settings.log_severity_level = 3
        self.segments = options.get("batch_size") or SEGMENTS
        self.model = onnx_asr.load_model(
            "nemo-conformer-tdt", options["model"], quantization="int8", sess_options=settings,
            providers=["CPUExecutionProvider"]).asr
        vocabulary = self.model._vocab
        self.blank = self.model._blank_idx
        # onnx-asr has put a space where the piece has its mark.
        self.pieces = [vocabulary[index].replace(" ", "\u2581") for index in range(len(vocabulary)) if index != self.blank]
        if self.blank != len(self.pieces):
            raise ValueError("the blank is not the last of the model's tokens")

    def describe(self):
        return {
            "engine": "onnx-asr", "version": importlib.metadata.version("onnx-asr"), "device": "cpu",
            "compute_type": "int8", "batch_size": self.segments, "padded_seconds": self.segments * 30,
            "likes_like_lengths": True, "needs_one_language": False, "vocabulary": self.pieces,
            "seconds_per_frame": 0.01 * self.model._subsampling_factor,
        }

    def is_sound(self):
        return True

    def prepare(self, header, payload):
        """The front end too: it is numpy's work, and the encoder's threads leave room for it."""
        return self.model._preprocessor(*padded(*samples_of(header, payload)))

    def transcribe(self, features, counts):
        try:
            encoded, lengths = self.model._encode(features, counts)
            return pack_tokens([self.decode(row, int(length)) for row, length in zip(encoded, lengths)])
        except Exception as error:
            # onnxruntime says it in words only: “bad allocation”, “Failed to allocate memory”.
            if "alloc" in str(error).lower():
                raise OutOfMemory(str(error)) from error
            raise

    def decode(self, frames, count):
        """Greedy search: each step says a token, or nothing, and how many frames are over."""
        ids, places, durations, logprobs = [], [], [], []
        state = self.model._create_state()
        place = said = 0
        while place < min(count, len(frames)):
            logits, step, following = self.model._decode(ids, state, frames[place])
            token = int(logits.argmax())
            if token != self.blank:
                state = following
                ids.append(token)
                places.append(place)
                durations.append(step)
                logprobs.append(float(logits[token] - logits.max() - numpy.log(numpy.exp(logits - logits.max()).sum())))
                said += 1
            # A step of no length stays for another token, but not for ever.
            if step > 0:
                place, said = place + step, 0
            elif token == self.blank or said == self.model._max_tokens_per_step:
                place, said = place + 1, 0
        return ids, places, durations, logprobs
