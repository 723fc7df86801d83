"""Makes a random TDT model of some hundred kilobytes, and lets NeMo itself say what it hears in some noise.

    tiny_nemo.py FOLDER     writes FOLDER/model/tiny.nemo and FOLDER/reference.json

The reference is NeMo's own `transcribe()`, one segment at a time: texts, and words with their frames. The segments are
made of numbers that anybody can make again (`noise`). Nobody has trained the model; what it says makes no sense, but it
is the real architecture, and it says the same each time.
"""

import json
import logging
import os
import pathlib
import sys
import tempfile

import numpy
import sentencepiece
import torch
from omegaconf import OmegaConf, open_dict

TEXT = """the quick brown fox jumps over the lazy dog . this is a tiny model that nobody has trained , and what it says
makes no sense . does it ? it does not ! numbers like one two three four five six seven eight nine ten are words too .
speech comes in pieces of half a minute , and every piece is made of frames of eighty milliseconds ."""


def noise(seed, count):
    """Bursts of noise from a linear congruence, so that the test makes the very same samples."""
    state, samples = seed, numpy.empty(count, dtype=numpy.int16)
    for index in range(count):
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        loud = (index // 4000) % 3 != 2
        samples[index] = ((state >> 40) % 16384 - 8192) if loud else 0
    return samples


def tokenizer(folder):
    (folder / "text").write_text("\n".join([TEXT] * 4))
    sentencepiece.SentencePieceTrainer.train(
        input=str(folder / "text"), model_prefix=str(folder / "tokenizer"), vocab_size=64, model_type="bpe",
        bos_id=-1, eos_id=-1, pad_id=-1, unk_id=0, minloglevel=2)
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(folder / "tokenizer.model"))
    (folder / "vocab.txt").write_text("".join(f"{pieces.id_to_piece(index)}\n" for index in range(64)))


def build(folder):
    from nemo.collections.asr.models import EncDecRNNTBPEModel

    durations = [0, 1, 2, 3, 4]
    width, hidden = 64, 32
    config = OmegaConf.create({
        "sample_rate": 16000, "compute_eval_loss": False, "log_prediction": False,
        "model_defaults": {
            "enc_hidden": width, "pred_hidden": hidden, "joint_hidden": hidden, "tdt_durations": durations,
            "num_tdt_durations": len(durations)},
        "tokenizer": {"dir": str(folder), "type": "bpe"},
        "preprocessor": {
            "_target_": "nemo.collections.asr.modules.AudioToMelSpectrogramPreprocessor", "sample_rate": 16000,
            "normalize": "per_feature", "window_size": 0.025, "window_stride": 0.01, "window": "hann", "features": 128,
            "n_fft": 512, "frame_splicing": 1, "dither": 0.0, "pad_to": 0},
        "encoder": {
            "_target_": "nemo.collections.asr.modules.ConformerEncoder", "feat_in": 128, "feat_out": -1, "n_layers": 2,
            "d_model": width, "subsampling": "dw_striding", "subsampling_factor": 8, "subsampling_conv_channels": 16,
            "causal_downsampling": False, "ff_expansion_factor": 2, "self_attention_model": "rel_pos", "n_heads": 4,
            "att_context_size": [-1, -1], "xscaling": False, "untie_biases": True, "pos_emb_max_len": 5000,
            "conv_kernel_size": 9, "conv_norm_type": "batch_norm", "dropout": 0.1, "dropout_pre_encoder": 0.1,
            "dropout_emb": 0.0, "dropout_att": 0.1},
        "decoder": {
            "_target_": "nemo.collections.asr.modules.RNNTDecoder", "normalization_mode": None,
            "random_state_sampling": False, "blank_as_pad": True,
            "prednet": {"pred_hidden": hidden, "pred_rnn_layers": 2, "t_max": None, "dropout": 0.2}},
        "joint": {
            "_target_": "nemo.collections.asr.modules.RNNTJoint", "log_softmax": None, "preserve_memory": False,
            "fuse_loss_wer": False, "fused_batch_size": -1, "num_extra_outputs": len(durations),
            "jointnet": {"joint_hidden": hidden, "activation": "relu", "dropout": 0.2, "encoder_hidden": width,
                         "pred_hidden": hidden}},
        "decoding": {
            "strategy": "greedy_batch", "model_type": "tdt", "durations": durations,
            "greedy": {"max_symbols": 10}, "beam": {"beam_size": 2}},
        "loss": {"loss_name": "tdt", "tdt_kwargs": {"durations": durations, "sigma": 0.05, "omega": 0.1}},
        "optim": {"name": "adamw", "lr": 1e-3},
    })
    torch.manual_seed(20)
    model = EncDecRNNTBPEModel(cfg=config).eval()
    give_it_something_to_say(model)
    with open_dict(model.cfg):
        model.cfg.validation_ds = {"use_start_end_token": False}
    return model


def give_it_something_to_say(model):
    """Random weights hear hardly a difference, and say one token for ever: here small differences are made large."""
    signal = torch.from_numpy(numpy.stack([noise(seed, 80_000) for seed in (1, 2, 3)]).astype(numpy.float32) / 32768)
    features, lengths = model.preprocessor(input_signal=signal, length=torch.tensor([signal.shape[1]] * 3))
    frames, _ = model.encoder(audio_signal=features, length=lengths)
    frames = frames.transpose(1, 2).reshape(-1, frames.shape[1])
    torch.manual_seed(5)
    with torch.no_grad():
        joint, last = model.joint, model.joint.joint_net[2]
        joint.enc.weight.copy_(torch.randn_like(joint.enc.weight) / 4 / frames.std(0).mean())
        joint.enc.bias.copy_(-joint.enc.weight @ frames.mean(0))
        joint.pred.weight.copy_(torch.randn_like(joint.pred.weight) * 2 / 3)
        joint.pred.bias.zero_()
        weights = torch.randn_like(last.weight) / 3
        last.weight.copy_(weights - weights.mean(0, keepdim=True))
        last.bias.zero_()
        last.bias[64] = 2


def main():
    logging.disable(logging.WARNING)
    folder = pathlib.Path(sys.argv[1])
    (folder / "model").mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        tokenizer(pathlib.Path(scratch))
        model = build(pathlib.Path(scratch))
        model.save_to(str(folder / "model" / "tiny.nemo"))
    segments = [(seed, 16_000 + 12_345 * seed % 200_000) for seed in range(1, 65)]
    reference = []
    for seed, count in segments:
        audio = noise(seed, count).astype(numpy.float32) / 32768
        (heard,) = model.transcribe([audio], batch_size=1, timestamps=True, verbose=False)
        reference.append({
            "seed": seed, "count": count, "text": heard.text,
            "words": [{"text": word["word"], "start": word["start_offset"]} for word in heard.timestamp["word"]],
        })
    (folder / "reference.json").write_text(json.dumps(reference, ensure_ascii=False))
    print(f"{os.path.getsize(folder / 'model' / 'tiny.nemo')} bytes, "
          f"{sum(weight.numel() for weight in model.parameters())} parameters, "
          f"{sum(len(one['words']) for one in reference)} words in {len(reference)} segments")


main()
