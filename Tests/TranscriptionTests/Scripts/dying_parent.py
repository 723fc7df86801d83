"""Starts the helper, gives it a batch, prints its pid, and dies without any chance to tidy up.

    dying_parent.py FOLDER     FOLDER: where helper.py, engine_scripted.py and its lives are
"""

import json
import os
import signal
import struct
import subprocess
import sys

folder = sys.argv[1]
helper = subprocess.Popen(
    [sys.executable, "-u", folder + "/helper.py", "engine_scripted", json.dumps({"model": folder})],
    stdin=subprocess.PIPE, stdout=subprocess.PIPE)
length, _ = struct.unpack(">II", helper.stdout.read(8))
assert json.loads(helper.stdout.read(length))["hello"] == 1
header = json.dumps({"id": 0, "segments": [1]}).encode()
helper.stdin.write(struct.pack(">II", len(header), 2) + header + bytes(2))
helper.stdin.flush()
print(helper.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
