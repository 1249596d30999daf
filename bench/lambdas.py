"""The functions: how long each handler's module takes to import in a fresh interpreter, how long its first invocation
takes after that, and how long the ``default`` function, warm, works on one frame when nothing it calls takes any time.

An import is counted in processor time beside the clock's, because a machine that does other things makes the clock
wait. It is of compiled modules, as a package of functions holds them. What it leaves for later, the first invocation
pays, so both are measured together; AWS is answered for by a server here, and there is no database. Warm handling is
a frame from event to answer, with its request to DynamoDB signed, answered at once, and read.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import uuid4

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from urllib3 import HTTPResponse

from bench.rounds import percentile, publish, say, spread
from cyphr.embedded.secrets import SecretFolder
from cyphr.messenger.lambdas.container import run, shared
from cyphr.messenger.lambdas.default import handler as handle_frame
from cyphr.messenger.lambdas.graph import core

HANDLERS = ("connect", "disconnect", "default", "http", "fan_out", "sweep", "later", "clock")
_START = """
import json, os, sys, time
event = json.loads(sys.argv[1])
clock, processor = time.perf_counter(), time.process_time()
from cyphr.messenger.lambdas.{0} import handler
print(time.perf_counter() - clock, time.process_time() - processor)
answer = None if event is None else handler(event, None)
print(time.perf_counter() - clock, time.process_time() - processor)
print(json.dumps(answer), flush=True)
os._exit(0)  # pools and threads are left as a container leaves them
"""

_ID = str(uuid4())
_ENVIRONMENT = {
    "AWS_LAMBDA_FUNCTION_NAME": "measured",
    "CYPHR_MAIL_FROM": "bench@example.org",
    "CYPHR_REALTIME__TABLE": "connections",
    "CYPHR_AWS_DATABASE__HOST": "127.0.0.1",
    "CYPHR_AWS_DATABASE__PORT": "9",
    "CYPHR_AWS_DATABASE__DBNAME": "none",
    "CYPHR_AWS_DATABASE__USER": "none",
    "CYPHR_AWS_DATABASE__PASSWORD": "none",
    "CYPHR_AWS__ACCESS_KEY_ID": "none",
    "CYPHR_AWS__SECRET_ACCESS_KEY": "none",
}


async def main(arguments: Sequence[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench lambdas", description=__doc__)
    parser.add_argument("--imports", type=int, default=7, help="fresh interpreters for each handler")
    parser.add_argument("--frames", type=int, default=2000, help="frames for each kind")
    options = parser.parse_args(arguments)
    numbers: dict[str, list[float]] = {}
    for handler in HANDLERS:
        say(f"starting {handler}")
        with _answering() as endpoint:
            seen = [await asyncio.to_thread(_start, handler, endpoint) for _ in range(options.imports + 1)][1:]
        numbers[f"import {handler}, clock"] = [1000 * imported[0] for imported, _ in seen]
        numbers[f"import {handler}, processor"] = [1000 * imported[1] for imported, _ in seen]
        if _first_event(handler, endpoint) is not None:
            numbers[f"import and first invocation of {handler}, processor"] = [1000 * both[1] for _, both in seen]
    for kind in ("ping", "teleport"):
        say(f"handling {options.frames} frames: {kind}")
        numbers[f"handle {kind}, warm"] = await asyncio.to_thread(_handle, {"v": 1, "t": kind}, options.frames)
    await asyncio.to_thread(lambda: run(core().close()))
    rows = [[name, spread(each, digits=2), f"{percentile(each, 99):.2f}"] for name, each in numbers.items()]
    shown = {name: [round(one, 3) for one in each[:20]] for name, each in numbers.items()}
    publish("lambdas", ["", "ms", "p99"], rows, shown, {"imports": options.imports, "frames": options.frames})


def _start(handler: str, endpoint: str) -> tuple[tuple[float, float], tuple[float, float]]:
    """Seconds by the clock and of the processor until the handler was imported, and until it had returned."""
    event = _first_event(handler, endpoint)
    environment = {**os.environ, **_ENVIRONMENT, **_queues(endpoint), "CYPHR_TOKEN_KEY_FILE": str(_token_key())}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [sys.executable, "-c", _START.format(handler), json.dumps(event)]
    result = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    *times, answer = result.stdout.splitlines()[-3:]
    assert 'statusCode": 5' not in answer, answer + result.stderr
    assert "itemIdentifier" not in answer, answer + result.stderr
    imported, both = (tuple(map(float, line.split())) for line in times)
    return (imported[0], imported[1]), (both[0], both[1])


def _first_event(handler: str, endpoint: str) -> dict[str, Any] | None:
    """What a container may be started for, as far as it needs no database. None: nothing does not."""
    socket = {"connectionId": "a", "domainName": "d", "stage": "s", "identity": {"sourceIp": "127.0.0.1"}}
    place = {"id": str(uuid4()), "address": "a", "endpoint": endpoint, "user_id": str(uuid4()), "session_id": _ID}
    bodies: dict[str, Any] = {
        "fan_out": {"event": {"kind": "msg", "chat_id": _ID, "text": "{}"}, "places": [place]},
        "sweep": {"address": "unregistered", "endpoint": endpoint},
    }
    http = {"method": "GET", "path": "/v1/chats", "sourceIp": "127.0.0.1", "protocol": "HTTP/1.1"}
    request = {"http": http, "requestId": "a", "stage": "$default", "domainName": "d"}
    events: dict[str, dict[str, Any]] = {
        "connect": {"requestContext": socket, "headers": {}},
        "disconnect": {"requestContext": socket},
        "default": {"requestContext": socket, "body": json.dumps({"v": 1, "t": "ping"})},
        "http": {
            "version": "2.0", "rawPath": "/v1/chats", "rawQueryString": "", "headers": {"host": "d"},
            "requestContext": request, "isBase64Encoded": False,
        },
        "later": {"Records": []},
    }  # fmt: skip
    if handler in bodies:
        return {"Records": [{"messageId": "a", "body": json.dumps(bodies[handler])}]}
    return events.get(handler)


@contextmanager
def _answering() -> Iterator[str]:
    """A server that answers for DynamoDB, SQS and API Gateway; its URL."""

    class Answering(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = self.rfile.read(int(self.headers.get("content-length", 0)))
            item = _item() if b"unregistered" not in asked else {k: v for k, v in _item().items() if k != "user_id"}
            read = self.headers.get("x-amz-target", "").endswith("GetItem")
            body = json.dumps({"Item": item} if read else {}).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_DELETE = do_POST  # noqa: N815 - http.server's name

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _queues(endpoint: str) -> dict[str, str]:
    return {
        "CYPHR_AWS__ENDPOINT_URL": endpoint,
        "CYPHR_REALTIME__GREETING_QUEUE": f"{endpoint}/1/greetings",
        "CYPHR_REALTIME__LATER_QUEUE": f"{endpoint}/1/later",
        "CYPHR_REALTIME__FAN_OUT_QUEUE": f"{endpoint}/1/fan-out",
        "CYPHR_FILES_AWS_BUCKET": "files",
        "CYPHR_FILES_AWS_URL": endpoint,
    }


def _handle(frame: dict[str, Any], times: int) -> list[float]:
    _prepare()
    event = {"requestContext": {"connectionId": "a", "domainName": "d", "stage": "s"}, "body": json.dumps(frame)}
    spent = []
    for _ in range(times + 1):
        began = time.perf_counter()
        answer = handle_frame(event, None)
        spent.append(1000 * (time.perf_counter() - began))
        assert "body" in answer, answer
    return spent[1:]  # the first one builds everything


def _item() -> dict[str, Any]:
    item = {name: {"S": _ID} for name in ("connection", "user_id", "session_id")}
    return {**item, "endpoint": {"S": "https://d/s"}, "expires": {"N": "99999999999"}}


@cache
def _token_key() -> Path:
    return SecretFolder(Path(tempfile.mkdtemp(prefix="cyphr-bench-"))).token_key()


@cache
def _prepare() -> None:
    """Settings that lead nowhere, and a DynamoDB that answers as soon as it is asked."""
    os.environ |= {**_ENVIRONMENT, "CYPHR_TOKEN_KEY_FILE": str(_token_key())}
    found = json.dumps({"Item": _item()}).encode()
    headers = HTTPHeaders.from_dict({"content-type": "application/x-amz-json-1.0"})

    def answer(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        raw = HTTPResponse(BytesIO(found), preload_content=False)
        return AWSResponse(request.url, 200, headers, raw)

    client: Any = shared().table._client
    client.made.meta.events.register("before-send.dynamodb.GetItem", answer)
