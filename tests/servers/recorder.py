"""Stands between the program and a server that it passes every request on to: writes down what was asked, and makes trouble.

usage: recorder.py UPSTREAM RECORD

Prints the port it listens on. Each request becomes a line of JSON in RECORD: operation, method, path, sort (of the body) and body; what
is CBOR is told as JSON. Trouble is ordered by `POST /__trouble` with `OPERATION KIND`:

  cut               passes the request on and breaks the connection instead of answering
  deny, throttle, expire
                    answers so without passing it on
  hold, hold:N      lets N requests pass, and the others wait until the trouble ends
  none              ends it
"""

import http.client
import json
import sys
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import cbor2

UPSTREAM = urllib.parse.urlsplit(sys.argv[1])
RECORD = open(sys.argv[2], "a", buffering=1)
LOCK = threading.Lock()
# What goes wrong with an operation, and how many of its requests came since.
TROUBLE = {}
ENDED = threading.Condition()
# Nobody waits for longer, in seconds.
PATIENCE = 60

ERRORS = {
    "throttle": ("ThrottlingException", "Rate exceeded"),
    "deny": ("AccessDeniedException", "User is not authorized to perform this"),
    "expire": ("ExpiredTokenException", "The security token included in the request is expired"),
}


def operation(handler, body):
    target = handler.headers.get("X-Amz-Target")
    if target:
        return target.rsplit(".", 1)[-1]
    path = urllib.parse.urlsplit(handler.path).path
    if "/operation/" in path:
        return path.rsplit("/", 1)[-1]
    if handler.headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded"):
        return urllib.parse.parse_qs(body.decode()).get("Action", ["?"])[0]
    return f"{handler.command} {path}"


def is_cbor(handler):
    return handler.headers.get("Content-Type", "").startswith("application/cbor")


def readable(handler, body):
    if is_cbor(handler) and body:
        return json.dumps(cbor2.loads(body), default=str)
    return body.decode("utf-8", "replace")


def error(handler, body, kind):
    code, message = ERRORS[kind]
    if is_cbor(handler):
        text = cbor2.dumps({"__type": code, "message": message})
        return text, [("Content-Type", "application/cbor"), ("smithy-protocol", "rpc-v2-cbor")]
    if b"Action=" in body:
        text = f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
        return text.encode(), [("Content-Type", "text/xml")]
    text = json.dumps({"__type": code, "message": message, "Message": message}).encode()
    return text, [("Content-Type", "application/x-amz-json-1.1"), ("x-amzn-errortype", code)]


class Recorder(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def handle_any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/__trouble":
            return self.order(*body.decode().split())
        name = operation(self, body)
        sort = self.headers.get("Content-Type", "")
        line = {"operation": name, "method": self.command, "path": self.path, "sort": sort, "body": readable(self, body)}
        with LOCK:
            RECORD.write(json.dumps(line) + "\n")
        kind = self.trouble(name)
        if kind in ERRORS:
            text, headers = error(self, body, kind)
            return self.answer(400, headers, text)
        status, headers, text = self.upstream(body)
        if kind == "cut":
            self.close_connection = True
            return self.connection.close()
        return self.answer(status, headers, text)

    def order(self, name, kind):
        with ENDED:
            if kind == "none":
                TROUBLE.pop(name, None)
            else:
                TROUBLE[name] = [kind, 0]
            ENDED.notify_all()
        return self.answer(200, [], b"")

    def trouble(self, name):
        """What goes wrong with this request; waits while it is held."""
        with ENDED:
            found = TROUBLE.get(name)
            if found is None:
                return None
            found[1] += 1
            kind, _, passed = found[0].partition(":")
            if kind == "hold" and found[1] > int(passed or 0):
                ENDED.wait_for(lambda: TROUBLE.get(name) is not found, PATIENCE)
            return kind

    def upstream(self, body):
        connection = http.client.HTTPConnection(UPSTREAM.hostname, UPSTREAM.port, timeout=60)
        headers = {k: v for k, v in self.headers.items() if k.lower() not in ("connection", "transfer-encoding")}
        connection.request(self.command, self.path, body, headers)
        response = connection.getresponse()
        text = response.read()
        skipped = ("connection", "transfer-encoding", "content-length")
        return response.status, [(k, v) for k, v in response.getheaders() if k.lower() not in skipped], text

    def answer(self, status, headers, text):
        try:
            self.send_response_only(status)
            for name, value in headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(text)
        except (BrokenPipeError, ConnectionResetError):
            # Who asked has gone away.
            self.close_connection = True

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = handle_any

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Recorder)
server.daemon_threads = True
print(server.server_address[1], flush=True)
server.serve_forever()
