"""A third party of the tests' own: real HTTP on loopback. It answers as told and remembers what it was asked."""

import json
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Asked:
    """One request. Header names are lower case; what came twice is joined."""

    path: str
    params: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:  # noqa: ANN401
        return json.loads(self.body)


@dataclass(frozen=True)
class Reply:
    """An answer: JSON, bytes, or pieces sent one by one, `pause` seconds apart; `cut` breaks off after them."""

    json: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None
    pieces: Iterable[bytes] | None = None
    pause: float = 0.0
    cut: bool = False


def events(
    *data: dict[str, Any], names: bool = False, done: bool = True, pause: float = 0.0, cut: bool = False
) -> Reply:
    """A stream of server-sent events; with `names` each is named by its `type`."""
    pieces = [
        (f"event: {item['type']}\n" if names else "").encode() + b"data: " + json.dumps(item).encode() + b"\n\n"
        for item in data
    ]
    if done:
        pieces.append(b"data: [DONE]\n\n")
    return Reply(headers={"Content-Type": "text/event-stream"}, pieces=pieces, pause=pause, cut=cut)


Answer = Reply | Callable[[Asked], Reply]


class Provider:
    """Answers POSTs by path: the last reply told for it is given again and again. An unknown path is a 404."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.left = threading.Event()  # a client has gone while it was being answered
        self._answers: dict[str, list[Answer]] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def tell(self, path: str, *answers: Answer) -> None:
        """From now on answer that path with these, in turn, and with the last of them for ever."""
        self._answers[path] = list(answers)

    def reset(self) -> None:
        self.asked.clear()
        self.left.clear()
        self._answers.clear()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, asked: Asked) -> Reply:
        self.asked.append(asked)
        answers = self._answers.get(asked.path)
        if not answers:
            return Reply({"error": {"message": f"the test has told no answer for {asked.path}"}}, 404)
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        return answer if isinstance(answer, Reply) else answer(asked)

    def _handler(provider) -> type[BaseHTTPRequestHandler]:  # noqa: N805
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                parts = urlsplit(self.path)
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                headers = {name.lower(): ", ".join(self.headers.get_all(name, [])) for name in self.headers}
                asked = Asked(parts.path, dict(parse_qsl(parts.query)), headers, body)
                try:
                    self._send(provider.answer(asked))
                except (BrokenPipeError, ConnectionResetError):
                    provider.left.set()
                    self.close_connection = True

            do_GET = do_POST  # noqa: N815

            def _send(self, reply: Reply) -> None:
                content = json.dumps(reply.json).encode() if reply.content is None else reply.content
                self.send_response(reply.status)
                for name, value in {"Content-Type": "application/json", **reply.headers}.items():
                    self.send_header(name, value)
                if reply.pieces is None:
                    self.send_header("Content-Length", str(len(content)))
                    self.end_headers()
                    self.wfile.write(content)
                    return
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                for piece in reply.pieces:
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
                    self.wfile.flush()
                    time.sleep(reply.pause)
                if reply.cut:
                    self.close_connection = True
                else:
                    self.wfile.write(b"0\r\n\r\n")

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        return cast("type[BaseHTTPRequestHandler]", Handler)
