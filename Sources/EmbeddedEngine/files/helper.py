"""The recogniser's process: takes batches of audio on standard input, answers what was said on standard output.

A frame is two big-endian 32-bit lengths, a JSON header of the first length, and raw bytes of the second. Requests carry
16 kHz mono 16-bit little-endian samples. An answer carries words with times in its header, or numbers of tokens in its
header and the tokens as raw bytes (`pack_tokens`); `speechless` are the numbers of segments in which nobody speaks. Requests may be sent before earlier ones are answered: the next one is
read and made ready while the engine computes, and answers carry the request's id. Standard error is for people. The
process ends when its standard input does, or when its parent dies.

An engine is one file with a class `Engine`:

    Engine(options)             options: model, device, threads, batch_size, attempt (starts that failed before)
    describe()                  the greeting: what it is, where it runs, what a batch may hold
    prepare(header, payload)    what can be done before its turn, on a thread of its own: the arguments of `transcribe`;
                                without it these are header and payload
    transcribe(…)               one call at a time; returns the answer's header, or (header, bytes)
    is_sound()                  whether it can go on after an error in `transcribe`; without it nobody relies on that
"""

import array
import importlib
import json
import os
import queue
import select
import signal
import struct
import subprocess
import sys
import threading
import traceback

# CUDA's first card is then the one that nvidia-smi lists first, and not the fastest. It is read with CUDA's first use.
os.environ.setdefault("CUDA_DEVICE_ORDER", "PCI_BUS_ID")

MAX_HEADER = 16 << 20
MAX_PAYLOAD = 1 << 30


class BadInput(Exception):
    """The request makes no sense; trying again is of no use."""


class OutOfMemory(Exception):
    """The batch is too large for this device."""


def read_exactly(stream, count):
    parts = []
    while count:
        part = stream.read(count)
        if not part:
            return None
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def read_frame(stream):
    lengths = read_exactly(stream, 8)
    if lengths is None:
        return None
    header_length, payload_length = struct.unpack(">II", lengths)
    if header_length > MAX_HEADER or payload_length > MAX_PAYLOAD:
        raise SystemExit("a frame is longer than any request can be")
    header = read_exactly(stream, header_length)
    payload = read_exactly(stream, payload_length)
    if header is None or payload is None:
        return None
    return json.loads(header), payload


def write_frame(stream, header, payload=b""):
    data = json.dumps(header, ensure_ascii=False, allow_nan=False).encode()
    stream.write(struct.pack(">II", len(data), len(payload)) + data + payload)
    stream.flush()


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


def is_shortage(error):
    """Whether it is a GPU's memory that is missing, as PyTorch, CUDA and its libraries say it."""
    words = str(error).lower()
    return any(sign in words for sign in ("out of memory", "alloc_failed", "allocation_failed"))


def card_index():
    """The card that is used, as nvidia-smi counts."""
    return os.environ.get("CUDA_VISIBLE_DEVICES", "0").split(",")[0] or "0"


def gpu():
    """What the driver says of the card that is used: name, driver version, memory in MiB (total and free), or nothing."""
    wanted = ["name", "driver_version", "memory.total", "memory.free"]
    try:
        text = subprocess.run(
            ["nvidia-smi", f"--query-gpu={','.join(wanted)}", "--format=csv,noheader,nounits", "-i", card_index()],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20, check=True).stdout
        name, driver, total, free = (field.strip() for field in text.splitlines()[0].rsplit(",", 3))
        # Parts of a card do not say what they have.
        numbers = {key: int(value) for key, value in (("total", total), ("free", free)) if value.isdigit()}
        return {"gpu": name, "driver": driver, **numbers}
    except (OSError, ValueError, IndexError, subprocess.SubprocessError):
        return {}


def samples_of(header, payload):
    """The segments of a request as one array of numbers from -1 to 1, and where each one ends."""
    import numpy

    lengths = header["segments"]
    samples = numpy.frombuffer(payload, dtype="<i2").astype(numpy.float32)
    samples /= 32768
    if sum(lengths) != len(samples):
        raise BadInput("the segments' lengths do not add up to the audio")
    return samples, lengths


