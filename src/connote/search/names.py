"""Names of indices: which are allowed, and which of those that there are a request means."""

import re
from collections.abc import Collection, Mapping
from fnmatch import fnmatchcase

from connote.contract.errors import BadIndexName, NoIndex

_FORBIDDEN = re.compile(r'[\\/*?"<>| ,#:]')
MOST_BYTES = 255
ALL = (None, "", "_all", "*")


def check(name: str) -> None:
    """Raise BadIndexName for what no index can be called."""
    if why := _fault(name):
        raise bad(name, why)


def bad(name: str, why: str) -> BadIndexName:
    """An index cannot be called so."""
    error = BadIndexName(f"Invalid index name [{name}], {why}")
    error.details = {"index_uuid": "_na_", "index": name}
    return error


def resolve(
    expression: str | None,
    indices: Collection[str],
    aliases: Mapping[str, Collection[str]],
    *,
    ignore_missing: bool = False,
    allow_none: bool = True,
    matchable: Collection[str] | None = None,
    hidden: Collection[str] = (),
) -> list[str]:
    """The indices that an expression means, sorted: names, aliases, patterns, and `-` before what is to be left out.

    Patterns mean `matchable` ones only (None: all) that are not `hidden`, but for names with a dot in front if they
    have one too. Raises NoIndex for a name that is not there, and with `allow_none` false for a pattern that nothing
    fits; BadIndexName.
    """
    can = indices if matchable is None else matchable
    if expression in ALL:
        found = _matching("*", indices, aliases, can, hidden)
        if not found and not allow_none:
            raise NoIndex(expression or "_all")
        return sorted(found)
    found = set[str]()
    has_pattern = False
    for part in str(expression).split(","):
        if part.startswith("-") and has_pattern:
            found -= _matching(part[1:], indices, aliases, can, hidden)
            continue
        if part.startswith("_") and part != "_all":
            raise bad(part, "must not start with '_'.")
        is_pattern = "*" in part or part == "_all"
        has_pattern = has_pattern or is_pattern
        some = _matching("*" if part == "_all" else part, indices, aliases, can, hidden)
        if not some and not ignore_missing and (not is_pattern or not allow_none):
            raise NoIndex(part)
        found |= some
    return sorted(found)


def aliases_met(expression: str | None, index: str, aliases: Collection[str]) -> list[str]:
    """By which of its aliases alone an expression means an index: none, if it means it by its own name."""
    if expression in ALL:
        return []
    parts = [part for part in str(expression).split(",") if part and not part.startswith("-")]
    if any(part == "_all" or fits(index, part) for part in parts):
        return []
    return [alias for alias in aliases if any(fits(alias, part) for part in parts)]


def fits(name: str, pattern: str) -> bool:
    """Whether a name fits a pattern in which `*` alone says something."""
    if "*" not in pattern:
        return name == pattern
    return fnmatchcase(name, pattern.replace("[", "[[]").replace("?", "[?]"))


def _fault(name: str) -> str | None:
    if name in ("", ".", ".."):
        return "must not be '.' or '..'" if name else "must not be empty"
    if _FORBIDDEN.search(name):
        return "must not contain the following characters ['\\\\','/','*','?','\"','<','>','|',' ',',','#',':']"
    if name.lower() != name:
        return "must be lowercase"
    if name[0] in "_-+":
        return "must not start with '_', '-', or '+'"
    size = len(name.encode(errors="surrogatepass"))
    return f"index name is too long, ({size} > {MOST_BYTES})" if size > MOST_BYTES else None


def _matching(
    part: str,
    indices: Collection[str],
    aliases: Mapping[str, Collection[str]],
    matchable: Collection[str],
    hidden: Collection[str],
) -> set[str]:
    if "*" not in part:
        return {part} if part in indices else set(aliases.get(part, ()))
    found = {name for name in matchable if fits(name, part)}
    found -= {name for name in hidden if not (part.startswith(".") and name.startswith("."))}
    for alias, names in aliases.items():
        if fits(alias, part):
            found |= set(names) & set(matchable)
    return found
