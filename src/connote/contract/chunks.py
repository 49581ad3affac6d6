"""Chunking settings: how a long text is cut before it is embedded. The cutting itself is in `connote.chunking`."""

from collections.abc import Mapping, MutableMapping, Sequence
from typing import Annotated, Any

import regex

from connote.contract.errors import IllegalArgument, Invalid
from connote.contract.settings import About, Settings, java

SCOPE = "chunking_settings"
MAX_SEPARATORS = 50
MAX_SEPARATOR_LENGTH = 1000

# Java regular expressions of the separator groups, as GET echoes them.
PLAINTEXT = (r"(?<!\n)\n\n(?!\n)", r"(?<!\n)\n(?!\n)")
MARKDOWN = (
    *(f"\n{'#' * level} " for level in range(1, 7)),
    "\n^(?!\\s*$).*\\n-{1,}\\n",
    "\n^(?!\\s*$).*\\n={1,}\\n",
)
SEPARATOR_GROUPS = {"markdown": MARKDOWN, "plaintext": PLAINTEXT}


class Sentences(Settings):
    """Whole sentences, up to a number of words a chunk."""

    max_chunk_size: Annotated[int, About("Words", "The most words in a chunk.", at_least=20)]
    sentence_overlap: Annotated[
        int, About("Overlap", "How many sentences of a chunk start the next one again: 0 or 1.")
    ] = 1

    def problems(self, scope: str) -> list[str]:  # noqa: ARG002
        """The overlap is one sentence or none."""
        overlap = self.sentence_overlap
        return [] if overlap in (0, 1) else [f"sentence_overlap[{overlap}] must be either 0 or 1"]


class Words(Settings):
    """Windows of a number of words."""

    max_chunk_size: Annotated[int, About("Words", "The words in a chunk.", at_least=10)]
    overlap: Annotated[int, About("Overlap", "How many words of a chunk start the next one again.", positive=True)]

    def problems(self, scope: str) -> list[str]:
        """The overlap is at most half a chunk."""
        most = self.max_chunk_size // 2
        if self.overlap <= most:
            return []
        return [f"[{scope}] Invalid value [{self.overlap:.1f}]. [overlap] must be a less than or equal to [{most:.1f}]"]


class Recursive(Settings):
    """Cut at the first separator, then cut what is still too long at the next one."""

    max_chunk_size: Annotated[int, About("Words", "The most words in a chunk.", at_least=10)]
    separators: Annotated[list[str], About("Separators", "Regular expressions, the coarsest first.")]

    def problems(self, scope: str) -> list[str]:  # noqa: ARG002
        """There is at least one separator, not more than 50, and each is text."""
        if not self.separators:
            return ["Recursive chunking settings can not have an empty list of separators"]
        if len(self.separators) > MAX_SEPARATORS:
            return [f"separators list size [{len(self.separators)}] must not exceed [{MAX_SEPARATORS}]"]
        return [
            f"field [separators] is not of the expected type. "
            f"The value [{java(separator)}] cannot be converted to a [String]"
            for separator in self.separators
            if not isinstance(separator, str)
        ] or [problem for separator in self.separators if (problem := _malformed(separator))]


class Whole(Settings):
    """No chunking: a text is one chunk."""


ChunkingSettings = Sentences | Words | Recursive | Whole
_NAMES: Mapping[str, type[ChunkingSettings]] = {
    "sentence": Sentences,
    "word": Words,
    "recursive": Recursive,
    "none": Whole,
}
DEFAULT = Sentences(max_chunk_size=250)


def parse(raw: Mapping[str, Any] | None) -> ChunkingSettings:
    """The chunking settings in a request body; the default if there are none.

    Raises IllegalArgument for a missing or unknown strategy, Invalid for what is wrong with its settings.
    """
    if not raw:
        return DEFAULT
    rest, problems = dict(raw), list[str]()
    strategy = rest.pop("strategy", None)
    if strategy is None:
        raise IllegalArgument("Can't generate Chunker without ChunkingStrategy provided")
    if not isinstance(strategy, str) or strategy.lower() not in _NAMES:
        raise IllegalArgument(
            f"Invalid chunkingStrategy [{java(strategy)}], it must be one of [{', '.join(sorted(_NAMES))}]"
        )
    kind = _NAMES[strategy.lower()]
    if kind is Recursive:
        _expand_group(rest, problems)
    settings = kind.take(rest, problems, SCOPE)
    if rest:
        problems.append(_foreign(kind, sorted(rest)))
    if settings is None or problems:
        raise Invalid(problems)
    return settings


def wire(settings: ChunkingSettings) -> dict[str, Any]:
    """The settings as GET echoes them, `strategy` first."""
    strategy = next(name for name, kind in _NAMES.items() if isinstance(settings, kind))
    return {"strategy": strategy, **settings.wire()}


def _malformed(separator: str) -> str | None:
    if len(separator) > MAX_SEPARATOR_LENGTH:
        return f"[{SCOPE}] a separator has {len(separator)} characters; at most {MAX_SEPARATOR_LENGTH} are allowed"
    try:
        regex.compile(separator, regex.MULTILINE)
    except (regex.error, RecursionError, OverflowError, ValueError) as error:
        return f"[{SCOPE}] Invalid value [{separator}] received. [separators] must be regular expressions: {error}"
    return None


def _expand_group(raw: MutableMapping[str, Any], problems: list[str]) -> None:
    group = raw.pop("separator_group", None)
    if group is not None and raw.get("separators") is not None:
        problems.append("Recursive chunking settings can not have both separators and separator_set")
    elif group is not None and (not isinstance(group, str) or group.lower() not in SEPARATOR_GROUPS):
        allowed = ", ".join(sorted(SEPARATOR_GROUPS))
        problems.append(
            f"[{SCOPE}] Invalid value [{java(group)}] received. [separator_group] must be one of [{allowed}]"
        )
    if raw.get("separators") is None:
        raw["separators"] = list(SEPARATOR_GROUPS.get(str(group).lower(), PLAINTEXT))


def _foreign(kind: type[ChunkingSettings], keys: Sequence[str]) -> str:
    listed = f"[{', '.join(keys)}]"
    if kind is Whole:
        return f"When chunking is disabled (none), settings can not have the following: {listed}"
    name = {Sentences: "Sentence based", Words: "Word based", Recursive: "Recursive"}[kind]
    return f"{name} chunking settings can not have the following settings: {listed}"
