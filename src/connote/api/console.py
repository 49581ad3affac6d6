"""The console: its built pages, or without them a page that says how to build them."""

import secrets
from importlib.resources import files
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Scope

# The build leaves this where a nonce belongs; CodeMirror and Mantine give it to the style elements that they add.
NONCE = "{{nonce}}"
_UNBUILT = Path(__file__).with_name("unbuilt.html")
_HEADERS = {
    "Cache-Control": "no-store",  # a nonce is for once
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def create(folder: Path | None = None) -> ASGIApp:
    """The pages in the folder, where the build puts them. What is no file is for the script, which reads the path."""
    folder = folder or Path(str(files("connote") / "console"))

    async def page(request: Request) -> Response:
        return _page(folder / "index.html", request)

    routes = [
        Route("/", page),
        Mount("/assets", _Assets(directory=folder / "assets", check_dir=False)),
        Mount("/static", _Files(directory=folder / "static", check_dir=False)),
        Route("/{path:path}", page),
    ]
    return Starlette(routes=routes, middleware=[Middleware(GZipMiddleware)])


def is_page(path: str, request: Request) -> bool:
    """Whether a path that begins with `/console` is one of the console's, and not of an index that is called so."""
    if request.method not in ("GET", "HEAD"):
        return False
    if path == "/console":
        return request.method == "GET" and "json" not in request.headers.get("accept", "")
    return path.startswith("/console/") and not path.startswith("/console/_")


def _page(index: Path, request: Request) -> Response:
    """The page that starts the script. Scripts and styles come from here, and nothing goes elsewhere."""
    is_built = index.is_file()
    nonce = secrets.token_urlsafe(16)
    text = (index if is_built else _UNBUILT).read_text("utf-8").replace(NONCE, nonce).replace('"./', f'"{_up(request)}')
    rules = (
        "default-src 'none'",
        "script-src 'self'",
        f"style-src 'self' 'nonce-{nonce}'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
    return HTMLResponse(text, headers={**_HEADERS, "Content-Security-Policy": "; ".join(rules)})


def _up(request: Request) -> str:
    """From the page's address to the console's root: what is built names its files from there."""
    path, root = request.scope.get("raw_path", b"").decode("latin-1"), request.scope.get("root_path", "")
    return "../" * (path.count("/") - root.count("/") - 1) or "./"


class _Files(StaticFiles):
    """Files that may change: a browser asks each time whether they have."""

    caching = "no-cache"

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file."""
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = self.caching
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response


class _Assets(_Files):
    """Files whose names hold a hash of what is in them."""

    caching = "public, max-age=31536000, immutable"
