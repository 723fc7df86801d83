"""What the engines are made of: resolved, pinned with digests, and checked. Run by ../check-constraints, which brings uv.

Resolving reads metadata only: nothing large is fetched, and no GPU is asked.
"""

import argparse
import pathlib
import re
import subprocess
import sys
import tempfile
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
EMBEDDED = HERE.parent.parent.parent / "Sources/EmbeddedEngine/files"
OLDEST = "3.10"
TITLES = {
    "nemo": "What the NeMo engine is made of, pinned with digests; for Python 3.10 to 3.12 on Linux with x86-64.",
    "onnx-asr": "What the onnx-asr engine is made of, pinned with digests; for Python 3.10 and later.",
    "cuda124": "What the image takes instead of the NeMo engine's CUDA libraries, for PyTorch's build for CUDA 12.4.",
}


class Unresolved(Exception):
    """uv's explanation."""


def uv(*arguments, folder):
    done = subprocess.run(["uv", *map(str, arguments)], cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        raise Unresolved(done.stderr.strip())
    return done.stdout


class Source:
    """One of the .toml files here."""

    def __init__(self, name):
        self.name = name
        self.told = tomllib.loads((HERE / f"{name}.toml").read_text())
        self.ours = self.told["tool"]["cast2md"]
        self.environments = self.told["tool"]["uv"]["environments"]
        newest = re.search(r"<3\.(\d+)", self.told["project"]["requires-python"])
        self.newest = int(newest[1]) - 1
        self.only_x86 = "x86_64" in "".join(self.environments)

    def project(self, dependencies=None, overrides=()):
        """The text of a pyproject.toml, with other dependencies or more overrides on demand."""
        overrides = self.told["tool"]["uv"].get("override-dependencies", []) + list(overrides)
        lists = lambda items: "[" + ", ".join('"' + item.replace('"', "'") + '"' for item in items) + "]"
        return (
            f'[project]\nname = "{self.told["project"]["name"]}"\nversion = "0"\n'
            f'requires-python = "{self.told["project"]["requires-python"]}"\n'
            f'dependencies = {lists(dependencies or self.told["project"]["dependencies"])}\n'
            f"[tool.uv]\nenvironments = {lists(self.environments)}\noverride-dependencies = {lists(overrides)}\n")

    def resolve(self, pins=(), overrides=()):
        """The packages as a lock file lists them, each with the extras that others ask of it."""
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            (folder / "pyproject.toml").write_text(self.project(overrides=overrides))
            common = ["--universal", "--python-version", OLDEST, "--quiet", "--only-binary", ":all:"]
            for name in self.ours["from-source"]:
                common += ["--no-binary", name]
            (folder / "pins.txt").write_text("\n".join(pins))
            uv("pip", "compile", *common, "--format", "pylock.toml", "--constraint", "pins.txt", "pyproject.toml",
               "-o", "pylock.toml", folder=folder)
            packages = tomllib.loads((folder / "pylock.toml").read_text())["packages"]
            (folder / "pins.txt").write_text("\n".join(
                f"{package['name']}=={package['version']}"
                + (f" ; {package['marker']}" if "marker" in package else "") for package in packages))
            listed = uv("pip", "compile", *common, "--no-strip-extras", "--no-annotate", "--no-header", "--constraint",
                        "pins.txt", "pyproject.toml", folder=folder)
        # A lock file leaves out the extras, and pip with digests wants them named: “fsspec” does not stand for
        # “fsspec[http]”. Not for what the source file itself asks for: its overrides stand against those extras.
        extras = dict(re.findall(r"^([a-z0-9-]+)(\[[a-z0-9,-]+\])==", listed, re.MULTILINE))
        for text in self.told["project"]["dependencies"]:
            extras.pop(re.match(r"[A-Za-z0-9._-]+", text)[0].lower().replace("_", "-"), None)
        for package in packages:
            package["extras"] = extras.get(package["name"], "")
        return packages

    def files(self, package):
        """A package's files that fit the machines this is for: name, size, digest; its source where no wheel is there."""
        wheels = [
            (wheel.get("name") or wheel["url"].rsplit("/", 1)[1], wheel["size"], wheel["hashes"]["sha256"])
            for wheel in package.get("wheels", [])
        ]
        fitting = [wheel for wheel in wheels if self.fits(wheel[0])]
        if fitting:
            return fitting
        if package["name"] not in self.ours["from-source"]:
            raise Unresolved(f"{package['name']} {package['version']} has no wheel that fits")
        sdist = package["sdist"]
        return [(sdist["url"].rsplit("/", 1)[1], sdist["size"], sdist["hashes"]["sha256"])]

    def fits(self, wheel):
        python, abi, platform = wheel.removesuffix(".whl").split("-")[-3:]
        versions = [int(minor) for minor in re.findall(r"cp3(\d+)", python)]
        if versions:
            lowest = 3 if abi == "abi3" else int(OLDEST.split(".")[1])
            if not any(lowest <= version <= self.newest for version in versions) or abi.endswith("t"):
                return False
        elif "py3" not in python:
            return False
        machines = "x86_64" if self.only_x86 else "x86_64|aarch64"
        systems = rf"any|(many)?linux.*_({machines})" + ("" if self.only_x86 else "|macosx.*")
        return any(re.fullmatch(systems, part) for part in platform.split("."))

    def line(self, package):
        """A package in the form that pip reads."""
        given = set()
        if len(self.environments) == 1:
            given = {f"python_full_version >= '{OLDEST}'", *self.environments[0].split(" and ")}
        marker = package.get("marker", "")
        # What holds on every machine this is for need not be said.
        parts = [part for part in re.split(r" and (?![^(]*\))", marker) if part and part not in given]
        digests = sorted({digest for _, _, digest in self.files(package)})
        return (
            f"{package['name']}{package['extras']}=={package['version']}"
            + (f" ; {' and '.join(parts)}" if parts else "")
            + "".join(f" \\\n    --hash=sha256:{digest}" for digest in digests) + "\n")

    def text(self, packages, title):
        return "".join(
            [f"# {title}\n", f"# Made from deploy/afterburner/constraints/{self.name}.toml, "
             "by deploy/afterburner/check-constraints --write.\n"]
            + [f"--no-binary {name}\n" for name in self.ours["from-source"] if any(p["name"] == name for p in packages)]
            + [self.line(package) for package in packages])


def pins_of(path):
    """A written file's packages without digests, as constraints for resolving anew."""
    pins = []
    for line in path.read_text().splitlines() if path.exists() else []:
        if found := re.match(r"([a-z0-9-]+)(?:\[[^]]*\])?(==[^ ]+)( ; [^\\]+)?", line):
            pins.append(found[1] + found[2] + (found[3] or "").rstrip())
    return pins


def exchanged(source, packages):
    """The packages that the image takes instead; everything else stays as it is pinned.

    - Raises: `Unresolved` when the whole set does not go together any more.
    """
    exchange = source.ours["exchange"]
    names = {text.split("==")[0] for text in exchange["instead"]}
    pins = [f"{p['name']}=={p['version']}" + (f" ; {p['marker']}" if "marker" in p else "")
            for p in packages if p["name"] not in names]
    whole = source.resolve(pins=pins, overrides=exchange["instead"])
    strange = {p["name"] for p in whole} ^ {p["name"] for p in packages}
    if strange:
        raise Unresolved(f"with {exchange['name']} come or go: {', '.join(sorted(strange))}")
    return [package for package in whole if package["name"] in names]


def resolves(source, nemo, torch):
    """Whether a NeMo and a PyTorch go together with CUDA 12's bindings, without any override of ours; from sources too."""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "asked.in").write_text(
            f"nemo_toolkit[asr]=={nemo}\ntorch=={torch}\ntorchaudio=={torch}\ncuda-python<13\ncuda-bindings<13\n")
        try:
            uv("pip", "compile", "--quiet", "--python-version", "3.10", "--python-platform", "x86_64-manylinux_2_28",
               "asked.in", "-o", "found.txt", folder=folder)
        except Unresolved as explanation:
            return False, " ".join(str(explanation).split())
        return True, f"{len(re.findall('^[a-z]', (folder / 'found.txt').read_text(), re.MULTILINE))} packages"


