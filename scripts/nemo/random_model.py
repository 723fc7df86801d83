"""A TDT model of parakeet-tdt-0.6b-v3's architecture with random weights, in any size: nobody has trained it, and what
it says makes no sense, but it computes what the real one computes."""

import dataclasses
import random

import numpy
import sentencepiece
import torch
from omegaconf import OmegaConf, open_dict

DURATIONS = [0, 1, 2, 3, 4]

TEXT = """the quick brown fox jumps over the lazy dog . this is a tiny model that nobody has trained , and what it says
makes no sense . does it ? it does not ! numbers like one two three four five six seven eight nine ten are words too .
speech comes in pieces of half a minute , and every piece is made of frames of eighty milliseconds ."""


@dataclasses.dataclass
class Size:
    layers: int
    width: int
    # Of the decoder and of the joint network.
    hidden: int
    # Of the convolutions that turn eight frames of sound into one.
    channels: int
    heads: int
    pieces: int


# 178,000 parameters, a megabyte.
TINY = Size(layers=2, width=64, hidden=32, channels=16, heads=4, pieces=64)
# As the real model's configuration has it (huggingface.co/nvidia/parakeet-tdt-0.6b-v3): 627 million parameters.
FULL = Size(layers=24, width=1024, hidden=640, channels=256, heads=8, pieces=8192)


def words(count, seed=3):
    """As many invented words: enough different ones for a large vocabulary."""
    choice = random.Random(seed)
    syllables = [head + vowel + tail for head in "bdfgklmnprstvz" for vowel in "aeiou" for tail in ("", "n", "r", "s")]
    return ["".join(choice.choices(syllables, k=choice.randint(2, 4))) for _ in range(count)]


def tokenizer(folder, size):
    text = [TEXT] * 4
    if size.pieces > 64:
        invented = words(60_000)
        text += [" ".join(invented[first:first + 60]) for first in range(0, len(invented), 60)]
    (folder / "text").write_text("\n".join(text))
    sentencepiece.SentencePieceTrainer.train(
        input=str(folder / "text"), model_prefix=str(folder / "tokenizer"), vocab_size=size.pieces, model_type="bpe",
        bos_id=-1, eos_id=-1, pad_id=-1, unk_id=0, minloglevel=2)
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(folder / "tokenizer.model"))
    (folder / "vocab.txt").write_text("".join(f"{pieces.id_to_piece(index)}\n" for index in range(size.pieces)))


