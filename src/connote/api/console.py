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

    async def page(_: Request) -> Response:
        return _page(folder / "index.html")

    routes = [
        Route("/", page),
        Mount("/assets", _Assets(directory=folder / "assets", check_dir=False)),
        Mount("/static", _Files(directory=folder / "static", check_dir=False)),
        Route("/{path:path}", page),
    ]
    return Starlette(routes=routes, middleware=[Middleware(GZipMiddleware)])


def _page(index: Path) -> Response:
    """The page that starts the script. Scripts and styles come from here, and nothing goes elsewhere."""
    is_built = index.is_file()
    nonce = secrets.token_urlsafe(16)
    text = (index if is_built else _UNBUILT).read_text("utf-8").replace(NONCE, nonce)
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
