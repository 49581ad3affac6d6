"""`_analyze`: from the body of a request to that of its answer.

https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-indices-analyze
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from connote.chunking.words import to_utf16
from connote.contract.errors import IllegalArgument, InvalidRequest, Unparsable
from connote.contract.settings import java
from connote.search.analysis.analysis import Analysis, Reference
from connote.search.analysis.analyzer import Analyzer
from connote.search.analysis.component import TokenFilter
from connote.search.analysis.token import Stream, Token

_NAMES = ("analyzer", "field", "normalizer")
_LISTS = ("filter", "char_filter")
_KNOWN = (*_NAMES, *_LISTS, "attributes", "explain", "text", "tokenizer")
# The analyzer of a field, by its name; None if there is no such field. Raises IllegalArgument if it has none.
Fields = Callable[[str], Analyzer | None]


def analyze(body: Mapping[str, Any], analysis: Analysis | None = None, fields: Fields | None = None) -> dict[str, Any]:
    """The answer: `tokens`, or with `explain` `detail`. Without an index `analysis` and `fields` are None.

    Raises Unparsable, InvalidRequest, IllegalArgument.
    """
    request = _parsed(body)
    _validate(request, indexed=analysis is not None)
    analyzer = _analyzer(request, analysis, fields)
    limit = (analysis or Analysis()).limits.max_token_count
    if request.get("explain"):
        return {"detail": _detail(analyzer, request["text"], request.get("attributes") or [], limit)}
    joined = _Joined(analyzer.gap, limit)
    for text in request["text"]:
        joined.add(analyzer.stream(text), text)
    return {"tokens": [_shown(token) for token in joined.tokens]}


def _parsed(body: Mapping[str, Any]) -> dict[str, Any]:
    for key, value in body.items():
        if key not in _KNOWN:
            raise Unparsable(f"[analyze_request] unknown field [{key}]; there are [{', '.join(sorted(_KNOWN))}]")
        if value is not None and not _fits(key, value):
            raise Unparsable(f"[analyze_request] failed to parse field [{key}]: [{java(value)}] is of another type")
    request = {key: value for key, value in body.items() if value is not None}
    for key in ("text", "attributes", *_LISTS):
        if key in request and not isinstance(request[key], list):
            request[key] = [request[key]]
    if request.get("explain") in ("true", "false"):
        request["explain"] = request["explain"] == "true"
    return request


def _fits(key: str, value: Any) -> bool:  # noqa: ANN401
    if key in _NAMES:
        return isinstance(value, str)
    if key == "explain":
        return isinstance(value, bool) or value in ("true", "false")
    if key == "tokenizer":
        return isinstance(value, str | Mapping)
    kinds = (str, Mapping) if key in _LISTS else (str,)
    return all(isinstance(item, kinds) for item in (value if isinstance(value, list) else [value]))


def _validate(request: Mapping[str, Any], *, indexed: bool) -> None:
    problems = []
    parts = any(request.get(key) for key in _LISTS)
    if not request.get("text"):
        problems.append("text is missing")
    if "normalizer" in request and not indexed:
        problems.append("index is required if normalizer is specified")
    if "normalizer" in request and ("tokenizer" in request or "analyzer" in request):
        problems.append("tokenizer/analyze should be null if normalizer is specified")
    if "analyzer" in request and ("tokenizer" in request or parts):
        problems.append("cannot define extra components on a named analyzer")
    if "normalizer" in request and parts:
        problems.append("cannot define extra components on a named normalizer")
    if "field" in request and ("tokenizer" in request or parts):
        problems.append("cannot define extra components on a field-specific analyzer")
    if problems:
        raise InvalidRequest(problems)


def _analyzer(request: Mapping[str, Any], analysis: Analysis | None, fields: Fields | None) -> Analyzer:
    known, found_in = analysis or Analysis(), "" if analysis else "global "
    if name := request.get("analyzer"):
        found, reason = known.analyzer(name), f"failed to find {found_in}analyzer [{name}]"
    elif name := request.get("normalizer"):
        found, reason = known.normalizer(name), f"failed to find normalizer under [{name}]"
    elif request.get("tokenizer") or request.get("filter") or request.get("char_filter"):
        filters: Sequence[Reference] = request.get("filter", [])
        return known.custom(request.get("tokenizer"), filters, request.get("char_filter", []), found_in=found_in)
    elif name := request.get("field"):
        return _field_analyzer(name, known, fields)
    else:
        return known.default
    if found is None:
        raise IllegalArgument(reason)
    return found


def _field_analyzer(name: str, analysis: Analysis, fields: Fields | None) -> Analyzer:
    if fields is None:
        raise IllegalArgument(
            "analysis based on a specific field requires an index: POST {index}/_analyze instead of _analyze"
        )
    return fields(name) or analysis.default


class _Joined:
    """The tokens of several texts, one after another, with offsets in UTF-16 code units as Java has them."""

    def __init__(self, gap: int, limit: int) -> None:
        self.tokens: list[Token] = []
        self._gap, self._limit = gap, limit
        self._position = self._offset = 0

    def add(self, stream: Stream, text: str) -> None:
        """Take in the tokens of the next text. Raises IllegalArgument if there are too many."""
        if len(self.tokens) + len(stream.tokens) > self._limit:
            raise IllegalArgument(
                "The number of tokens produced by calling _analyze has exceeded the allowed maximum of "
                f"[{self._limit}]. This limit can be set by changing the [index.analyze.max_token_count] index level "
                "setting."
            )
        places = to_utf16(text)
        for token in stream.tokens:
            token.position += self._position
            token.start = int(places[token.start]) + self._offset
            token.end = int(places[token.end]) + self._offset
        self.tokens += stream.tokens
        self._position += stream.last + 1 + self._gap
        self._offset += int(places[-1]) + 1


def _shown(token: Token) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "token": token.term,
        "start_offset": token.start,
        "end_offset": token.end,
        "type": token.type,
        "position": token.position,
    }
    return shown | ({"positionLength": token.length} if token.length > 1 else {})


def _detail(analyzer: Analyzer, texts: Sequence[str], attributes: Sequence[str], limit: int) -> dict[str, Any]:
    """Each part of a custom analyzer with what it makes; of a built-in one, all of it together."""
    stages = [_Joined(analyzer.gap, limit) for _ in range(len(analyzer.filters) + 1)]
    for text in texts:
        for stage, stream in zip(stages, analyzer.stages(text), strict=True):
            stage.add(stream, text)
    wanted = {attribute.lower() for attribute in attributes}
    parts = [named.part for named in analyzer.filters]
    tokens = [
        [_explained(token, parts[:count], wanted) for token in stage.tokens] for count, stage in enumerate(stages)
    ]
    if not analyzer.custom:
        return {"custom_analyzer": False, "analyzer": {"name": analyzer.name, "tokens": tokens[-1]}}
    filtered = [analyzer.filtered(text) for text in texts]
    return {
        "custom_analyzer": True,
        "charfilters": [
            {"name": named.name, "filtered_text": [versions[index] for versions in filtered]}
            for index, named in enumerate(analyzer.char_filters)
        ],
        "tokenizer": {"name": analyzer.tokenizer.name, "tokens": tokens[0]},
        "tokenfilters": [
            {"name": named.name, "tokens": made} for named, made in zip(analyzer.filters, tokens[1:], strict=True)
        ],
    }


def _explained(token: Token, filters: Sequence[TokenFilter], wanted: set[str]) -> dict[str, Any]:
    keyword = {"keyword": token.keyword} if any(part.heeds_keywords for part in filters) else {}
    encoded = token.term.encode("utf-8", "surrogatepass")
    attributes = {
        "bytes": f"[{' '.join(f'{byte:x}' for byte in encoded)}]",
        **keyword,
        "positionLength": token.length,
        "termFrequency": 1,
    }
    chosen = {name: value for name, value in attributes.items() if not wanted or name.lower() in wanted}
    return _shown(token) | chosen
