"""The ladder of engine_nemo without a GPU: its steps are told to fail, and what it chooses is printed.

    nemo_ladder.py SCRIPTS      SCRIPTS: where engine_nemo.py is
"""

import sys

sys.path.insert(0, sys.argv[1])
import engine_nemo  # noqa: E402


class Ladder(engine_nemo.Engine):
    def __init__(self, failing, attempt=0, breaks_context=False):
        self.device, self.failing, self.breaks_context, self.loads = "cuda", failing, breaks_context, 0
        self.precision = None
        engine_nemo.torch.cuda.is_bf16_supported = lambda **_: True
        self.climb("model", attempt)

    def load(self, model):
        self.loads += 1

    def set_up(self, precision, graphs):
        self.precision, self.graphs = precision, graphs

    def warm_up(self):
        if (self.precision, self.graphs) in self.failing:
            raise RuntimeError("CUDA error 35")

    def is_sound(self):
        return not self.breaks_context


def outcome(*arguments, **options):
    try:
        ladder = Ladder(*arguments, **options)
        print(ladder.precision, "graphs" if ladder.graphs else "no graphs", ladder.loads)
    except RuntimeError as error:
        print(str(error).count("CUDA error 35"), "reasons")


GRAPHS, NONE, OTHER = ("bfloat16", True), ("bfloat16", False), ("float16", False)
outcome([])
outcome([GRAPHS])
outcome([GRAPHS, NONE])
outcome([GRAPHS, NONE, OTHER])
# What breaks the GPU's context leaves the next step to the next process.
outcome([GRAPHS], breaks_context=True)
outcome([GRAPHS], attempt=1, breaks_context=True)
outcome([], attempt=9)
