"""A model hub on loopback: serves a folder, with ranges; may break off, so that resuming can be seen.

    hub.py FOLDER [BREAK]     BREAK: the first answer of each file ends after so many bytes

Prints its port, then a line for each request: the path and the range that was asked for.
"""

import http.server
import pathlib
import sys

folder = pathlib.Path(sys.argv[1])
limit = int(sys.argv[2]) if len(sys.argv) > 2 else None
seen = set()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        # /owner/model/resolve/revision/FILE
        name = self.path.rpartition("/")[2]
        wanted = self.headers.get("Range")
        with open(folder / "requests", "a") as log:
            log.write(f"{self.path} {wanted or '-'}\n")
        if not (folder / name).exists():
            self.send_error(404)
            return
        data = (folder / name).read_bytes()
        start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted else 0
        if start >= len(data) and wanted:
            self.send_error(416)
            return
        self.send_response(206 if wanted else 200)
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        end = len(data)
        if limit is not None and name not in seen:
            seen.add(name)
            end = start + limit
        self.wfile.write(data[start:end])
        self.close_connection = True

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
