#!/usr/bin/env python3
"""A tailnet as far as a pod sees it: `tailscaled` and `tailscale`, which are links to this file.

Behaviour as of Tailscale's sources (cmd/tailscaled/proxy.go, net/proxymux, cmd/tailscale/cli/up.go): the outbound proxy
speaks HTTP and SOCKS5 on one port, takes CONNECT to any port and absolute URIs, looks names up itself, and says why it could
not connect in `Tailscale-Connect-Error`. `up` waits for ever unless it is told how long; a one-off key is good for one log-in;
a node whose state is in memory logs out when its daemon is asked to end.

The tailnet itself is a folder, named by FAKE_TAILNET, with `tailnet.json`:
  hosts   address in the tailnet -> address here; what is not among them is dialled as it is
  names   name -> address in the tailnet
  denied  [address, …] that the rules let nobody reach
  keys    key -> "reusable" or "once"
  address what this node gets
  up      "blocks": no log-in ever succeeds
  refuses request, like "POST /api/nodes/*" -> the sentence with which the server refuses it; a page that begins with
          "<" comes with 404, as from something in front of a server that is being updated
and with what happens there: `requests` (a line of JSON each), `nodes/`, `used/`.
"""

import asyncio
import fnmatch
import json
import os
import signal
import socket
import sys
import time

FOLDER = os.environ["FAKE_TAILNET"]


def tailnet():
    with open(os.path.join(FOLDER, "tailnet.json")) as file:
        return json.load(file)


def flags(arguments):
    values, rest = {}, []
    for argument in arguments:
        if argument.startswith("--"):
            name, _, value = argument[2:].partition("=")
            values[name] = value or True
        else:
            rest.append(argument)
    return values, rest


