"""SNS as far as pushes know it, over its own query protocol, with the troubles that no stand-in makes."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

Trouble = tuple[int, str]

DISABLED: Trouble = (400, "EndpointDisabled")
THROTTLED: Trouble = (400, "Throttled")
BROKEN: Trouble = (500, "InternalError")


@dataclass
class SnsDouble:
    """What was asked of it, and what it answers instead."""

    troubles: dict[str, list[Trouble]] = field(default_factory=dict)
    """By token: what a publish is answered, one after the other; after the last, all is well."""
    published: Counter[str] = field(default_factory=Counter)
    """By token: publishes that were taken."""
    asked: Counter[str] = field(default_factory=Counter)
    """By action."""

    def answer(self, action: str, parameters: Callable[[str], str]) -> tuple[int, str]:
        self.asked[action] += 1
        if action == "CreatePlatformEndpoint":
            arn = f"{parameters('PlatformApplicationArn')}/{parameters('Token')}"
            return 200, f"<{action}Result><EndpointArn>{arn}</EndpointArn></{action}Result>"
        if action == "Publish":
            token = parameters("TargetArn").rpartition("/")[2]
            if self.troubles.get(token):
                status, code = self.troubles[token].pop(0)
                return status, f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{code}</Message></Error>"
            self.published[token] += 1
            return 200, "<PublishResult><MessageId>1</MessageId></PublishResult>"
        return 200, ""


@contextmanager
def served(double: SnsDouble, port: int = 0) -> Iterator[str]:
    """Answer for it on loopback; the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
            action = form["Action"][0]
            status, content = double.answer(action, lambda name: form[name][0])
            root = f"{action}Response" if status == 200 else "ErrorResponse"
            body = f'<{root} xmlns="http://sns.amazonaws.com/doc/2010-03-31/">{content}</{root}>'.encode()
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
