"""What the image's layers weigh. Run by ../estimate-size, which brings uv.

Wheels and Debian's packages are compressed, as layers are when they are pulled, so their sizes stand for the layers'.
"""

import gzip
import pathlib
import re
import sys

from constraints import EMBEDDED, HERE, Source

# Of the image's Python.
PYTHON = "310"
# Not to be had from here without the registry: NVIDIA's base as its registry shows it, rounded.
BASE_MB = 1900
# ffmpeg with what it needs, Python, curl, jq and the rest, as apt says (“Need to get”), rounded.
PACKAGES_MB = 130
# The Tailscale archive, and Parakeet as the hub has it; neither gets smaller.
TAILSCALE_MB = 34
MODEL_MB = 2510


def suits(name):
    python, abi, _ = name.removesuffix(".whl").split("-")[-3:] if name.endswith(".whl") else ("py3", "none", "any")
    return f"cp{PYTHON}" in python or "py3" in python or abi == "abi3"


def of_set(source):
    """Bytes of each package of a set, as this image's Python takes it."""
    sizes = {}
    for package in source.resolve():
        if re.search(r"python_full_version (>=|>) '3\.1[1-9]'", package.get("marker", "")):
            continue
        files = [size for name, size, _ in source.files(package) if suits(name)]
        if files:
            sizes[package["name"]] = max(files)
    return sizes


def main():
    nemo = of_set(Source("nemo"))
    cuda = {name: size for name, size in nemo.items() if name.startswith("nvidia-") or name == "triton"}
    torch = nemo.get("torch", 0) + nemo.get("torchaudio", 0)
    rest = sum(nemo.values()) - sum(cuda.values()) - torch
    rows = [
        ("NVIDIA's base, CUDA 12.4.1 with cuDNN (rounded)", BASE_MB),
        ("ffmpeg, Python and tools (rounded)", PACKAGES_MB),
        ("Tailscale", TAILSCALE_MB),
        ("faster-whisper", 160),
        ("NeMo: PyTorch and torchaudio", torch / 1e6),
        # Exchanged for those of CUDA 12.4 within one layer; they weigh about the same.
        ("NeMo: CUDA's libraries", sum(cuda.values()) / 1e6),
        (f"NeMo: the other {len(nemo) - len(cuda) - 2} packages", rest / 1e6),
        ("Parakeet TDT 0.6B v3", MODEL_MB),
    ]
    program = None
    if len(sys.argv) > 1:
        path = pathlib.Path(sys.argv[1])
        program = len(gzip.compress(path.read_bytes(), 6)) / 1e6
        rows.append((f"our program ({path.stat().st_size / 1e6:.0f} MB, compressed)", program))
    for name, size in rows:
        print(f"{size:8.0f} MB  {name}")
    print(f"{sum(size for _, size in rows):8.0f} MB  together")
    if program:
        print(f"\nA new version of our program on the same base: {program:.0f} MB.")


if __name__ == "__main__":
    main()