def check_installable(path, newest):
    """That pip's rules (all pinned, all with digests) hold on each Python; nothing is fetched."""
    for minor in range(10, newest + 1):
        with tempfile.TemporaryDirectory() as folder:
            uv("pip", "install", "--dry-run", "--quiet", "--require-hashes", "--python-version", f"3.{minor}",
               "--python-platform", "x86_64-manylinux_2_35", "--target", "none", "-r", path, folder=folder)
        print(f"ok      {path.name} can be installed on Python 3.{minor}")


def main():
    parser = argparse.ArgumentParser(prog="deploy/afterburner/check-constraints", description=__doc__.split("\n")[0])
    parser.add_argument("--write", action="store_true", help="write the pinned sets; what is pinned already stays")
    parser.add_argument("--newest", action="store_true", help="with --write: the newest of everything that fits")
    parser.add_argument("--without-matrix", action="store_true", help="skip the proof which NeMo goes with which PyTorch")
    chosen = parser.parse_args()
    faults = []

    for name in ("nemo", "onnx-asr"):
        source, path = Source(name), EMBEDDED / f"{name}.txt"
        packages = source.resolve(pins=[] if chosen.newest else pins_of(path))
        parts = [(path, source.text(packages, TITLES[name]))]
        if "exchange" in source.ours:
            other = source.ours["exchange"]["name"]
            parts.append((HERE / f"{other}.txt", source.text(exchanged(source, packages), TITLES[other])))
        for file, text in parts:
            if chosen.write:
                file.write_text(text)
            same = file.exists() and file.read_text() == text
            print(f"{'ok' if same else 'WRONG':7} {file.name}: {text.count(' --hash')} digests of "
                  f"{len(re.findall('^[a-z].*==', text, re.MULTILINE))} packages" + ("" if same else "; run with --write"))
            if not same:
                faults.append(file.name)
        check_installable(path, min(source.newest, 13))

    if not chosen.without_matrix:
        source = Source("nemo")
        for nemo, torch, expected in source.ours["matrix"]["rows"]:
            good, words = resolves(source, nemo, torch)
            right = good == (expected == "yes")
            print(f"{'ok' if right else 'WRONG':7} NeMo {nemo} with PyTorch {torch} and CUDA 12's bindings: "
                  f"{'resolves, ' if good else 'does not resolve: '}{words[-300:]}")
            if not right:
                faults.append(f"NeMo {nemo} with PyTorch {torch}")

    if faults:
        sys.exit(f"not as it is written down: {', '.join(faults)}")


if __name__ == "__main__":
    try:
        main()
    except Unresolved as explanation:
        sys.exit(f"does not resolve:\n{explanation}")
