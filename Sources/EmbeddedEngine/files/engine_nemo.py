"""Parakeet TDT through NeMo: our cuts in, tokens with frames, durations and probabilities out.

The model's parts are called one by one (front end, encoder, decoder): its own `transcribe()` takes as long again for
configuration, data loading and texts. On a GPU in half precision, with CUDA graphs where the driver allows them; each
step of that ladder has to prove itself on a batch of real length before the engine says that it is ready.
"""

import os

# Batches of many lengths fragment the memory otherwise. It is read when torch is imported.
os.environ.setdefault("PYTORCH_CUDA_ALLOC_CONF", "expandable_segments:True")

import glob
import sys

import numpy
import torch

from helper import OutOfMemory, cores, gpu, is_shortage, pack_tokens, padded, samples_of

RATE = 16_000
# Most seconds of audio in a batch, whatever the memory: more makes no card faster, and finished episodes come later.
MOST_SECONDS = 2400
# MiB that a second of audio takes at most beside the weights, in half precision.
MEGABYTES_A_SECOND = 12


def restore(model, device):
    """The model from a `.nemo` file, a folder that holds one, or the hub's cache, by its name there."""
    from nemo.collections.asr.models import ASRModel

    files = [model] if os.path.isfile(model) else sorted(glob.glob(os.path.join(model, "*.nemo")))
    if files:
        return ASRModel.restore_from(files[0], map_location=device)
    if os.path.isdir(model):
        raise FileNotFoundError(f"there is no .nemo file in {model}")
    return ASRModel.from_pretrained(model, map_location=device)


def has_bfloat16():
    """Whether the card computes in it: torch counts older ones in, which would make it up slowly."""
    return torch.cuda.is_bf16_supported(including_emulation=False)


def talk(seconds, seed):
    """Noise with the rhythm of speech: a warm-up in which the decoder, too, has something to do."""
    generator = numpy.random.default_rng(seed)
    count = int(seconds * RATE)
    times = numpy.arange(count) / RATE
    syllables = numpy.clip(numpy.sin(2 * numpy.pi * 4 * times + seed), 0, 1)
    tone = sum(numpy.sin(2 * numpy.pi * pitch * times) for pitch in (130, 260, 700, 1200, 2500))
    return (0.1 * syllables * (tone / 5 + generator.standard_normal(count) * 0.3)).astype(numpy.float32)


