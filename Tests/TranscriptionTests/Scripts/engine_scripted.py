"""An engine that recognises nothing and misbehaves on command, to test what stands around engines.

The "model" is a folder. Each line of its file `lives` is the life of one process: a word for its start and for each of
its batches; the last word goes on for all that follow. Every process leaves its pid in `pids`, the lengths of the
segments that it made ready in `prepared`, and of those that it recognised in `done`.
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
        self.start = start

    def describe(self):
        about = {"engine": "scripted", "version": "1", "batch_size": 6}
        match self.start:
            case "stranger":
                about["hello"] = 2
            case "card":
                about |= {"gpu": "Test Card", "compute_type": "float16"}
            case "tokens":
                about |= {
                    "batch_size": 64, "padded_seconds": 1600, "likes_like_lengths": True, "needs_one_language": False,
                    "calls": 3, "vocabulary": ["\u2581one", "\u2581two", "ty", "."], "seconds_per_frame": 0.08,
                }
        return about

    def is_sound(self):
        return self.start == "sound"

    def prepare(self, header, payload):
        self.note("prepared", header["segments"])
        return header, payload

    def note(self, name, lengths):
        with open(self.folder / name, "a") as file:
            file.write(" ".join(map(str, lengths)) + "\n")

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
            case ("slow", _, seconds):
                time.sleep(float(seconds))
            case ("ahead", _, _):
                # Not before the next batch is ready: without reading ahead this takes for ever.
                while len((self.folder / "prepared").read_text().splitlines()) < 2:
                    time.sleep(0.001)
            case ("poison", _, which) if set(lengths) & set(map(int, which.split(","))):
                raise ValueError("this sound is poison")
            case ("kill", _, which) if set(lengths) & set(map(int, which.split(","))):
                os.kill(os.getpid(), signal.SIGKILL)
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
                helper.write_frame = lambda stream, *answer: (stream.write(b"\xff" * 64), stream.flush())
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
            case ("speechless", _, which):
                # Of segment 0 there are words all the same, and of segment 7 there is nothing at all.
                answer["speechless"] = [int(which)]
            case ("music", _, _):
                words[0], answer["speechless"] = [], [0]
            case ("token", _, fault):
                # “one”, “twoty.”, a second each.
                ids, frames, durations, logprobs = [0, 1, 2, 3], [1, 5, 7, 11], [4, 2, 3, 0], [-0.1, -0.2, -0.4, -3.0]
                match fault:
                    case "backwards":
                        frames[1] = 0
                    case "late":
                        frames[3] = 500
                    case "unknown":
                        ids[2] = 4
                    case "negative":
                        ids[2] = -1
                    case "nan":
                        logprobs[0] = float("nan")
                    case "certain":
                        logprobs[0] = 0.5
                    case "long":
                        durations[0] = -3
                about, data = helper.pack_tokens([(ids, frames, durations, logprobs) for _ in lengths])
                match fault:
                    case "short":
                        data = data[:-4]
                    case "fewer":
                        about["tokens"][0] = 3
                    case "counts":
                        about["tokens"].pop()
                return about, data
            case ("print", _, _):
                print("a library talks")
                os.write(1, b"and its C code too\n")
                os.write(2, b"\xff\xfe" + b"x" * 1_000_000)
        self.note("done", lengths)
        return answer


def write_not_a_number(stream, *answer):
    data = b'{"id": 1, "ok": true, "segments": [[["a", NaN, 1.0, 0.5]]], "language": "en"}'
    stream.write(len(data).to_bytes(4, "big") + bytes(4) + data)
    stream.flush()