class Daemon:
    def __init__(self, values):
        self.values = values
        self.state = "NeedsLogin"
        self.hostname = None

    def note(self, **what):
        what["at"] = time.time()
        with open(os.path.join(FOLDER, "requests"), "a") as file:
            file.write(json.dumps(what) + "\n")

    @property
    def node(self):
        return os.path.join(FOLDER, "nodes", self.hostname or "-")

    # The local socket, which `tailscale` asks.

    async def answer(self, reader, writer):
        request = json.loads(await reader.readline())
        answer = await getattr(self, "do_" + request.pop("do"))(**request)
        writer.write(json.dumps(answer).encode() + b"\n")
        await writer.drain()
        writer.close()

    async def do_up(self, key, hostname, tags, ssh, timeout):
        world = tailnet()
        if ssh and "statedir" not in self.values:
            print("warning: unable to get SSH host keys, SSH will appear as disabled for this node: "
                  "no var root for ssh keys", flush=True)
        if world.get("up") == "blocks":
            await asyncio.sleep(timeout if timeout else 1_000_000)
            return {"status": 1, "text": "timeout waiting for Tailscale service to enter a Running state; "
                                         "check health with \"tailscale status\""}
        kind = world.get("keys", {}).get(key)
        used = os.path.join(FOLDER, "used", key.replace("/", "_"))
        if kind is None or (kind == "once" and os.path.exists(used)):
            return {"status": 1, "text": "backend error: invalid key: API key does not exist"}
        open(used, "w").close()
        self.hostname = hostname
        with open(self.node, "w") as file:
            json.dump({"tags": tags, "ssh": ssh, "ephemeral": self.values.get("state") == "mem:"}, file)
        self.state = "Running"
        return {"status": 0, "text": ""}

    async def do_ip(self):
        if self.state != "Running":
            return {"status": 1, "text": f"no current Tailscale IPs; state: {self.state}"}
        return {"status": 0, "text": tailnet()["address"]}

    async def do_status(self, as_json):
        if not as_json:
            return {"status": 0 if self.state == "Running" else 1, "text": self.state}
        return {"status": 0, "text": json.dumps({
            "BackendState": self.state, "Self": {"HostName": self.hostname, "Online": self.state == "Running"}})}

    async def do_logout(self):
        self.log_out()
        return {"status": 0, "text": ""}

    def log_out(self):
        if self.hostname and os.path.exists(self.node):
            os.remove(self.node)
        self.state = "NeedsLogin"

    # The proxy.

    async def dial(self, host, port):
        world = tailnet()
        address = world.get("names", {}).get(host, host)
        if address.startswith("100.") and self.state != "Running":
            raise OSError(f"dial tcp {address}:{port}: no route to host")
        if address in world.get("denied", []):
            raise OSError(f"dial tcp {address}:{port}: connect: operation timed out")
        return await asyncio.open_connection(world.get("hosts", {}).get(address, address), port)

    async def serve(self, reader, writer):
        try:
            first = await reader.readexactly(1)
            if first == b"\x05":
                await self.socks(reader, writer)
            else:
                await self.http(first, reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()

    async def http(self, first, reader, writer):
        head = first + await reader.readuntil(b"\r\n\r\n")
        line, _, fields = head.partition(b"\r\n")
        method, target, _ = line.decode().split(" ")
        if method == "CONNECT":
            host, _, port = target.rpartition(":")
            try:
                upstream = await self.dial(host.strip("[]"), int(port))
            except OSError as error:
                self.note(kind="CONNECT", target=target, error=str(error))
                writer.write(f"HTTP/1.1 500 Internal Server Error\r\nTailscale-Connect-Error: {error}\r\n"
                             "Content-Length: 0\r\n\r\n".encode())
                await writer.drain()
                return
            self.note(kind="CONNECT", target=target)
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            await self.tunnel(reader, writer, *upstream)
        elif target.startswith("http://"):
            place, _, path = target[7:].partition("/")
            host, _, port = place.partition(":")
            try:
                upstream = await self.dial(host, int(port or 80))
            except OSError as error:
                self.note(kind=method, target=target, error=str(error))
                writer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
                await writer.drain()
                return
            self.note(kind=method, target=target)
            upstream[1].write(f"{method} /{path} HTTP/1.1\r\nConnection: close\r\n".encode() + fields)
            await self.tunnel(reader, writer, *upstream)
        else:
            body = b"bogus RequestURI; must be absolute URL or CONNECT\n"
            writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
            await writer.drain()

    async def socks(self, reader, writer):
        await reader.readexactly((await reader.readexactly(1))[0])
        writer.write(b"\x05\x00")
        _, command, _, kind = await reader.readexactly(4)
        if kind == 1:
            host = socket.inet_ntoa(await reader.readexactly(4))
        elif kind == 3:
            host = (await reader.readexactly((await reader.readexactly(1))[0])).decode()
        else:
            host = socket.inet_ntop(socket.AF_INET6, await reader.readexactly(16))
        port = int.from_bytes(await reader.readexactly(2), "big")
        failed = b"\x05\x04\x00\x01\0\0\0\0\0\0"
        if command != 1:
            writer.write(b"\x05\x07" + failed[2:])
            return
        try:
            upstream = await self.dial(host, port)
        except OSError:
            writer.write(failed)
            return
        self.note(kind="SOCKS5", target=f"{host}:{port}")
        writer.write(b"\x05\x00" + failed[2:])
        await self.tunnel(reader, writer, *upstream)

    async def tunnel(self, reader, writer, far_reader, far_writer):
        """Until either side ends: there is no half-closing."""
        ways = [asyncio.create_task(self.copy(reader, far_writer, writer)),
                asyncio.create_task(self.copy(far_reader, writer, None))]
        _, others = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for other in others:
            other.cancel()
        far_writer.close()

    async def copy(self, reader, writer, asker):
        try:
            while data := await reader.read(65536):
                if asker:
                    # The tailnet encrypts, so what is in a tunnel to the server is plain, and can be counted here.
                    line = data.split(b"\r\n", 1)[0].split(b" ")
                    if len(line) == 3 and line[2].startswith(b"HTTP/1."):
                        self.note(kind="request", method=line[0].decode(), path=line[1].decode())
                        asked = b" ".join(line[:2]).decode()
                        refusal = next((sentence for request, sentence in tailnet().get("refuses", {}).items()
                                        if fnmatch.fnmatchcase(asked, request)), None)
                        if refusal:
                            body = json.dumps({"detail": refusal}).encode()
                            status, form = b"403 Forbidden", b"application/json"
                            if refusal.startswith("<"):
                                body, status, form = refusal.encode(), b"404 Not Found", b"text/html"
                            asker.write(b"HTTP/1.1 %s\r\nContent-Type: %s\r\nConnection: close\r\n"
                                        b"Content-Length: %d\r\n\r\n%s" % (status, form, len(body), body))
                            await asker.drain()
                            return
                writer.write(data)
                await writer.drain()
        except OSError:
            pass

    async def run(self):
        for folder in ("nodes", "used"):
            os.makedirs(os.path.join(FOLDER, folder), exist_ok=True)
        ends = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, ends.set)
        host, _, port = self.values["outbound-http-proxy-listen"].partition(":")
        host = "127.0.0.1" if host == "localhost" else host
        assert self.values["socks5-server"] == self.values["outbound-http-proxy-listen"]
        await asyncio.start_server(self.serve, host, int(port))
        await asyncio.start_unix_server(self.answer, self.values["socket"])
        await ends.wait()
        if self.values.get("state") == "mem:":
            self.log_out()


def tailscaled():
    values, _ = flags(sys.argv[1:])
    if values.get("tun") != "userspace-networking":
        sys.exit("wgengine.NewUserspaceEngine(tun \"tailscale0\") error: no /dev/net/tun")
    asyncio.run(Daemon(values).run())


def tailscale():
    values, words = flags(sys.argv[1:])
    # ip -4
    words = [word for word in words if word != "-4"]
    request = {"do": words[0]}
    if words[0] == "up":
        key = values.get("auth-key", "")
        if key.startswith("file:"):
            with open(key[5:]) as file:
                key = file.read().strip()
        timeout = values.get("timeout", "0s")
        request |= {"key": key, "hostname": values.get("hostname", socket.gethostname()),
                    "tags": values.get("advertise-tags", ""), "ssh": "ssh" in values,
                    "timeout": float(timeout.rstrip("s"))}
    elif words[0] == "status":
        request["as_json"] = "json" in values
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.connect(values.get("socket", "/var/run/tailscale/tailscaled.sock"))
    except OSError:
        sys.exit("failed to connect to local tailscaled; it doesn't appear to be running")
    connection.sendall(json.dumps(request).encode() + b"\n")
    answer = json.loads(connection.makefile().readline())
    if answer["text"]:
        print(answer["text"], file=sys.stderr if answer["status"] else sys.stdout)
    sys.exit(answer["status"])


if __name__ == "__main__":
    {"tailscaled": tailscaled, "tailscale": tailscale}[os.path.basename(sys.argv[0])]()
