"""Stands between the program and a server that it passes every request on to: writes down what was asked, and makes trouble.

usage: recorder.py UPSTREAM RECORD

Prints the port it listens on. Each request becomes a line of JSON in RECORD: operation, method, path and body. Trouble is ordered by
`POST /__trouble` with `OPERATION KIND`: `cut` passes the request on and breaks the connection instead of answering, `throttle` and
`deny` answer so without passing it on, `none` ends it.
"""

import http.client
import json
import sys
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

UPSTREAM = urllib.parse.urlsplit(sys.argv[1])
RECORD = open(sys.argv[2], "a", buffering=1)
LOCK = threading.Lock()
TROUBLE = {}

ERRORS = {
    "throttle": ("ThrottlingException", "Rate exceeded"),
    "deny": ("AccessDeniedException", "User is not authorized to perform this"),
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


def error(handler, body, kind):
    code, message = ERRORS[kind]
    if b"Action=" in body:
        text = f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
        return text.encode(), "text/xml"
    return json.dumps({"__type": code, "message": message, "Message": message}).encode(), "application/x-amz-json-1.1"


class Recorder(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def handle_any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/__trouble":
            name, kind = body.decode().split()
            TROUBLE.pop(name, None) if kind == "none" else TROUBLE.update({name: kind})
            return self.answer(200, [], b"")
        name = operation(self, body)
        with LOCK:
            line = {"operation": name, "method": self.command, "path": self.path, "body": body.decode("utf-8", "replace")}
            RECORD.write(json.dumps(line) + "\n")
        kind = TROUBLE.get(name)
        if kind in ERRORS:
            text, sort = error(self, body, kind)
            return self.answer(400, [("Content-Type", sort), ("x-amzn-errortype", ERRORS[kind][0])], text)
        status, headers, text = self.upstream(body)
        if kind == "cut":
            self.close_connection = True
            return self.connection.close()
        return self.answer(status, headers, text)

    def upstream(self, body):
        connection = http.client.HTTPConnection(UPSTREAM.hostname, UPSTREAM.port, timeout=60)
        headers = {k: v for k, v in self.headers.items() if k.lower() not in ("connection", "transfer-encoding")}
        connection.request(self.command, self.path, body, headers)
        response = connection.getresponse()
        text = response.read()
        skipped = ("connection", "transfer-encoding", "content-length")
        return response.status, [(k, v) for k, v in response.getheaders() if k.lower() not in skipped], text

    def answer(self, status, headers, text):
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = handle_any

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Recorder)
print(server.server_address[1], flush=True)
server.serve_forever()
