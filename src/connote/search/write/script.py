"""Scripts of updates: Painless, as pipelines have it, over `ctx` with `_source`, `op` and what stands beside them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from connote.contract.errors import BadDocument, IllegalArgument, Unparsable
from connote.contract.settings import java
from connote.ingest.document import plain
from connote.ingest.painless import Script, compiled, kept

_KNOWN = ("source", "inline", "lang", "params", "options", "id")


def check(script: Any) -> None:  # noqa: ANN401 (JSON)
    """Raise Unparsable, IllegalArgument or BadScript for what is no script."""
    read(script)


def scripted(script: Any, context: dict[str, Any]) -> None:  # noqa: ANN401
    """Run a script on a context, which it changes. Raises BadScript and what `check` raises."""
    program, params = read(script)
    program.run(ctx=context, params=_copy(params))
    if not isinstance(context.get("_source"), dict):
        raise BadDocument(f"[1:1] a script has made [_source] a [{java(context.get('_source'))[:100]}], and no object")
    context["_source"] = plain(context["_source"], "[_source]")


def read(script: Any, names: tuple[str, ...] = ("ctx", "params")) -> tuple[Script, dict[str, Any]]:  # noqa: ANN401
    """A script that sees values of these names, and its parameters; one that is kept is found by its `id`.

    Raises Unparsable, IllegalArgument, NotFound, BadScript.
    """
    if isinstance(script, str):
        script = {"source": script}
    if not isinstance(script, Mapping):
        raise Unparsable(f"[script] must be a text or an object, not [{java(script)[:100]}]")
    if unknown := [name for name in script if name not in _KNOWN]:
        raise Unparsable(f"[script] unknown field [{unknown[0]}]; known are [{', '.join(_KNOWN)}]")
    source, language, params = (
        script.get("source", script.get("inline")),
        script.get("lang", "painless"),
        script.get("params"),
    )
    if script.get("id") is not None:
        if source is not None or "lang" in script:
            raise IllegalArgument(f"[script] [{'lang' if source is None else 'source'}] cannot be given with an [id]")
        source = kept.source(str(script["id"]))
    if language != "painless":
        raise IllegalArgument(f"script_lang not supported [{java(language)}]")
    if not isinstance(source, str):
        raise Unparsable(f"[script] [source] must be a text, not [{java(source)[:100]}]")
    if params is not None and not isinstance(params, dict):
        raise Unparsable(f"[script] [params] must be an object, not [{java(params)[:100]}]")
    return _compiled(source, names), params or {}


@lru_cache(256)
def _compiled(source: str, names: tuple[str, ...]) -> Script:
    return compiled(source, names)


def now() -> int:
    """The time, in milliseconds since 1970, as `ctx._now` has it."""
    return int(datetime.now(UTC).timestamp() * 1000)


def _copy(params: dict[str, Any]) -> dict[str, Any]:
    copied: dict[str, Any] = plain(params, "[params]")
    return copied
