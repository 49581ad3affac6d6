"""The inference processor: what a model or endpoint makes of a document's texts goes into the document.

https://www.elastic.co/docs/reference/enrich-processor/inference-processor
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connote.contract.errors import ConnoteError, IllegalArgument, Rejected
from connote.ingest import path
from connote.ingest.document import Document
from connote.ingest.options import Options, Value
from connote.ingest.path import Path, copied
from connote.ingest.pipeline import Fields, Flow, Infer, Results, Step
from connote.ingest.processors.fields import not_of

_TYPES = ("classification", "regression", "fill_mask", "ner", "pass_through", "question_answering",
          "text_classification", "text_embedding", "text_expansion", "text_similarity",
          "zero_shot_classification")  # fmt: skip
# Models of these have a results field of their own.
_OF_TREES = ("classification", "regression")
# What `_infer` calls the main result, and the field that models read if they do not say.
_RESULT, _TEXT_FIELD = "predicted_value", "text_field"
_RESULTS_FIELD = "results_field"


@dataclass(frozen=True)
class _Input:
    """A text, and where its result goes: the main result under `name` in the object at `base`, the others beside it."""

    field: Path
    base: Path
    name: str


def inference(options: Options) -> Step:
    """Infer from one text, from several that each have a field for the result, or, by trees, from fields."""
    model_id, config = options.text("model_id"), _config(options)
    missing = options.flag("ignore_missing")
    inputs = _inputs(options)
    target = options.text("target_field", None)
    renamed = next(iter(config.values()), {}).get(_RESULTS_FIELD)
    asked = {kind: {name: value for name, value in inner.items() if name != _RESULTS_FIELD or kind in _OF_TREES}
             for kind, inner in config.items()}  # fmt: skip
    if inputs is None:
        field_map = options.map("field_map", None) or options.map("field_mappings", None) or {}
        default = f"ml.inference.{options.tag}" if options.tag else "ml.inference"
        to = options.fixed("target_field", target or default)
        named = renamed if isinstance(renamed, str) else _RESULT
        maps = _mapped(options, field_map)
        return lambda document: _to_target(document, Infer(model_id, (), asked), maps, to, named)
    _refuse(options, target, renamed)
    return lambda document: _to_fields(document, Infer(model_id, (), asked), inputs, missing=missing)


def _refuse(options: Options, target: str | None, renamed: Value) -> None:
    """Raise ParseFailed for options that say once more where results go."""
    use = "Use the [output_field] option to specify where to write the inference results to."
    if target is not None:
        raise options.failure("target_field", f"option is incompatible with [input_output]. {use}")
    if options.map("field_map", None) is not None:
        raise options.failure("field_map", "option is incompatible with [input_output]. Use the [input_field] option.")
    if renamed is not None:
        raise options.failure(None, f"The [inference_config.{_RESULTS_FIELD}] setting is incompatible with using "
                              f"[input_output]. {use}")  # fmt: skip


def _config(options: Options) -> dict[str, dict[str, Value]]:
    """The inference_config: one kind of inference, and how it is to be done."""
    given = options.map("inference_config", None)
    if given is None:
        return {}
    inner = next(iter(given.values()), None)
    if len(given) != 1 or not isinstance(inner, dict):
        raise Rejected("inference_config must be an object with one inference type mapped to an object.")
    ((kind, _),) = given.items()
    if kind not in _TYPES:
        raise Rejected(f"unrecognized inference configuration type [{kind}]. Supported types [{', '.join(_TYPES)}]")
    return {kind: inner}


def _inputs(options: Options) -> list[_Input] | None:
    given = options.value("input_output", None)
    if given is None:
        return None
    items = given if isinstance(given, list) else [given]
    if not items:
        raise options.failure("input_output", "property cannot be empty at least one is required")
    found, seen = [], set[tuple[str, str]]()
    for item in items:
        if not isinstance(item, dict):
            raise options.failure("input_output", "property isn't a map or list of maps")
        inner = Options(options.type, item, options.nested, options.find)
        names = {name: inner.text(name) for name in ("input_field", "output_field")}
        for name in names.items():
            if name in seen:
                raise options.failure(name[0], f"names must be unique but [{name[1]}] is repeated")
            seen.add(name)
        inner.end()
        *base, last = options.fixed("output_field", names["output_field"])
        found.append(_Input(options.fixed("input_field", names["input_field"]), tuple(base), last))
    return found


def _mapped(options: Options, field_map: Mapping[str, Value]) -> list[tuple[Path, str]]:
    """The fields that are mapped, and the names that the model has for them."""
    if not all(isinstance(name, str) for name in field_map.values()):
        raise options.failure("field_map", "property isn't a map of strings")
    return [(options.fixed("field_map", source), name) for source, name in field_map.items()]


def _to_target(document: Document, wish: Infer, maps: Sequence[tuple[Path, str]], to: Path, named: str) -> Flow:
    mapped = {name: document.get(source) for source, name in maps if document.has(source)}
    (result,) = yield wish._replace(inputs=[Fields({**document.source, **mapped}, _one_text(document, maps))])
    made = _made(result, named) | {"model_id": wish.model_id}
    _put(document, to, made)


def _one_text(document: Document, maps: Sequence[tuple[Path, str]]) -> str | ConnoteError:
    """Of the field that is mapped to what a model reads, else of the first one mapped, else of `text_field` itself."""
    sources = [source for source, name in maps if name == _TEXT_FIELD] or [source for source, _ in maps]
    read = [*sources, (_TEXT_FIELD,)]
    at = next((each for each in read if document.has(each)), None)
    if at is None:
        return Rejected(f"Input field [{'.'.join(read[0])}] does not exist in the source document")
    try:
        return _text(document, at)
    except ConnoteError as error:
        return error


def _to_fields(document: Document, wish: Infer, inputs: list[_Input], *, missing: bool) -> Flow:
    present = [each for each in inputs if not missing or document.given(each.field)]
    if not present:
        return
    results: Results = yield wish._replace(inputs=[_text(document, each.field) for each in present])
    made = [_made(result, each.name) for each, result in zip(present, results, strict=True)]
    made[0] |= {"model_id": wish.model_id}
    for each, fields in zip(present, made, strict=True):
        for name, value in fields.items():
            _put(document, (*each.base, name), value)


def _text(document: Document, at: Path) -> str:
    value = document.get(at)
    if not isinstance(value, str):
        field = ".".join(at)
        if value is None:
            raise IllegalArgument(f"field [{field}] is null, cannot be processed because it is not a text field")
        raise IllegalArgument(not_of(field, value, "java.lang.String"))
    return value


def _made(result: Mapping[str, Any] | Exception, named: str) -> dict[str, Value]:
    """The result's fields, the main one under its name. Raises what went wrong."""
    if isinstance(result, Exception):
        if isinstance(result, ConnoteError):
            raise result
        raise ConnoteError("internal error; the server's log says more") from result
    return {named if name == _RESULT else name: copied(value) for name, value in result.items()}


def _put(document: Document, at: Path, value: Value) -> None:
    """Set a field; what is there already stays, and the value goes behind it, as Elasticsearch does."""
    if document.has(at):
        path.append(document.ctx, at, value)
    else:
        document.put(at, value)


PROCESSORS = {"inference": inference}
