"""Processors by expressions with names: grok finds fields of a string, redact hides what should not be seen.

https://www.elastic.co/docs/reference/enrich-processor/grok-processor, …/redact-processor
"""

from collections.abc import Mapping, Sequence
from functools import partial

from connote.contract.errors import IllegalArgument
from connote.ingest import path
from connote.ingest.document import Document
from connote.ingest.grok import Grok, library
from connote.ingest.options import Options, Value
from connote.ingest.painless.values import MOST_TEXT
from connote.ingest.pipeline import Step
from connote.ingest.processors.strings import bounded


def grok(options: Options) -> Step:
    """Find fields in a string by the first of some patterns such as `%{IP:client} %{NUMBER:bytes:int}` that fits."""
    field, missing = options.text("field"), options.flag("ignore_missing")
    at, traced, groks = options.fixed("field", field), options.flag("trace_match"), _groks(options)
    for name in (name for each in groks for name in each.fields):
        options.fixed("patterns", name)

    def run(document: Document) -> None:
        value = document.text(at, field, missing=missing)
        if value is None:
            return
        number, found = _first(groks, value)
        for name, given in found.items():
            document.put(path.parse(name), given)
        if traced:
            document.ingest["_grok_match_index"] = str(number)

    return run


def redact(options: Options) -> Step:
    """Put the name of a pattern such as `%{IP:client}` in place of all that fits it: `<client>`."""
    field, missing = options.text("field"), options.flag("ignore_missing", default=True)
    before, behind = options.text("prefix", "<"), options.text("suffix", ">")
    at, groks = options.fixed("field", field), _groks(options, ecs=True)
    traced = options.flag("trace_redact")
    options.flag("skip_if_unlicensed")

    def run(document: Document) -> None:
        value = document.text(at, field, missing=missing)
        spans = [] if value is None else [span for each in groks for span in bounded(partial(each.spans, value))]
        if value is None or not spans:
            return
        document.put(at, _redacted(value, spans, before, behind))
        if traced:
            document.ingest["_redact"] = {"_is_redacted": True}

    return run


def _redacted(text: str, spans: Sequence[tuple[int, int, str]], before: str, behind: str) -> str:
    """With the names in place of what they are of. What overlaps is one, with the name of the longest.

    Raises IllegalArgument for what becomes too long.
    """
    runs, behind_all = list[list[tuple[int, int, str]]](), 0
    for span in sorted(spans):
        if runs and span[0] < behind_all:
            runs[-1].append(span)
        else:
            runs.append([span])
        behind_all = max(behind_all, span[1])
    made, at = list[str](), 0
    for run in runs:
        name = max(run, key=lambda span: span[1] - span[0])[2]
        made += [text[at : run[0][0]], before, name, behind]
        at = max(end for _, end, _ in run)
    made.append(text[at:])
    if sum(map(len, made)) > max(MOST_TEXT, len(text)):
        raise IllegalArgument(f"a redacted text may have at most {MOST_TEXT} characters")
    return "".join(made)


def _groks(options: Options, *, ecs: bool | None = None) -> list[Grok]:
    """The patterns; whose fields are of the Elastic Common Schema, if the options or `ecs` say so."""
    if ecs is None:
        ecs = options.choice("ecs_compatibility", {"disabled": None, "v1": None}, "disabled") == "v1"
    own, patterns = options.map("pattern_definitions", {}), options.texts("patterns")
    if not all(isinstance(each, str) for each in own.values()):
        raise options.failure("pattern_definitions", "property must be an object of strings")
    if not patterns:
        raise options.failure("patterns", "List of patterns must not be empty")
    known = {**library(ecs=ecs), **own}
    try:
        groks = [Grok(pattern, known) for pattern in patterns]
    except IllegalArgument as error:
        raise options.failure("patterns", error.reason) from None
    return groks


def _first(groks: Sequence[Grok], text: str) -> tuple[int, Mapping[str, Value]]:
    """The number of the first that fits, and what it finds. Raises IllegalArgument."""
    for number, each in enumerate(groks):
        found = bounded(partial(each.match, text))
        if found is not None:
            return number, found
    raise IllegalArgument(f"Provided Grok expressions do not match field value: [{text[:1000]}]")


PROCESSORS = {"grok": grok, "redact": redact}