def padded(samples, lengths, shortest=1600):
    """The segments as rows of one array, filled up with silence, and their lengths.

    What a tenth of a second cannot hold has no mean and no deviation: such a segment counts as that long.
    """
    import numpy

    counts = numpy.maximum(numpy.asarray(lengths, dtype=numpy.int64), shortest)
    rows = numpy.zeros((len(lengths), int(counts.max())), dtype=numpy.float32)
    position = 0
    for row, length in zip(rows, lengths):
        row[:length] = samples[position:position + length]
        position += length
    return rows, counts


def pack_tokens(segments):
    """Tokens as an answer: how many each segment has, and ids, frames, durations (32-bit integers) and natural
    logarithms of probabilities (32-bit floats), each kind in one piece, little-endian.

    `segments`: for each one (ids, frames, durations, logprobs).
    """
    def joined(index, kind):
        # Arrays of the standard library are in the machine's order, which is little-endian wherever this runs.
        return array.array(kind, [number for segment in segments for number in segment[index]]).tobytes()

    return {"tokens": [len(segment[0]) for segment in segments]}, b"".join(map(joined, range(4), "iiif"))


def end_with_parent(descriptor):
    """Ends this process at once when nobody holds the other end of its standard input any more.

    The kernel closes it however the parent ends, so this holds for a parent that was killed, in the middle of a batch
    too. (Linux's parent-death signal would do as well, but it is sent when the parent's *thread* ends.)
    """
    parent = os.getppid()
    poller = select.poll()
    # No event is asked for: what is reported all the same is that the other end is gone.
    poller.register(descriptor, 0)

    def watch():
        while not poller.poll(2000) and os.getppid() == parent:
            pass
        if os.getpgrp() == os.getpid():
            # Whatever a library started goes too.
            os.killpg(0, signal.SIGKILL)
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()


def main():
    requests = os.fdopen(os.dup(0), "rb")
    end_with_parent(requests.fileno())
    answers = os.fdopen(os.dup(1), "wb")
    # Whatever a library prints goes to the log, not between the frames.
    os.dup2(2, 1)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    engine = importlib.import_module(sys.argv[1]).Engine(json.loads(sys.argv[2]))
    write_frame(answers, {"hello": 1, **engine.describe()})
    ready = queue.Queue(maxsize=1)
    threading.Thread(target=read_ahead, args=(requests, engine, ready), daemon=True).start()
    while (item := ready.get()) is not None:
        number, prepared = item
        payload = b""
        try:
            if isinstance(prepared, Exception):
                raise prepared
            answer = engine.transcribe(*prepared)
            if isinstance(answer, tuple):
                answer, payload = answer
            answer = {"ok": True, **answer}
        except BadInput as error:
            answer = {"ok": False, "code": "bad_input", "message": str(error)}
        except (OutOfMemory, MemoryError) as error:
            answer = {"ok": False, "code": "out_of_memory", "message": str(error) or "out of memory"}
        except Exception as error:
            traceback.print_exc()
            answer = {
                "ok": False, "code": "failed", "message": f"{type(error).__name__}: {error}"[:2000],
                "sound": is_sound(engine),
            }
        write_frame(answers, {"id": number, **answer}, payload)


def read_ahead(requests, engine, ready):
    """Has the next request at hand when the engine has done one: reading and converting take none of its time."""
    prepare = getattr(engine, "prepare", lambda header, payload: (header, payload))
    try:
        while (frame := read_frame(requests)) is not None:
            header, payload = frame
            try:
                prepared = prepare(header, payload)
            except Exception as error:
                prepared = error
            ready.put((header.get("id"), prepared))
    finally:
        ready.put(None)


def is_sound(engine):
    try:
        return bool(engine.is_sound())
    except Exception:
        return False


if __name__ == "__main__":
    # Engines import this file by its name; they are to meet the same exception classes.
    sys.modules["helper"] = sys.modules["__main__"]
    main()
