"""An engine that recognises nothing and misbehaves on command, to test what stands around engines.

The "model" is a folder. Each line of its file `lives` is the life of one process: a word for its start and for each of
its batches; the last word goes on for all that follow. Every process leaves its pid in `pids`.
"""

import os
import pathlib
import signal
import subprocess
import sys
import time

import helper


def hang():
    while True:
        time.sleep(1000)


class Engine:
    def __init__(self, options):
        self.folder = pathlib.Path(options["model"])
        with open(self.folder / "pids", "a") as file:
            file.write(f"{os.getpid()}\n")
        life = len((self.folder / "pids").read_text().split()) - 1
        lives = (self.folder / "lives").read_text().splitlines()
        self.commands = lives[min(life, len(lives) - 1)].split()
        start = self.commands.pop(0)
        if start == "die":
            sys.exit("no strength to begin")
        if start == "hang":
            hang()
        self.protocol = 2 if start == "stranger" else 1

    def describe(self):
        return {"hello": self.protocol, "engine": "scripted", "version": "1", "batch_size": 6}

    def transcribe(self, header, payload):
        command = self.commands.pop(0) if len(self.commands) > 1 else self.commands[0]
        lengths = header["segments"]
        if sum(lengths) * 2 != len(payload):
            raise helper.BadInput("lengths do not add up")
        # A word a segment, which tells how long the segment was.
        words = [[[f"w{length}", 0.0, length / 16_000, 0.5]] for length in lengths]
        answer = {"segments": words, "language": header.get("language") or "en", "language_probability": 0.9}
        match command.partition(":"):
            case ("ok", _, _):
                pass
            case ("die", _, _):
                os._exit(1)
            case ("leave", _, _):
                sys.exit(0)
            case ("hang", _, _):
                hang()
            case ("stubborn", _, _):
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
                child = subprocess.Popen(["sleep", "1000"])
                (self.folder / "child").write_text(str(child.pid))
                hang()
            case ("raise", _, _):
                raise ValueError("something is odd")
            case ("refuse", _, _):
                raise helper.BadInput("the model does not know the language")
            case ("memory", _, limit) if len(lengths) > int(limit):
                raise helper.OutOfMemory("no memory")
            case ("nan", _, _):
                helper.write_frame = write_not_a_number
            case ("garbage", _, _):
                helper.write_frame = lambda stream, header: (stream.write(b"\xff" * 64), stream.flush())
            case ("backwards", _, _):
                words[0] = [["b", 1.0, 1.2, 0.5], ["a", 0.1, 0.2, 0.5]]
            case ("reversed", _, _):
                words[0] = [["a", 0.5, 0.2, 0.5]]
            case ("beyond", _, _):
                words[0] = [["a", 0.5, 5000.0, 0.5]]
            case ("certain", _, _):
                words[0] = [["a", 0.0, 0.1, 7.5]]
            case ("fewer", _, _):
                words.pop()
            case ("print", _, _):
                print("a library talks")
                os.write(1, b"and its C code too\n")
                os.write(2, b"\xff\xfe" + b"x" * 1_000_000)
        return answer


def write_not_a_number(stream, header):
    data = b'{"id": 0, "ok": true, "segments": [[["a", NaN, 1.0, 0.5]]], "language": "en"}'
    stream.write(len(data).to_bytes(4, "big") + bytes(4) + data)
    stream.flush()
