"""Which of the indices that a request names, who asks may name; and what they may see of each."""

from collections import defaultdict
from collections.abc import Collection, Mapping

from connote.contract.errors import NoIndex
from connote.search import names
from connote.security.asker import Visit
from connote.security.rights import Right
from connote.store.indices import IndexRecord

# What making an index needs that somebody writes to.
MAKE = Right("indices:admin/auto_create", ("auto_configure", "create_index"))


def let(visit: Visit, record: IndexRecord, name: str, right: Right | None = None) -> None:
    """Let an index be opened that was named so, as far as the alias's filter and roles let see it."""
    only = record.aliases.get(name, {}).get("filter") if name != record.name else None
    visit.let(record.name, [name], [] if only is None else [only], right)


def resolve(
    expression: str | None,
    visit: Visit,
    indices: Mapping[str, IndexRecord],
    aliases: Mapping[str, Collection[str]],
    *,
    ignore_missing: bool = False,
    allow_none: bool = True,
    matchable: Collection[str] = (),
    hidden: Collection[str] = (),
) -> list[str]:
    """What `names.resolve` gives, of names that they may name: patterns mean only these.

    Raises Forbidden for others, whether they are there or not, and what `names.resolve` raises.
    """
    found = defaultdict[str, dict[str, None]](dict)  # by index the names that meant it
    has_pattern = False
    for part in ["*"] if expression in names.ALL else str(expression).split(","):
        if part.startswith("-") and has_pattern:
            for left_out, _ in _matching(part[1:], indices, aliases, indices, ()):
                found.pop(left_out, None)
            continue
        if part.startswith("_") and part != "_all":
            raise names.bad(part, "must not start with '_'.")
        is_pattern = "*" in part or part == "_all"
        has_pattern = has_pattern or is_pattern
        if not is_pattern and ignore_missing and not visit.may(part):
            continue
        met = _matching("*" if part == "_all" else part, indices, aliases, matchable, hidden)
        some = _of(visit, part, met, is_pattern=is_pattern)
        if not some and not ignore_missing and (not is_pattern or not allow_none):
            raise NoIndex(expression if expression and is_pattern else part)
        for index, name in some:
            found[index][name] = None
    for index, by in found.items():
        for name in by:
            let(visit, indices[index], name)
    return sorted(found)


def _of(visit: Visit, part: str, met: list[tuple[str, str]], *, is_pattern: bool) -> list[tuple[str, str]]:
    """What a pattern means of that which they may name. Raises Forbidden for a name that they may not."""
    if not is_pattern:
        visit.check(part)
        return met
    return [(index, name) for index, name in met if visit.may(name)]


def _matching(
    part: str,
    indices: Collection[str],
    aliases: Mapping[str, Collection[str]],
    matchable: Collection[str],
    hidden: Collection[str],
) -> list[tuple[str, str]]:
    """The indices that a part of an expression means, each with the name that fits."""
    if "*" not in part:
        return [(part, part)] if part in indices else [(index, part) for index in aliases.get(part, ())]
    shown = [name for name in matchable if name not in hidden or (part.startswith(".") and name.startswith("."))]
    own = [(name, name) for name in shown if names.fits(name, part)]
    able = set(matchable)
    return own + [
        (index, alias) for alias, some in aliases.items() if names.fits(alias, part) for index in some if index in able
    ]
