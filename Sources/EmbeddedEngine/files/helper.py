"""The recogniser's process: takes batches of audio on standard input, answers words with times on standard output.

A frame is two big-endian 32-bit lengths, a JSON header of the first length, and raw bytes of the second. Requests carry
16 kHz mono 16-bit little-endian samples; answers carry none. Standard error is for people. The process ends when its
standard input does, or when its parent dies.
"""

import importlib
import json
import os
import select
import signal
import struct
import sys
import threading
import traceback

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


def write_frame(stream, header):
    data = json.dumps(header, ensure_ascii=False, allow_nan=False).encode()
    stream.write(struct.pack(">II", len(data), 0) + data)
    stream.flush()


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
    while (frame := read_frame(requests)) is not None:
        header, payload = frame
        try:
            answer = {"ok": True, **engine.transcribe(header, payload)}
        except BadInput as error:
            answer = {"ok": False, "code": "bad_input", "message": str(error)}
        except (OutOfMemory, MemoryError) as error:
            answer = {"ok": False, "code": "out_of_memory", "message": str(error) or "out of memory"}
        except Exception as error:
            traceback.print_exc()
            answer = {"ok": False, "code": "failed", "message": f"{type(error).__name__}: {error}"}
        write_frame(answers, {"id": header.get("id"), **answer})


if __name__ == "__main__":
    # Engines import this file by its name; they are to meet the same exception classes.
    sys.modules["helper"] = sys.modules["__main__"]
    main()