class Engine:
    def __init__(self, options):
        import nemo
        from omegaconf import open_dict

        self.version = nemo.__version__
        torch.set_num_threads(options.get("threads") or cores())
        self.device = "cuda" if options.get("device") != "cpu" and torch.cuda.is_available() else "cpu"
        if self.device == "cpu" and options.get("device") != "cpu" and gpu():
            print("there is a GPU, but torch cannot use it: going on without it", file=sys.stderr)
        self.card = gpu() if self.device == "cuda" else {}
        self.fixed_segments = options.get("batch_size")
        self.open_dict = open_dict
        self.retries = 0
        self.load(options["model"])
        self.size()
        self.climb(options["model"], options.get("attempt", 0))

    # What is there

    def load(self, model):
        self.model = restore(model, "cpu").eval()
        self.model.freeze()
        tokenizer = self.model.tokenizer
        self.pieces = tokenizer.ids_to_tokens(list(range(len(self.model.joint.vocabulary))))
        window = self.model.cfg.preprocessor.window_stride
        self.seconds_per_frame = float(window) * int(self.model.encoder.subsampling_factor)
        # A convolution over more than 2^31 numbers fails; NeMo splits it where it must.
        if hasattr(self.model, "change_subsampling_conv_chunking_factor"):
            self.model.change_subsampling_conv_chunking_factor(1)

    def size(self):
        """What a batch may hold: by the memory that is free, once the weights are there."""
        if self.device == "cuda":
            weights = 2 * sum(parameter.numel() for parameter in self.model.parameters()) / 2**20
            free = torch.cuda.mem_get_info()[0] / 2**20 - weights - 1500
            self.padded_seconds = max(60, min(MOST_SECONDS, int(free / MEGABYTES_A_SECOND)))
        else:
            self.padded_seconds = 120
        self.segments = self.fixed_segments or (128 if self.device == "cuda" else 8)

    def describe(self):
        facts = {
            "engine": "nemo", "version": self.version, "device": self.device, "compute_type": self.precision,
            "graphs": self.graphs, "torch": torch.__version__, "batch_size": self.segments,
            "padded_seconds": self.padded_seconds, "likes_like_lengths": True, "needs_one_language": False,
            "calls": 3 if self.device == "cuda" else 2, "vocabulary": self.pieces,
            "seconds_per_frame": self.seconds_per_frame,
        }
        if self.device == "cuda":
            facts["gpu"] = self.card.get("gpu") or torch.cuda.get_device_name()
            facts["cuda"] = torch.version.cuda
            if "driver" in self.card:
                facts["driver"] = self.card["driver"]
        return facts

    # The ladder

    def climb(self, path, attempt):
        """Takes the first step that holds: graphs, no graphs, other half precision.

        What breaks the GPU's context ends the process; the next one, after a start that failed, begins a step lower.
        """
        steps = [("float32", False)]
        if self.device == "cuda":
            half = "bfloat16" if has_bfloat16() else "float16"
            steps = [(half, True), (half, False)] + ([("float16", False)] if half == "bfloat16" else [])
        steps = steps[min(attempt, len(steps) - 1):]
        reasons = []
        for precision, graphs in steps:
            try:
                if reasons and precision != self.precision:
                    # What was rounded to one half precision does not fit the other.
                    self.load(path)
                self.set_up(precision, graphs)
                self.warm_up()
            except Exception as error:
                reason = f"{precision}, graphs {'on' if graphs else 'off'}: {type(error).__name__}: {error}"
                print(f"the recogniser does not run with {reason}", file=sys.stderr)
                reasons.append(reason[:500])
                if self.device == "cuda" and not self.is_sound():
                    reasons.append("the GPU can only be used by another process after that")
                    break
                continue
            print(f"the recogniser runs with {precision}, graphs {'on' if graphs else 'off'}", file=sys.stderr)
            return
        raise RuntimeError("no way to run the model works: " + "; ".join(reasons))

    def set_up(self, precision, graphs):
        self.precision, self.graphs = precision, graphs
        self.dtype = getattr(torch, precision)
        # The front end is exact in single precision only; half costs up to 0.1 % of the words (NeMo's own warning). It is
        # never rounded, not even for a moment: its window and filters would stay so.
        for name, part in self.model.named_children():
            part.to(device=self.device, dtype=torch.float32 if name == "preprocessor" else self.dtype)
        if self.device == "cuda":
            # A plan for each shape of a batch, and nearly all have their own: 4,096 of them take more than 2 GB
            # (pytorch/pytorch#94893).
            torch.backends.cuda.cufft_plan_cache.max_size = 16
        decoding = self.model.cfg.decoding
        with self.open_dict(decoding):
            decoding.strategy = "greedy_batch"
            decoding.preserve_alignments = False
            decoding.compute_timestamps = False
            decoding.greedy.use_cuda_graph_decoder = graphs
        self.model.change_decoding_strategy(decoding, verbose=False)
        self.is_primed = False
        self.durations = torch.tensor(list(decoding.durations), device=self.device)

    def warm_up(self):
        """A full batch, so that memory that is not enough shows here; later batches are never larger."""
        while True:
            try:
                if self.device == "cuda":
                    count = max(1, min(self.segments, self.padded_seconds // 30))
                    lengths = [30 - index % 3 for index in range(count)]
                else:
                    lengths = [12, 10]
                rows, counts = padded(
                    numpy.concatenate([talk(length, index) for index, length in enumerate(lengths)]),
                    [length * RATE for length in lengths])
                self.transcribe(*self.to_tensors(rows, counts))
                return
            except OutOfMemory:
                if self.padded_seconds <= 60:
                    raise
                self.padded_seconds = max(60, self.padded_seconds // 2)
                print(f"too little memory, trying {self.padded_seconds} seconds a batch", file=sys.stderr)

    def is_sound(self):
        """An error of the GPU stays until the process ends; it shows at the next wait for it."""
        try:
            if self.device == "cuda":
                torch.cuda.synchronize()
        except RuntimeError:
            return False
        return True

    # A batch

    def to_tensors(self, rows, counts):
        signal, lengths = torch.from_numpy(rows), torch.from_numpy(counts)
        if self.device == "cuda":
            signal, lengths = signal.pin_memory(), lengths.pin_memory()
        return signal, lengths

    def prepare(self, header, payload):
        return self.to_tensors(*padded(*samples_of(header, payload)))

    def transcribe(self, signal, lengths):
        try:
            with torch.inference_mode():
                return self.recognise(signal, lengths)
        except RuntimeError as error:
            shortage = str(error).split("\n")[0] if self.is_shortage(error) else None
            if shortage is None:
                self.forget_graphs()
                raise
        # Only here, where no traceback holds the batch any more, can its memory be given back.
        self.forget_graphs()
        if self.device == "cuda":
            torch.cuda.empty_cache()
        raise OutOfMemory(shortage)

    def is_shortage(self, error):
        """Whether it is memory that is missing, the GPU's or the machine's."""
        # Of the machine's memory torch says: “DefaultCPUAllocator: can't allocate memory”.
        return is_shortage(error) or (self.device == "cpu" and "alloc" in str(error).lower())

    def recognise(self, signal, lengths):
        signal, lengths = (tensor.to(self.device, non_blocking=True) for tensor in (signal, lengths))
        features, counts = self.model.preprocessor(input_signal=signal, length=lengths)
        encoded, counts = self.model.encoder(audio_signal=features.to(self.dtype), length=counts)
        self.prime()
        # What `decoding.rnnt_decoder_predictions_tensor` does, without the texts: nobody needs them here.
        (hypotheses,) = self.model.decoding.decoding(
            encoder_output=encoded, encoded_lengths=counts, partial_hypotheses=None)
        segments = [self.tokens(hypothesis) for hypothesis in hypotheses]
        return pack_tokens(self.look_back(segments, encoded))

    def prime(self):
        """Captures the decoder's graphs for the largest batch there may be, so that none has to capture them again.

        What the loops of NeMo's graph compute in is, for PyTorch, memory that nobody uses: wherever the allocator gave
        memory back, they have to be captured anew.
        """
        if not self.graphs:
            return
        retries = torch.cuda.memory_stats().get("num_alloc_retries", 0)
        if retries != self.retries:
            self.retries = retries
            self.forget_graphs()
        if self.is_primed:
            return
        frames = int(31 / self.seconds_per_frame) + 1
        self.model.decoding.decoding(
            encoder_output=torch.zeros(
                self.segments, self.model.joint.enc.in_features, frames, dtype=self.dtype, device=self.device),
            encoded_lengths=torch.ones(self.segments, dtype=torch.long, device=self.device), partial_hypotheses=None)
        self.is_primed = True

    def forget_graphs(self):
        self.is_primed = False
        computer = getattr(self.model.decoding.decoding, "decoding_computer", None)
        if self.graphs and computer is not None:
            computer.reset_cuda_graphs_state()

    @staticmethod
    def tokens(hypothesis):
        """Ids and frames."""
        return torch.as_tensor(hypothesis.y_sequence).cpu().long(), torch.as_tensor(hypothesis.timestamp).cpu().long()

    def look_back(self, segments, encoded):
        """Adds each token's duration and the logarithm of its probability: the joint network once more, for all tokens
        at a time.

        NeMo can be asked for both, but the durations that it keeps depend on what else is in the batch (3.0.0: the same
        tokens and frames, other durations), and for probabilities some of its versions make Python lists of every frame.
        """
        longest = max(len(ids) for ids, _ in segments)
        if not longest:
            return [([], [], [], []) for _ in segments]
        blank = len(self.pieces)
        said = torch.full((len(segments), longest), blank)
        places = torch.zeros((len(segments), longest), dtype=torch.long)
        for row, (ids, frames) in enumerate(segments):
            said[row, :len(ids)], places[row, :len(ids)] = ids, frames
        said, places = said.to(self.device), places.to(self.device)
        decoder, joint = self.model.decoder, self.model.joint
        # The state before each token: a start, and all tokens but the last.
        states = joint.project_prednet(decoder.predict(said, add_sos=True, batch_size=len(segments))[0][:, :longest])
        heard = joint.project_encoder(encoded.transpose(1, 2))
        heard = heard.gather(1, places.unsqueeze(2).expand(-1, -1, heard.shape[2]))
        states, heard = states.reshape(-1, 1, states.shape[2]), heard.reshape(-1, 1, heard.shape[2])
        wanted, logprobs, steps = said.reshape(-1, 1), [], []
        for first in range(0, len(wanted), 4096):
            part = slice(first, first + 4096)
            logits = joint.joint_after_projection(heard[part], states[part])[:, 0, 0].float()
            logprobs.append(logits[:, :blank + 1].log_softmax(-1).gather(1, wanted[part]).squeeze(1))
            steps.append(self.durations[logits[:, blank + 1:].argmax(-1)])
        logprobs, steps = (torch.cat(parts).reshape(len(segments), longest).cpu() for parts in (logprobs, steps))
        if not all(logprobs[row, :len(ids)].isfinite().all() for row, (ids, _) in enumerate(segments)):
            raise ValueError("the model's answer is not a number")
        return [
            [numbers[:len(ids)].tolist() for numbers in (ids, frames, steps[row], logprobs[row])]
            for row, (ids, frames) in enumerate(segments)
        ]
