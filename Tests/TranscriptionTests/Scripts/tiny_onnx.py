"""Writes a transducer of a few kilobytes whose text is known, in the files that onnx-asr looks for.

    tiny_onnx.py FOLDER

It says the next token of a fixed sentence, four frames long, where the sound is louder than its mean, and nothing where
it is not: real audio goes in, and a known text with times that follow the loud parts comes out. Only the standard library
is needed: the files are small enough to be put together byte by byte (ONNX is protobuf: onnx.proto, IR version 8).
"""

import json
import math
import pathlib
import struct
import sys

PIECES = ["<unk>", "▁this", "▁is", "▁a", "▁te", "st", "▁mo", "del", ".", "▁It", "▁re", "ads", "▁what", "▁is", "▁told", "!"]
SENTENCE = list(range(1, len(PIECES)))
BLANK = len(PIECES)
DURATIONS = 5
FEATURES = 128
FLOAT, INT32, INT64, BOOL = 1, 6, 7, 9


# Protobuf

def varint(number):
    number &= (1 << 64) - 1
    parts = bytearray()
    while True:
        parts.append(number & 0x7F | (0x80 if number > 0x7F else 0))
        number >>= 7
        if not number:
            return bytes(parts)


def integer(field, number):
    return varint(field << 3) + varint(number)


def piece(field, content):
    content = content.encode() if isinstance(content, str) else content
    return varint(field << 3 | 2) + varint(len(content)) + content


# ONNX

def tensor(name, kind, dims, numbers):
    code = {FLOAT: "f", INT32: "i", INT64: "q"}[kind]
    raw = struct.pack(f"<{len(numbers)}{code}", *numbers)
    return b"".join(integer(1, dim) for dim in dims) + integer(2, kind) + piece(8, name) + piece(9, raw)


def value(name, kind, dims):
    shape = b"".join(piece(1, piece(2, dim) if isinstance(dim, str) else integer(1, dim)) for dim in dims)
    return piece(1, name) + piece(2, piece(1, integer(1, kind) + piece(2, shape)))


def node(kind, inputs, outputs, **attributes):
    content = b"".join(piece(1, name) for name in inputs) + b"".join(piece(2, name) for name in outputs)
    content += piece(4, kind)
    for name, number in attributes.items():
        if isinstance(number, list):
            content += piece(5, piece(1, name) + b"".join(integer(8, one) for one in number) + integer(20, 7))
        else:
            content += piece(5, piece(1, name) + integer(3, number) + integer(20, 2))
    return content


def model(nodes, tensors, inputs, outputs):
    graph = b"".join(piece(1, one) for one in nodes) + piece(2, "tiny") + b"".join(piece(5, one) for one in tensors)
    graph += b"".join(piece(11, one) for one in inputs) + b"".join(piece(12, one) for one in outputs)
    return integer(1, 8) + piece(2, "cast2md tests") + piece(7, graph) + piece(8, integer(2, 17))


def encoder():
    """Frames of 80 ms; each is the mean of its eight feature columns, twice."""
    weights = [1 / (8 * FEATURES)] * (2 * FEATURES * 8)
    nodes = [
        node("Conv", ["audio_signal", "weights"], ["outputs"], kernel_shape=[8], strides=[8], pads=[0, 7]),
        node("Add", ["length", "seven"], ["longer"]), node("Div", ["longer", "eight"], ["encoded_lengths"]),
    ]
    tensors = [
        tensor("weights", FLOAT, [2, FEATURES, 8], weights), tensor("seven", INT64, [], [7]),
        tensor("eight", INT64, [], [8]),
    ]
    return model(
        nodes, tensors, [value("audio_signal", FLOAT, ["b", FEATURES, "t"]), value("length", INT64, ["b"])],
        [value("outputs", FLOAT, ["b", 2, "u"]), value("encoded_lengths", INT64, ["b"])])


def decoder_joint():
    """What follows the token before: its logits are a row of a table; where it is silent, another row."""
    size = BLANK + 1 + DURATIONS
    follower = {BLANK: SENTENCE[0], 0: SENTENCE[0]}
    for before, after in zip(SENTENCE, SENTENCE[1:] + SENTENCE[:1]):
        follower[before] = after
    table = []
    for before in range(BLANK + 1):
        row = [0.0] * size
        # So sure that e^-0.01 is its probability for the first token, e^-0.02 for the second …
        probability = math.exp(-follower[before] / 100)
        row[follower[before]] = math.log(probability * BLANK / (1 - probability))
        row[BLANK + 1 + 4] = 9.0
        table += row
    silence = [0.0] * size
    silence[BLANK] = silence[BLANK + 1 + 1] = 9.0
    nodes = [
        node("Gather", ["table", "targets"], ["rows"], axis=0),
        node("Unsqueeze", ["rows", "first"], ["said"]),
        node("Transpose", ["encoder_outputs"], ["frames"], perm=[0, 2, 1]),
        node("ReduceMean", ["frames"], ["loudness"], axes=[2], keepdims=1),
        node("Unsqueeze", ["loudness", "last"], ["level"]),
        node("Greater", ["level", "nothing"], ["loud"]),
        node("Where", ["loud", "said", "silence"], ["outputs"]),
        node("Identity", ["input_states_1"], ["output_states_1"]),
        node("Identity", ["input_states_2"], ["output_states_2"]),
    ]
    tensors = [
        tensor("table", FLOAT, [BLANK + 1, size], table), tensor("silence", FLOAT, [size], silence),
        tensor("nothing", FLOAT, [], [0.0]), tensor("first", INT64, [1], [1]), tensor("last", INT64, [1], [3]),
    ]
    state = [1, "b", 1]
    return model(
        nodes, tensors,
        [
            value("encoder_outputs", FLOAT, ["b", 2, 1]), value("targets", INT32, ["b", 1]),
            value("target_length", INT32, ["b"]), value("input_states_1", FLOAT, state),
            value("input_states_2", FLOAT, state),
        ],
        [
            value("outputs", FLOAT, ["b", 1, 1, size]), value("output_states_1", FLOAT, state),
            value("output_states_2", FLOAT, state),
        ])


folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
(folder / "encoder-model.int8.onnx").write_bytes(encoder())
(folder / "decoder_joint-model.int8.onnx").write_bytes(decoder_joint())
(folder / "vocab.txt").write_text("".join(f"{text} {index}\n" for index, text in enumerate([*PIECES, "<blk>"])))
(folder / "config.json").write_text(json.dumps(
    {"model_type": "nemo-conformer-tdt", "features_size": FEATURES, "subsampling_factor": 8}))
