"""Our batched path of NeMo beside its own `transcribe()`, with the same random weights at the real model's full size.

    bench.py FOLDER [--caps 400,800] [--files 12] [--minutes 10] [--write docs/performance.md]

`transcribe()` gets files of ten minutes, one after the other, with word times (of two where there is no GPU: attention over
ten takes more than 16 GB of memory there). Our path gets the same audio as
segments of 15 to 30 seconds, sorted by length, in batches that hold at most so many seconds (the cap), the next one made
ready while one is computed, as the worker's helper does it. Each way has a process of its own: nothing that one leaves on
the card is another's, and what breaks the card's context ends only its own row. What is measured: seconds of audio a
second of time, from samples in memory to words or tokens. Decoding files, cutting, and the worker's pipes are not in it (`make bench-speech`
measures these). Without a GPU only the processor's part runs, and says so.
"""

import argparse
import concurrent.futures
import json
import logging
import pathlib
import platform
import random
import re
import resource
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "Sources/EmbeddedEngine/files"))

import numpy

# Before torch, which reads at its import what this says of memory.
import engine_nemo
import torch

from engine_nemo import RATE, Engine, has_bfloat16, talk
from helper import OutOfMemory, card_index, cores, gpu, padded
from random_model import FULL, build, give_it_something_to_say, talk_as_fast_as_people

HEADER = ["way", "precision", "graphs", "batch cap", "× real time", "of transcribe()", "GPU busy", "memory", "tokens/s"]


def say(text):
    print(text, file=sys.stderr, flush=True)


def model_file(folder):
    """The random model, made once: 2.5 GB."""
    path = folder / "full.nemo"
    if not path.exists():
        say("Making a random model of full size (some minutes, 2.5 GB)")
        with tempfile.TemporaryDirectory() as scratch, torch.inference_mode(False), torch.no_grad():
            model = build(pathlib.Path(scratch), FULL)
            audio = [talk(20, seed) for seed in (1, 2)]
            give_it_something_to_say(model, audio)
            rate = talk_as_fast_as_people(model, audio, 20)
            count = sum(weight.numel() for weight in model.parameters())
            say(f"{count / 1e6:.0f} million parameters, {rate:.1f} tokens a second")
            draft = folder / "draft.nemo"
            model.save_to(str(draft))
            draft.rename(path)
    return path


class Card:
    """What the GPU does meanwhile, asked five times a second."""

    def __enter__(self):
        self.busy = []
        self.process = None
        if torch.cuda.is_available():
            torch.cuda.reset_peak_memory_stats()
            self.process = subprocess.Popen(
                ["nvidia-smi", "--query-gpu=utilization.gpu", "--format=csv,noheader,nounits", "-lms", "200",
                 "-i", card_index()],
                stdout=subprocess.PIPE, text=True)
            self.reader = threading.Thread(target=self.read)
            self.reader.start()
        return self

    def read(self):
        for line in self.process.stdout:
            if line.strip().isdigit():
                self.busy.append(int(line))

    def __exit__(self, *_):
        if self.process:
            self.process.terminate()
            self.process.wait()
            self.reader.join()

    @property
    def share(self):
        return f"{sum(self.busy) / len(self.busy):.0f} %" if self.busy else "–"

    @property
    def memory(self):
        if torch.cuda.is_available():
            return f"{torch.cuda.max_memory_allocated() / 2**30:.1f} GB"
        return f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.1f} GB (of the process)"


def segments_of(files, seed=1):
    """Segments of 15 to 30 seconds, as our cutter makes them of speech."""
    choice, pieces = random.Random(seed), []
    for audio in files:
        start = 0
        while start < len(audio):
            end = min(len(audio), start + int(choice.uniform(15, 30) * RATE))
            pieces.append(audio[start:end])
            start = end
    return pieces


def batches_of(segments, cap, most):
    """Longest first: a batch is as long as its longest segment times how many it holds."""
    batches, batch = [], []
    for segment in sorted(segments, key=len, reverse=True):
        if batch and (len(batch) == most or (len(batch) + 1) * len(batch[0]) > cap * RATE):
            batches.append(batch)
            batch = []
        batch.append(segment)
    return batches + [batch]


