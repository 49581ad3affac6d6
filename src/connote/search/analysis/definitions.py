"""What an index's settings say of analysis."""

from collections.abc import Iterator, Mapping
from typing import Any

from connote.contract.errors import IllegalArgument
from connote.search.analysis.options import Limits, Options

KINDS = ("analyzer", "normalizer", "tokenizer", "filter", "char_filter")


def definitions(settings: Mapping[str, Any], bounds: Limits) -> dict[str, dict[str, Options]]:
    """By kind and name, what the settings define. Raises IllegalArgument for what is of no kind."""
    found: dict[str, dict[str, dict[str, Any]]] = {kind: {} for kind in KINDS}
    for path, value in _leaves(settings):
        parts = path.split(".", 3)
        if parts[0] != "analysis":
            continue
        if len(parts) < 4 or parts[1] not in KINDS:
            raise IllegalArgument(
                f"unknown setting [index.{path}] please check that any required plugins are installed, or check the "
                "breaking changes documentation for removed settings"
            )
        kind, name, key = parts[1:]
        _put(found[kind].setdefault(name, {}), key, value)
    return {
        kind: {name: Options(name, values, kind=kind, limits=bounds) for name, values in named.items()}
        for kind, named in found.items()
    }


def groups(settings: Mapping[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    """What the settings `KIND.NAME.KEY` define, by name. Raises IllegalArgument for one without a key."""
    found: dict[str, dict[str, Any]] = {}
    for path, value in _leaves(settings):
        own, _, rest = path.partition(".")
        name, _, key = rest.partition(".")
        if own == kind and not key:
            raise IllegalArgument(f"[index.{path}] must be an object of settings")
        if own == kind:
            found.setdefault(name, {})[key] = value
    return found


def limits(settings: Mapping[str, Any]) -> Limits:
    """The bounds that the settings give. Raises IllegalArgument, BadSetting."""
    flat = Options("index", dict(_leaves(settings)))
    keys = {"max_ngram_diff": 1, "max_shingle_diff": 3}
    values = {key: flat.integer(key, default) for key, default in keys.items()}
    values["max_token_count"] = flat.integer("analyze.max_token_count", 10_000)
    for key, value in values.items():
        least = 1 if key == "max_token_count" else 0
        if value < least:
            shown = "index.analyze.max_token_count" if key == "max_token_count" else f"index.{key}"
            raise IllegalArgument(f"Failed to parse value [{value}] for setting [{shown}] must be >= {least}")
    return Limits(**values)


def _put(values: dict[str, Any], key: str, value: Any) -> None:  # noqa: ANN401
    """Set an option; `filter.0`, `filter.1` are items of a list."""
    name, _, index = key.rpartition(".")
    if name and index.isdecimal():
        items = values.setdefault(name, [])
        if isinstance(items, list):
            items.append(value)
    else:
        values[key] = value


def _leaves(settings: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The settings by their dotted names, without `index.`."""
    for key, value in settings.items():
        path = f"{prefix}{key}"
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{path}.")
        else:
            yield path.removeprefix("index."), value
