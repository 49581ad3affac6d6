"""Names of indices: which are allowed, and which of those that there are a request means."""

import re
from collections.abc import Collection, Mapping
from fnmatch import fnmatchcase

from connote.contract.errors import BadIndexName, NoIndex

_FORBIDDEN = re.compile(r'[\\/*?"<>| ,#:]')
MOST_BYTES = 255


def check(name: str) -> None:
    """Raise BadIndexName for what no index can be called."""
    why = None
    if not name or name in (".", ".."):
        why = "must not be '.' or '..'" if name else "must not be empty"
    elif _FORBIDDEN.search(name):
        why = "must not contain the following characters ['\\\\','/','*','?','\"','<','>','|',' ',',','#',':']"
    elif name.lower() != name:
        why = "must be lowercase"
    elif name[0] in "_-+":
        why = "must not start with '_', '-', or '+'"
    elif len(name.encode()) > MOST_BYTES:
        why = f"index name is too long, ({len(name.encode())} > {MOST_BYTES})"
    if why:
        error = BadIndexName(f"Invalid index name [{name}], {why}")
        error.details = {"index_uuid": "_na_", "index": name}
        raise error


def resolve(
    expression: str | None,
    indices: Collection[str],
    aliases: Mapping[str, Collection[str]],
    *,
    ignore_missing: bool = False,
    allow_none: bool = True,
) -> list[str]:
    """The indices that an expression means, sorted: names, aliases, patterns, and `-` before what is to be left out.

    Raises NoIndex for a name that is not there, and with `allow_none` false for a pattern that nothing fits.
    """
    found: set[str] = set()
    if expression in (None, "", "_all", "*"):
        found = {name for name in indices if not name.startswith(".")}
        if not found and not allow_none:
            raise NoIndex(expression or "_all")
        return sorted(found)
    for part in str(expression).split(","):
        if part.startswith("-") and found:
            found -= _matching(part[1:], indices, aliases)
            continue
        some = _matching(part, indices, aliases)
        is_pattern = "*" in part
        if not some and not ignore_missing and (not is_pattern or not allow_none):
            raise NoIndex(part)
        found |= some
    return sorted(found)


def _matching(part: str, indices: Collection[str], aliases: Mapping[str, Collection[str]]) -> set[str]:
    if "*" not in part:
        return {part} if part in indices else set(aliases.get(part, ()))
    is_hidden = part.startswith(".")
    found = {name for name in indices if fnmatchcase(name, part) and (is_hidden or not name.startswith("."))}
    for alias, names in aliases.items():
        if fnmatchcase(alias, part):
            found |= set(names)
    return found