def ours(engine, files, cap, at_least):
    """One row: our path, at least as long as asked."""
    batches = batches_of(segments_of(files), cap, engine.segments)

    def ready(batch):
        return engine.to_tensors(*padded(numpy.concatenate(batch), [len(segment) for segment in batch]))

    def once():
        tokens = 0
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            waiting = [pool.submit(ready, batch) for batch in batches[:2]]
            for number in range(len(batches)):
                header, _ = engine.transcribe(*waiting.pop(0).result())
                tokens += sum(header["tokens"])
                if number + 2 < len(batches):
                    waiting.append(pool.submit(ready, batches[number + 2]))
        return tokens

    try:
        # Every shape once: what is made for a shape only the first time is nobody's speed.
        once()
        with Card() as card:
            begun, audio, tokens = time.monotonic(), 0, 0
            while True:
                tokens += once()
                audio += sum(len(file) for file in files) / RATE
                took = time.monotonic() - begun
                if took >= at_least:
                    break
    except OutOfMemory:
        return ["ours", engine.precision, "on" if engine.graphs else "off", f"{cap} s", "too little memory"]
    return ["ours", engine.precision, "on" if engine.graphs else "off", f"{cap} s", audio / took, None, card.share,
            card.memory, f"{tokens / audio:.1f}"]


def theirs(path, files, precision, device, at_least):
    """One row: NeMo's own call, as its documentation has it, one file after the other."""
    model = engine_nemo.restore(str(path), device).eval()
    model.to(getattr(torch, precision))
    row = [f"transcribe(), files of {len(files[0]) // RATE // 60} minutes", precision, "NeMo's", "–"]
    try:
        # What it does once only is nobody's speed.
        model.transcribe([files[0][:30 * RATE]], batch_size=1, timestamps=True, verbose=False)
        with Card() as card:
            begun, audio = time.monotonic(), 0
            while True:
                for file in files:
                    model.transcribe([file], batch_size=1, timestamps=True, verbose=False)
                    audio += len(file) / RATE
                    took = time.monotonic() - begun
                    if took >= at_least * 2:
                        break
                if took >= at_least:
                    break
    except (torch.cuda.OutOfMemoryError, RuntimeError) as error:
        return row + [str(error).split("\n")[0][:60]]
    return row + [audio / took, 1.0, card.share, card.memory, "–"]


def table(rows):
    base = next((row[4] for row in rows if row[0] != "ours" and isinstance(row[4], float)), None)
    lines = ["| " + " | ".join(HEADER) + " |", "|" + "---|" * len(HEADER)]
    for row in rows:
        cells = list(row) + ["–"] * (len(HEADER) - len(row))
        if isinstance(cells[4], float):
            cells[5] = f"{cells[4] / base:.1f}" if base else "–"
            cells[4] = f"{cells[4]:.1f}" if cells[4] < 100 else f"{cells[4]:.0f}"
        lines.append("| " + " | ".join(str(cell) for cell in cells) + " |")
    return "\n".join(lines)


def write(path, device, text):
    """Replaces what the last run on the same device wrote, or adds it."""
    begin, end = f"<!-- bench-gpu: {device} -->", "<!-- bench-gpu: end -->"
    page = path.read_text()
    block = f"{begin}\n{text}\n{end}"
    found = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.S)
    page = found.sub(lambda _: block, page) if found.search(page) else page.rstrip() + f"\n\n{block}\n"
    path.write_text(page)