def build(folder, size, seed=20):
    """The model, ready to be saved. `folder` is for the tokenizer's files."""
    from nemo.collections.asr.models import EncDecRNNTBPEModel

    tokenizer(folder, size)
    config = OmegaConf.create({
        "sample_rate": 16000, "compute_eval_loss": False, "log_prediction": False,
        "model_defaults": {
            "enc_hidden": size.width, "pred_hidden": size.hidden, "joint_hidden": size.hidden,
            "tdt_durations": DURATIONS, "num_tdt_durations": len(DURATIONS)},
        "tokenizer": {"dir": str(folder), "type": "bpe"},
        "preprocessor": {
            "_target_": "nemo.collections.asr.modules.AudioToMelSpectrogramPreprocessor", "sample_rate": 16000,
            "normalize": "per_feature", "window_size": 0.025, "window_stride": 0.01, "window": "hann", "features": 128,
            "n_fft": 512, "frame_splicing": 1, "dither": 0.0, "pad_to": 0},
        "encoder": {
            "_target_": "nemo.collections.asr.modules.ConformerEncoder", "feat_in": 128, "feat_out": -1,
            "n_layers": size.layers, "d_model": size.width, "subsampling": "dw_striding", "subsampling_factor": 8,
            "subsampling_conv_channels": size.channels, "causal_downsampling": False, "ff_expansion_factor": 2
            if size.width < 512 else 4, "self_attention_model": "rel_pos", "n_heads": size.heads,
            "att_context_size": [-1, -1], "xscaling": False, "untie_biases": True, "pos_emb_max_len": 5000,
            "conv_kernel_size": 9, "conv_norm_type": "batch_norm", "dropout": 0.1, "dropout_pre_encoder": 0.1,
            "dropout_emb": 0.0, "dropout_att": 0.1},
        "decoder": {
            "_target_": "nemo.collections.asr.modules.RNNTDecoder", "normalization_mode": None,
            "random_state_sampling": False, "blank_as_pad": True,
            "prednet": {"pred_hidden": size.hidden, "pred_rnn_layers": 2, "t_max": None, "dropout": 0.2}},
        "joint": {
            "_target_": "nemo.collections.asr.modules.RNNTJoint", "log_softmax": None, "preserve_memory": False,
            "fuse_loss_wer": False, "fused_batch_size": -1, "num_extra_outputs": len(DURATIONS),
            "jointnet": {"joint_hidden": size.hidden, "activation": "relu", "dropout": 0.2,
                         "encoder_hidden": size.width, "pred_hidden": size.hidden}},
        "decoding": {
            "strategy": "greedy_batch", "model_type": "tdt", "durations": DURATIONS,
            "greedy": {"max_symbols": 10}, "beam": {"beam_size": 2}},
        "loss": {"loss_name": "tdt", "tdt_kwargs": {"durations": DURATIONS, "sigma": 0.05, "omega": 0.1}},
        "optim": {"name": "adamw", "lr": 1e-3},
    })
    torch.manual_seed(seed)
    model = EncDecRNNTBPEModel(cfg=config).eval()
    with open_dict(model.cfg):
        model.cfg.validation_ds = {"use_start_end_token": False}
    return model


def encode(model, audio):
    """Frames of the encoder, and how many each recording has. `audio`: rows of equal length."""
    signal = torch.from_numpy(numpy.stack(audio))
    features, lengths = model.preprocessor(input_signal=signal, length=torch.tensor([signal.shape[1]] * len(audio)))
    return model.encoder(audio_signal=features, length=lengths)


def give_it_something_to_say(model, audio):
    """Random weights hear hardly a difference, and say one token for ever: here small differences are made large."""
    frames, _ = encode(model, audio)
    frames = frames.transpose(1, 2).reshape(-1, frames.shape[1])
    torch.manual_seed(5)
    with torch.no_grad():
        joint, last = model.joint, model.joint.joint_net[2]
        # As wide as the tiny model's sums, whatever the size.
        inner = (joint.pred.weight.shape[1] / 32) ** 0.5
        outer = (joint.enc.weight.shape[1] / 64) ** 0.5
        joint.enc.weight.copy_(torch.randn_like(joint.enc.weight) / 4 / frames.std(0).mean() / outer)
        joint.enc.bias.copy_(-joint.enc.weight @ frames.mean(0))
        joint.pred.weight.copy_(torch.randn_like(joint.pred.weight) * 2 / 3 / inner)
        joint.pred.bias.zero_()
        weights = torch.randn_like(last.weight) / 3 / inner
        last.weight.copy_(weights - weights.mean(0, keepdim=True))
        last.bias.zero_()
        last.bias[len(model.joint.vocabulary)] = 2


def talk_as_fast_as_people(model, audio, seconds, wanted=4.0):
    """Sets the weight of “nothing was said” so that so many tokens a second come out as speech has (13,000 to 15,000 an
    hour): the decoder's share of the time depends on it. Returns how many come."""
    frames, counts = encode(model, audio)
    bias = model.joint.joint_net[2].bias
    low, high, rate = 0.0, 20.0, 0.0
    for _ in range(12):
        with torch.no_grad():
            bias[len(model.joint.vocabulary)] = (low + high) / 2
        (heard,) = model.decoding.decoding(encoder_output=frames, encoded_lengths=counts, partial_hypotheses=None)
        rate = sum(len(one.y_sequence) for one in heard) / seconds / len(audio)
        if abs(rate - wanted) < 0.3:
            break
        low, high = ((low + high) / 2, high) if rate > wanted else (low, (low + high) / 2)
    return rate
