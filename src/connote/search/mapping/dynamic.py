"""What becomes of fields that are not mapped: a mapping that their values suggest, or that a template gives.

https://www.elastic.co/docs/manage-data/data-store/mapping/dynamic-mapping
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

import regex

from connote.contract import dates
from connote.contract.errors import BadDocument, BadMapping, ConnoteError
from connote.contract.settings import java

# The formats of dates that are looked for if none are said; fields have the first that fits, the usual one unsaid.
_USUAL = "strict_date_optional_time"
_DETECTED = (_USUAL, "yyyy/MM/dd HH:mm:ss||yyyy/MM/dd||epoch_millis")
_LIKE_A_DATE = regex.compile(r"\d{4}[-/]\d{1,2}[-/]\d{1,2}", regex.ASCII)
_LIKE_A_LONG = regex.compile(r"-?\d{1,18}", regex.ASCII)
_LIKE_A_DOUBLE = regex.compile(r"-?\d*\.\d+(?:[eE][-+]?\d{1,3})?", regex.ASCII)
# So many floats are taken for a vector, as in Elasticsearch.
_VECTOR = range(128, 4097)
# How long the regular expressions of templates may look at a name, in seconds.
_PATIENCE = 0.05
_PATTERNS = (("match", True), ("unmatch", False), ("path_match", True), ("path_unmatch", False))
_RULE = (
    *(name for name, _ in _PATTERNS),
    "mapping",
    "runtime",
    "match_mapping_type",
    "unmatch_mapping_type",
    "match_pattern",
)
_CONDITIONS = {"match", "path_match", "match_mapping_type"}
_KINDS = ("*", "object", "string", "long", "double", "boolean", "date", "binary")
_TRUE, _FALSE = (True, "true"), (False, "false")


def check(root: Mapping[str, Any]) -> None:
    """Raise BadMapping for templates and formats at the root of a mapping that cannot be."""
    formats = root.get("dynamic_date_formats")
    if formats is not None:
        listed = formats if isinstance(formats, list) else [formats]
        if not all(isinstance(each, str) for each in listed):
            raise BadMapping(f"[dynamic_date_formats] must be texts, not [{java(formats)[:100]}]")
        for each in listed:
            _check_format(each)
    for name in ("date_detection", "numeric_detection"):
        if root.get(name, True) not in (*_TRUE, *_FALSE):
            raise BadMapping(f"[{name}] must be [true] or [false], not [{java(root[name])[:100]}]")
    templates = root.get("dynamic_templates") or []
    if not isinstance(templates, list):
        raise BadMapping("Dynamic template syntax error. An array of named objects is expected.")
    for each in templates:
        if not isinstance(each, Mapping) or len(each) != 1:
            raise BadMapping("A dynamic template must be defined with a name")
        ((name, rule),) = each.items()
        _check_rule(name, rule)


class Dynamic:
    """Guesses mappings of fields, for one mapping, of which `root` has the parameters."""

    def __init__(self, root: Mapping[str, Any]) -> None:
        self._root = root
        formats = root.get("dynamic_date_formats")
        self._formats: tuple[str, ...] = (
            tuple(formats if isinstance(formats, list) else [formats]) if formats else _DETECTED
        )

    def of(self, path: str, name: str, value: Any, template: str | None = None) -> dict[str, Any]:  # noqa: ANN401 (JSON)
        """The mapping of a field that has this value, which is not empty; of an object, only its own parameters.

        It is by that template, or without one by the first that fits. Raises BadDocument for one that is not there.
        """
        sample = sampled(value)
        guess = {"type": "object"} if isinstance(sample, Mapping) else self._guess(value, sample)
        kind = {"text": "string", "float": "double"}.get(guess["type"], guess["type"])
        for named in self._root.get("dynamic_templates") or ():
            for own, rule in named.items():
                fits = own == template if template is not None else _fits(rule, path, name, kind)
                if "mapping" in rule and fits:
                    made: dict[str, Any] = _filled(rule["mapping"], name, guess["type"])
                    return {"type": guess["type"], **made}
        if template is not None:
            raise BadDocument(
                f"[1:1] Can't find dynamic template for dynamic template name [{template}] of field [{path}]"
            )
        return guess

    def _guess(self, value: Any, sample: Any) -> dict[str, Any]:  # noqa: ANN401
        if isinstance(sample, bool):
            return {"type": "boolean"}
        if isinstance(sample, int):
            return {"type": "long"}
        if isinstance(sample, float):
            return {"type": "dense_vector", "dims": len(value)} if _is_vector(value) else {"type": "float"}
        return self._guess_text(str(sample)) or {
            "type": "text",
            "fields": {"keyword": {"type": "keyword", "ignore_above": 256}},
        }

    def _guess_text(self, sample: str) -> dict[str, Any] | None:
        if self._root.get("date_detection", True) in _TRUE and (form := self._format(sample)) is not None:
            return {"type": "date", **({} if form == _USUAL else {"format": form})}
        if self._root.get("numeric_detection", False) in _TRUE:
            if _LIKE_A_LONG.fullmatch(sample):
                return {"type": "long"}
            if _LIKE_A_DOUBLE.fullmatch(sample):
                return {"type": "float"}
        return None

    def _format(self, value: str) -> str | None:
        """The first format that a text is a date of, if there is one."""
        if self._formats == _DETECTED and not _LIKE_A_DATE.match(value):
            return None
        for form in self._formats:
            with suppress(ConnoteError):
                dates.parse(value, form)
                return form
        return None


def sampled(value: Any) -> Any:  # noqa: ANN401
    """The first value that is there; of whole numbers and fractions a fraction. None if there is none."""
    if not isinstance(value, list):
        return value
    found = [inner for each in value if (inner := sampled(each)) is not None]
    return next((each for each in found if isinstance(each, float)), found[0] if found else None)


def _is_vector(value: Any) -> bool:  # noqa: ANN401
    return isinstance(value, list) and len(value) in _VECTOR and all(isinstance(each, float) for each in value)


def _check_format(pattern: str) -> None:
    try:
        dates.check(pattern)
    except ConnoteError as error:
        raise BadMapping(f"Invalid format in [dynamic_date_formats]: {error.reason}") from None


def _check_rule(name: str, rule: Any) -> None:  # noqa: ANN401
    where = f"dynamic template [{name}]"
    if not isinstance(rule, Mapping):
        raise BadMapping(f"{where} must be an object, not [{java(rule)[:100]}]")
    if unknown := [key for key in rule if key not in _RULE]:
        raise BadMapping(f"Illegal dynamic template parameter: [{unknown[0]}] in {where}")
    if not isinstance(rule.get("mapping", {}), Mapping) or ("mapping" not in rule and "runtime" not in rule):
        raise BadMapping(f"template [{name}] must have either mapping or runtime set, an object")
    if _filled(rule.get("mapping", {}), "", "text").get("type") == "semantic_text":
        raise BadMapping(f"{where}: [semantic_text] fields cannot be defined by dynamic templates")
    kinds = list(_listed(rule.get("match_mapping_type")))
    if wrong := [each for each in kinds if each not in _KINDS]:
        raise BadMapping(f"No field type matched on [{java(wrong[0])}], possible values are {java(list(_KINDS))}")
    if rule.get("match_pattern", "simple") not in ("simple", "regex"):
        raise BadMapping(f"No matching pattern matched on [{java(rule['match_pattern'])}]")
    for key, _ in _PATTERNS:
        for pattern in _listed(rule.get(key)):
            _check_pattern(where, pattern, is_regex=rule.get("match_pattern") == "regex")


def _check_pattern(where: str, pattern: Any, *, is_regex: bool) -> None:  # noqa: ANN401
    if not isinstance(pattern, str):
        raise BadMapping(f"{where}: a pattern must be a text, not [{java(pattern)[:100]}]")
    try:
        if is_regex:
            regex.compile(pattern)
    except regex.error as error:
        raise BadMapping(f"Pattern [{pattern[:100]}] of {where} is invalid: {error}") from None


def _listed(given: Any) -> Iterator[Any]:  # noqa: ANN401
    if given is not None:
        yield from given if isinstance(given, list) else [given]


def _fits(rule: Mapping[str, Any], path: str, name: str, kind: str) -> bool:
    if not rule.keys() & _CONDITIONS:
        return False  # it must be asked for by its name
    wanted, unwanted = list(_listed(rule.get("match_mapping_type"))), list(_listed(rule.get("unmatch_mapping_type")))
    if (wanted and "*" not in wanted and kind not in wanted) or kind in unwanted:
        return False
    is_regex = rule.get("match_pattern") == "regex"
    for key, want in _PATTERNS:
        text = path if key.startswith("path") else name
        if key in rule and any(_matches(each, text, is_regex=is_regex) for each in _listed(rule[key])) is not want:
            return False
    return True


def _matches(pattern: str, text: str, *, is_regex: bool) -> bool:
    try:
        compiled = pattern if is_regex else ".*".join(map(regex.escape, pattern.split("*")))
        return regex.fullmatch(compiled, text, timeout=_PATIENCE) is not None
    except TimeoutError:
        return False


def _filled(template: Any, name: str, kind: str) -> Any:  # noqa: ANN401
    if isinstance(template, Mapping):
        return {key: _filled(value, name, kind) for key, value in template.items()}
    if isinstance(template, list):
        return [_filled(each, name, kind) for each in template]
    if isinstance(template, str):
        return template.replace("{name}", name).replace("{dynamic_type}", kind)
    return template