def processor():
    try:
        names = [line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")]
        return f"{names[0]}, {cores()} cores"
    except (OSError, IndexError):
        return f"{platform.machine()}, {cores()} cores"


def measure(part, path, files, caps, at_least, add):
    """The rows of one way: `theirs float32`, `ours bfloat16 graphs`."""
    on_gpu = torch.cuda.is_available()
    way, precision, *graphs = part.split()
    if way == "theirs":
        add(theirs(path, files, precision, "cuda" if on_gpu else "cpu", at_least))
        return
    graphs = bool(graphs)
    try:
        # Where nothing was captured yet: NeMo's loads after that fail (NVIDIA-NeMo/Speech#15423).
        engine = Engine({"model": str(path), "attempt": int(not graphs) if precision != "float16" else 2})
        if (engine.precision, engine.graphs) != (precision, graphs):
            if engine.precision != precision:
                engine.load(str(path))
            engine.set_up(precision, graphs)
        for cap in caps:
            add(ours(engine, files, cap, at_least))
    except (RuntimeError, ValueError, TypeError) as error:
        add(["ours", precision, "on" if graphs else "off", "–", str(error).split("\n")[0][:60]])


def run_apart(part, options, caps, at_least, scratch, add):
    """Runs a part in a process of its own, and adds its rows as they come to be."""
    rows = scratch / "rows"
    rows.write_text("")
    code = subprocess.run([
        sys.executable, "-W", "ignore", __file__, str(options.folder), "--part", part, "--scratch", str(scratch),
        "--caps", ",".join(map(str, caps)), "--at-least", str(at_least)]).returncode
    for line in rows.read_text().splitlines():
        add(json.loads(line))
    if code:
        add([part, "–", "–", "–", f"its process ended with status {code}"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path, help="where the model is kept")
    parser.add_argument("--caps", help="seconds of audio in a batch, with commas")
    parser.add_argument("--files", type=int, help="how many files")
    parser.add_argument("--minutes", type=int, help="of each file")
    parser.add_argument("--write", type=pathlib.Path, help="a Markdown file that the table is written to")
    parser.add_argument("--part", help=argparse.SUPPRESS)
    parser.add_argument("--scratch", type=pathlib.Path, help=argparse.SUPPRESS)
    parser.add_argument("--at-least", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    if options.part:
        def keep(row):
            with (options.scratch / "rows").open("a") as file:
                file.write(json.dumps(row) + "\n")

        files = list(numpy.load(options.scratch / "files.npy"))
        measure(options.part, model_file(options.folder), files, [int(cap) for cap in options.caps.split(",")], options.at_least, keep)
        return
    options.folder.mkdir(parents=True, exist_ok=True)
    on_gpu = torch.cuda.is_available()
    if not on_gpu:
        print("No GPU that PyTorch can use is here: this is the processor's part. It shows what batches of short "
              "segments save there, and says nothing about GPUs.\n", flush=True)
    caps = [int(cap) for cap in (options.caps or ("400,800,1600,2400" if on_gpu else "60,120")).split(",")]
    count = options.files or (12 if on_gpu else 2)
    minutes = options.minutes or (10 if on_gpu else 2)
    at_least = 10 if on_gpu else 0
    model_file(options.folder)
    parts = ["theirs float32"]
    if on_gpu:
        halves = (["bfloat16"] if has_bfloat16() else []) + ["float16"]
        parts += [f"theirs {half}" for half in halves[:-1]]
        parts += [f"ours {half}{graphs}" for half in halves for graphs in (" graphs", "")]
    else:
        parts.append("ours float32")
    rows = []

    def add(row):
        rows.append(row)
        say("  ".join(str(cell) for cell in row if cell is not None))

    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        say(f"Making {count} files of {minutes} minutes")
        numpy.save(scratch / "files.npy", numpy.stack([talk(minutes * 60, seed + 1) for seed in range(count)]))
        for part in parts:
            run_apart(part, options, caps, at_least, scratch, add)
    import nemo

    card = gpu() if on_gpu else {}
    device = card.get("gpu") or (torch.cuda.get_device_name() if on_gpu else processor())
    facts = f"NeMo {nemo.__version__}, PyTorch {torch.__version__}" + (
        f", CUDA {torch.version.cuda}, driver {card.get('driver', 'unknown')}" if on_gpu else "")
    text = (f"**{device}**, {time.strftime('%-d %B %Y')}, {facts}; random weights, "
            f"{count} {'file' if count == 1 else 'files'} of {minutes} minutes.\n\n{table(rows)}")
    print(text)
    if options.write:
        write(options.write, device, text)


main()
