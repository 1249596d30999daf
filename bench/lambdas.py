"""The functions: how long each handler's module takes to import in a fresh interpreter, and how long the ``default``
function, warm, works on one frame when nothing it calls takes any time.

An import is counted in processor time beside the clock's, because a machine that does other things makes the clock
wait. Warm handling is a frame from event to answer, with its request to DynamoDB signed, answered at once, and read.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from urllib3 import HTTPResponse

from bench.rounds import percentile, publish, say, spread
from cyphr.embedded.secrets import SecretFolder
from cyphr.messenger.lambdas import container, default, graph

HANDLERS = ("connect", "disconnect", "default", "http", "fan_out", "sweep", "later", "clock")
_IMPORT = """
import time
clock, processor = time.perf_counter(), time.process_time()
import cyphr.messenger.lambdas.{0}
print(time.perf_counter() - clock, time.process_time() - processor)
"""


async def main(arguments: Sequence[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench lambdas", description=__doc__)
    parser.add_argument("--imports", type=int, default=7, help="fresh interpreters for each handler")
    parser.add_argument("--frames", type=int, default=2000, help="frames for each kind")
    options = parser.parse_args(arguments)
    numbers: dict[str, list[float]] = {}
    for handler in HANDLERS:
        say(f"importing {handler}")
        seen = [await asyncio.to_thread(_import, handler) for _ in range(options.imports)]
        numbers[f"import {handler}, clock"] = [1000 * clock for clock, _ in seen]
        numbers[f"import {handler}, processor"] = [1000 * processor for _, processor in seen]
    for kind in ("ping", "teleport"):
        say(f"handling {options.frames} frames: {kind}")
        numbers[f"handle {kind}, warm"] = await asyncio.to_thread(_handle, {"v": 1, "t": kind}, options.frames)
    await asyncio.to_thread(lambda: container.run(graph.messenger().close()))
    rows = [[name, spread(each, digits=2), f"{percentile(each, 99):.2f}"] for name, each in numbers.items()]
    shown = {name: [round(one, 3) for one in each[:20]] for name, each in numbers.items()}
    publish("lambdas", ["", "ms", "p99"], rows, shown, {"imports": options.imports, "frames": options.frames})


def _import(handler: str) -> tuple[float, float]:
    result = subprocess.run([sys.executable, "-c", _IMPORT.format(handler)], capture_output=True, text=True, check=True)
    clock, processor = result.stdout.split()
    return float(clock), float(processor)


def _handle(frame: dict[str, Any], times: int) -> list[float]:
    _prepare()
    event = {"requestContext": {"connectionId": "a", "domainName": "d", "stage": "s"}, "body": json.dumps(frame)}
    spent = []
    for _ in range(times + 1):
        began = time.perf_counter()
        answer = default.handler(event, None)
        spent.append(1000 * (time.perf_counter() - began))
        assert "body" in answer, answer
    return spent[1:]  # the first one builds everything


@cache
def _prepare() -> None:
    """Settings that lead nowhere, and a DynamoDB that answers as soon as it is asked."""
    key = SecretFolder(Path(tempfile.mkdtemp(prefix="cyphr-bench-"))).token_key()
    os.environ |= {
        "CYPHR_TOKEN_KEY_FILE": str(key),
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
    item = {name: {"S": str(uuid4())} for name in ("connection", "user_id", "session_id")}
    found = json.dumps({"Item": {**item, "endpoint": {"S": "https://d/s"}, "expires": {"N": "99999999999"}}}).encode()

    def answer(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        raw = HTTPResponse(BytesIO(found), preload_content=False)
        return AWSResponse(request.url, 200, {"content-type": "application/x-amz-json-1.0"}, raw)

    client = container.shared().table._client
    client.meta.events.register("before-send.dynamodb.GetItem", answer)
