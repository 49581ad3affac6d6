"""The filters `multiplexer`, `condition` and `predicate_token_filter`, made of other filters and of scripts."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from connote.contract.errors import IllegalArgument
from connote.contract.settings import java
from connote.ingest.painless import compiled
from connote.search.analysis.component import TokenFilter
from connote.search.analysis.filters.branches import Choice, Condition, Multiplexer, Predicate
from connote.search.analysis.options import Options

# Chains of a multiplexer, each of which makes tokens of every token.
_MOST_CHAINS = 30
# The filters of some names.
Find = Callable[[Sequence[str]], Sequence[TokenFilter]]


def _multiplexer(options: Options, find: Find) -> TokenFilter:
    given = options.values.get("filters")
    chains = [given] if isinstance(given, str) else options.texts("filters")
    if not chains:
        raise IllegalArgument(f"required setting 'filters' is missing for token filter [{options.name}]")
    if len(chains) > _MOST_CHAINS:
        raise IllegalArgument(
            f"[filters] of [{options.name}] has [{len(chains)}] chains; connote allows {_MOST_CHAINS}"
        )
    found = [find([name.strip() for name in chain.split(",") if name.strip()]) for chain in chains]
    return Multiplexer(found, preserve_original=options.boolean("preserve_original", True))


def _condition(options: Options, find: Find) -> TokenFilter:
    names = options.texts("filter")
    if not names:
        raise IllegalArgument(f"Empty list of filters provided to tokenfilter [{options.name}]")
    return Condition(_choice(options), find(names))


def _predicate(options: Options, _: Find) -> TokenFilter:
    return Predicate(_choice(options))


def _choice(options: Options) -> Choice:
    script: Any = options.values.get("script")
    if script is None:
        script = {
            key.partition(".")[2]: value for key, value in options.values.items() if key.partition(".")[0] == "script"
        }
    if isinstance(script, str):
        script = {"source": script}
    source = script.get("source") if isinstance(script, Mapping) else None
    if not isinstance(source, str):
        raise IllegalArgument(f"[script] of [{options.name}] must hold its [source], not [{java(script)[:100]}]")
    if script.get("lang", "painless") != "painless":
        raise IllegalArgument(f"[script] of [{options.name}] must be [painless], not [{java(script['lang'])[:100]}]")
    return Choice(compiled(source, ("token",)))


TYPES: Mapping[str, Callable[[Options, Find], TokenFilter]] = {
    "condition": _condition,
    "multiplexer": _multiplexer,
    "predicate_token_filter": _predicate,
}
