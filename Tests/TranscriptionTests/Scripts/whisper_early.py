"""Whisper that ends early, and what engine_faster_whisper makes of it: a line for each case of words and listenings; and how many
workers it takes for how many threads.

    whisper_early.py SCRIPTS    SCRIPTS: where engine_faster_whisper.py is

A second of sound has a word in it. The scripted Whisper hears of each clip only the first few, as many as the case says.
"""

import sys

sys.path.insert(0, sys.argv[1])
import numpy  # noqa: E402
import engine_faster_whisper as module  # noqa: E402


class Early(module.Engine):
    def __init__(self, patience):
        self.patience, self.languages, self.asked = patience, {"en"}, []

    def windows(self, samples, chance):
        return int(numpy.count_nonzero(samples) / 512)

    def listen(self, samples, clips, language):
        self.asked.append(" ".join(f"{clip['start']:g}-{clip['end']:g}" for clip in clips))
        heard = self.patience.pop(0)
        words = []
        for clip in clips:
            seconds = range(round(clip["start"]), round(clip["end"]))
            loud = [at for at in seconds if samples[at * module.RATE:(at + 1) * module.RATE].all()]
            words += [[f"w{at}", float(at), at + 1.0, 1.0] for at in loud[:heard]]
        return words


def show(name, segments, *patience):
    """Segments are written a letter a second: S is sound."""
    samples = numpy.concatenate([
        numpy.full(module.RATE, 1.0 if letter == "S" else 0.0) for segment in segments for letter in segment])
    engine = Early(list(patience))
    answer = engine.transcribe(
        {"language": "en"}, samples, [len(segment) * module.RATE for segment in segments], [True] * len(segments))
    words = " | ".join(" ".join(f"{word[0]}@{word[1]:g}" for word in segment) for segment in answer["segments"])
    print(f"{name}: {words}; {', '.join(engine.asked)}")


show("all heard", ["SSSSSS"], 9)
show("the rest is given again", ["SSSSSS"], 2, 9)
show("and once more", ["SSSSSSSSS"], 1, 2, 9)
show("three times at most", ["SSSSSSSSSSSS"], 1, 1, 1)
show("what stays silent is not given twice", ["SSSSSS"], 2, 0, 9)
show("silence is not", ["SS......SS"], 9)
show("less than three seconds are not", ["SSSS"], 2)
show("places count within their segment", ["SSSS", "SSSSSS"], 4, 2)
show("places count within their segment, again", ["SSSSS", "SSSSSS"], 2, 9)
show("no word at all is no hole", ["SSSSSS"], 0)
print("workers:", " ".join(f"{threads}:{module.workers_for(threads)}" for threads in (1, 2, 3, 4, 5, 6, 7, 8, 12, 64)))
