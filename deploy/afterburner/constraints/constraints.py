"""Resolves what an engine is made of, and writes it down with digests. Run by ../check-constraints, with uv on the PATH."""

import pathlib
import re
import subprocess
import sys
import tempfile
import tomllib

HERE = pathlib.Path(__file__).parent
FILES = HERE.parent.parent.parent / "Sources/EmbeddedEngine/files"
OLDEST = "3.10"


def uv(*arguments, folder=None):
    """What uv answers; None with its complaint on standard error, if it cannot."""
    done = subprocess.run(["uv", *map(str, arguments)], cwd=folder, capture_output=True, text=True)
    return (done.returncode == 0, done.stdout, done.stderr)


def resolve(source, pins=None):
    """The packages of a source file, as uv writes them into a lock file."""
    described = tomllib.loads(source.read_text())
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "pyproject.toml").write_text(source.read_text())
        choices = ["--only-binary", ":all:"]
        for name in described["tool"]["cast2md"]["from-source"]:
            choices += ["--no-binary", name]
        if pins:
            (folder / "pins.txt").write_text("".join(f"{pin}\n" for pin in pins))
            choices += ["--constraint", folder / "pins.txt"]
        good, _, complaint = uv(
            "pip", "compile", "-q", "--universal", "--python-version", OLDEST, "--format", "pylock.toml", *choices,
            "pyproject.toml", "-o", folder / "pylock.toml", folder=folder)
        if not good:
            sys.exit(f"{source.name} does not resolve:\n{complaint}")
        packages = tomllib.loads((folder / "pylock.toml").read_text())["packages"]
        pins = "".join(f"{package['name']}=={package['version']}" + (f" ; {package['marker']}\n" if "marker" in package else "\n") for package in packages)
        (folder / "pins.txt").write_text(pins)
        good, out, complaint = uv(
            "pip", "compile", "-q", "--universal", "--python-version", OLDEST, "--no-strip-extras", "--no-annotate",
            "--no-header", "--constraint", folder / "pins.txt", "pyproject.toml", folder=folder)
        if not good:
            sys.exit(f"{source.name} does not resolve a second time:\n{complaint}")
    # Lock files leave out the extras. pip wants them named: with digests, "fsspec" does not stand for "fsspec[http]".
    asked = {name: extras for name, extras in re.findall(r"^([a-z0-9-]+)(\[[a-z0-9,-]+\])==", out, re.MULTILINE)}
    # What the source file itself asks for is listed whole; its overrides stand against the extras' own requirements.
    named = {re.match(r"[A-Za-z0-9._-]+", text)[0].lower().replace("_", "-") for text in described["project"]["dependencies"]}
    for package in packages:
        package["extras"] = "" if package["name"] in named else asked.get(package["name"], "")
    return packages


def shortened(marker, source):
    """A package's marker without what holds wherever the file is used at all."""
    if " or " in marker:
        return marker
    environments = tomllib.loads(source.read_text())["tool"]["uv"]["environments"]
    given = set(environments[0].split(" and ")) if len(environments) == 1 else set()
    given |= {f"python_full_version >= '{OLDEST}'"}
    return " and ".join(part for part in marker.split(" and ") if part and part not in given)


def is_wanted(name, source):
    """Whether a wheel can be used on a machine that the source file is for."""
    python, abi, platform = name.removesuffix(".whl").split("-")[-3:]
    versions = tomllib.loads(source.read_text())["project"]["requires-python"]
    newest = int(re.search(r"<3\.(\d+)", versions).group(1)) - 1
    pythons = [int(minor) for minor in re.findall(r"cp3(\d+)", python)]
    if pythons and not any(10 <= minor <= newest or (abi == "abi3" and minor <= newest) for minor in pythons):
        return False
    if not pythons and "py3" not in python:
        return False
    if abi.endswith("t"):
        return False
    only_x86 = "x86_64" in "".join(tomllib.loads(source.read_text())["tool"]["uv"]["environments"])
    machines = ["x86_64"] if only_x86 else ["x86_64", "aarch64"]
    good = ["any"] + [f"linux.*_{machine}" for machine in machines]
    if not only_x86:
        good.append("macosx.*")
    return any(re.fullmatch(pattern, part.replace("many", "", 1)) for part in platform.split(".") for pattern in good)


def files(package, source):
    """A package's files that can be used: name, size, digest."""
    found = [
        (wheel.get("name") or wheel["url"].rsplit("/", 1)[1], wheel["size"], wheel["hashes"]["sha256"])
        for wheel in package.get("wheels", [])
    ]
    found = [wheel for wheel in found if is_wanted(wheel[0], source)]
    if not found:
        sdist = package["sdist"]
        found = [(sdist["url"].rsplit("/", 1)[1], sdist["size"], sdist["hashes"]["sha256"])]
    return found


def written(source, title):
    """The whole constraints file."""
    described = tomllib.loads(source.read_text())
    lines = [
        f"# {title}",
        f"# Made from deploy/afterburner/constraints/{source.name}, by deploy/afterburner/check-constraints --write.",
    ]
    for name in described["tool"]["cast2md"]["from-source"]:
        lines.append(f"--no-binary {name}")
    for package in resolve(source):
        marker = shortened(package.get("marker", ""), source)
        lines.append(f"{package['name']}{package['extras']}=={package['version']}" + (f" ; {marker}" if marker else "") + " \\")
        digests = sorted(digest for _, _, digest in files(package, source))
        lines += [f"    --hash=sha256:{digest} \\" for digest in digests[:-1]] + [f"    --hash=sha256:{digests[-1]}"]
    return "\n".join(lines) + "\n"
