"""Does with RunPod's own Python package what a fleet does, and prints what it saw as JSON."""

import json
import sys
import urllib.request

import runpod
from runpod.error import AuthenticationError, QueryError

base, key = sys.argv[1:3]
runpod.api_key = key
seen = {"version": runpod.__version__}

gpus = runpod.get_gpus()
seen["gpus"] = [gpu["id"] for gpu in gpus]
gpu = runpod.get_gpu("NVIDIA RTX A5000")
seen["gpu"] = {name: gpu[name] for name in ("displayName", "memoryInGb", "securePrice", "communityPrice")}
seen["lowest"] = gpu["lowestPrice"]["uninterruptablePrice"]

made = runpod.create_pod(
    name="sdk-1", image_name="ghcr.io/example/afterburner:1", gpu_type_id="NVIDIA RTX A5000", cloud_type="COMMUNITY",
    container_disk_in_gb=40, ports="22/tcp,8080/http", env={"INSTANCE_ID": "a3f2"}, docker_args="sleep 1000")
seen["made"] = sorted(made)
seen["machine"] = sorted(made["machine"])

pods = runpod.get_pods()
seen["listed"] = [[pod["id"] == made["id"], pod["name"], pod["desiredStatus"], pod["env"]] for pod in pods]
one = runpod.get_pod(made["id"])
seen["one"] = [one["name"], one["costPerHr"], one["imageName"], one["machine"]["gpuDisplayName"], one["dockerArgs"]]

runpod.terminate_pod(made["id"])
seen["after"] = [runpod.get_pods(), runpod.get_pod(made["id"])]

request = urllib.request.Request(
    base + "/emulator/faults", json.dumps({"kind": "noCapacity", "count": 1}).encode(), method="POST")
urllib.request.urlopen(request).read()
try:
    runpod.create_pod("sdk-2", "i", "NVIDIA RTX A5000")
except QueryError as error:
    seen["capacity"] = str(error)

try:
    runpod.get_gpu("NVIDIA NOTHING")
except ValueError as error:
    seen["absent"] = str(error)[:12]

runpod.api_key = "wrong"
try:
    runpod.get_pods()
except AuthenticationError as error:
    seen["unauthorized"] = type(error).__name__

print("SEEN " + json.dumps(seen, sort_keys=True))
