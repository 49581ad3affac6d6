"""Models of trees by id: those that order what a search finds, and those that predict from a document's fields."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connote.contract.body import is_deeper
from connote.contract.errors import (
    AlreadyExists,
    Conflict,
    ConnoteError,
    IllegalArgument,
    InvalidRequest,
    NotFound,
    Rejected,
    Unparsable,
)
from connote.contract.requests import MOST_INPUTS
from connote.contract.settings import java
from connote.models import definition
from connote.models.config import check_alias, wrong_id
from connote.models.predictor import Predictor, is_predictor
from connote.models.rankers import KIND, Ranker, is_ranker
from connote.models.selection import is_wild, select
from connote.store.bodies import BodyStore
from connote.version import VERSION_SPOKEN

log = logging.getLogger("connote.models")

Tree = Ranker | Predictor
_KNOWN = {
    "model_id", "description", "model_type", "inference_config", "input", "metadata", "tags", "definition",
    "compressed_definition", "model_size_bytes", "estimated_operations", "version", "license_level",
    "default_field_map",
}  # fmt: skip
_MOST_NESTED = 100  # what is told again must be what JSON can be written of
_TOLD = ("description", "metadata")


@dataclass
class Counts:
    """What a model has done since the start; `last` is in milliseconds of the epoch."""

    inferences: int = 0
    failures: int = 0
    missing: int = 0
    last: int = 0

    def wire(self) -> dict[str, int]:
        """`inference_stats` of `_stats`."""
        return {
            "failure_count": self.failures,
            "inference_count": self.inferences,
            "cache_miss_count": 0,
            "missing_all_fields_count": self.missing,
            "timestamp": self.last,
        }


class Trees:
    """Kept by id. `claims` are asked, with the id of a new one, why it cannot be that; `pipelines` which name one."""

    def __init__(self, store: BodyStore) -> None:
        self._store = store
        self.claims: list[Callable[[str], str | None]] = []
        self.pipelines: Callable[[Sequence[str]], Sequence[str]] = lambda _: ()
        self.all: dict[str, Tree] = {}
        self.aliases: dict[str, str] = {}
        self._counts: dict[str, Counts] = {}
        self._writing = asyncio.Lock()
        for id, kept in store.all().items():
            try:
                self._keep(_made(id, kept["body"], kept["created"]), kept.get("aliases", ()))
            except ConnoteError as error:
                log.warning("trained model [%s] cannot be read: %s", id, error)

    def find(self, name: str) -> Tree | None:
        """The model of that id or alias."""
        return self.all.get(self.aliases.get(name, name))

    def ranker(self, name: str) -> Ranker:
        """The one of that id or alias that orders documents. Raises NotFound, Rejected."""
        found = self.find(name)
        if found is None:
            raise NotFound(f"Could not find trained model [{name}]")
        if not isinstance(found, Ranker):
            raise Rejected(f"Model [{name}] has inference config of type [{found.kind}]; it must be [{KIND}]")
        return found

    def meant(self, expression: str) -> tuple[list[Tree], str | None]:
        """The models of that id, alias, or list with wildcards, and what of it may mean others; None if nothing may."""
        found, missing = select(expression, sorted({*self.all, *self.aliases}))
        rest = [part for part in expression.split(",") if is_wild(part) or part.strip() in missing]
        ids = sorted({self.aliases.get(name, name) for name in found})
        return [self.all[id] for id in ids], ",".join(rest) if rest or not found else None

    def names(self, id: str) -> list[str]:
        """The id and its aliases."""
        return [id, *sorted(alias for alias, model in self.aliases.items() if model == id)]

    async def put(self, id: str, given: Mapping[str, Any]) -> Tree:
        """Keep a new one. Raises InvalidRequest, Unparsable, IllegalArgument, AlreadyExists, Rejected."""
        _check(id, given)
        made = await asyncio.to_thread(_new, id, given)
        async with self._writing:
            if id in self.all:
                raise AlreadyExists(f"Trained machine learning model [{id}] already exists")
            self._check_free(id)
            await self._save(made, self.aliases)
            self._keep(made, ())
        return made

    async def delete(self, id: str, *, force: bool) -> None:
        """Forget one. Raises NotFound, or Conflict if a pipeline names it, unless it is forced."""
        async with self._writing:
            if id not in self.all:
                raise NotFound(f"Could not find trained model [{id}]")
            if not force and (used := self.pipelines(self.names(id))):
                raise Conflict(
                    f"Cannot delete model [{id}] as it is still referenced by ingest processors; use force to delete "
                    f"the model; pipelines: [{', '.join(used)}]"
                )
            await asyncio.to_thread(self._store.remove, [id])
            for alias in self.names(id)[1:]:
                del self.aliases[alias]
            del self.all[id]
            self._counts.pop(id, None)

    async def put_alias(self, id: str, alias: str, *, reassign: bool) -> None:
        """Let the alias name a model. Raises NotFound; Rejected if it is another's, and not to be reassigned."""
        check_alias(alias)
        async with self._writing:
            if id not in self.all:
                raise NotFound(f"Could not find trained model [{id}]")
            before = self.aliases.get(alias)
            if before is None:
                if alias in self.all:
                    raise Rejected("model_alias cannot be the same as an existing trained model_id")
                self._check_free(alias)
            elif before != id and not reassign:
                raise Rejected(
                    f"cannot assign model_alias [{alias}] to model_id [{id}] as model_alias already refers to "
                    f"[{before}]. Set parameter [reassign] to [true] if model_alias should be reassigned."
                )
            elif (other := self.all[before].kind) != (own := self.all[id].kind):
                raise Rejected(
                    f"cannot reassign model_alias [{alias}] to model [{id}] with inference config type [{own}] from "
                    f"model [{before}] with type [{other}]"
                )
            for changed in {before or id, id}:
                await self._save(self.all[changed], {**self.aliases, alias: id})
            self.aliases[alias] = id

    async def remove_alias(self, id: str, alias: str) -> None:
        """Take the alias from a model. Raises Conflict if it is another's, or a pipeline names it."""
        async with self._writing:
            if self.aliases.get(alias) != id:
                raise Conflict(f"model_alias [{alias}] does not refer to provided model_id [{id}]")
            if used := self.pipelines([alias]):
                raise Conflict(
                    f"Cannot delete model_alias [{alias}] as it is still used by ingest pipelines: [{', '.join(used)}]"
                )
            await self._save(self.all[id], {name: each for name, each in self.aliases.items() if name != alias})
            del self.aliases[alias]

    def claim(self, id: str) -> str | None:
        """Why another model cannot have that id."""
        return f"Trained machine learning model [{id}] already exists" if self.find(id) else None

    async def predict(self, name: str, documents: Any, update: Mapping[str, Any] | None) -> list[dict[str, Any]]:  # noqa: ANN401 (JSON)
        """What `_infer` tells of each document. Raises NotFound, and what is wrong with documents or the update."""
        model = self.find(name)
        if not isinstance(model, Predictor):
            raise Rejected(f"Model [{name}] has inference config of type [{KIND}] which is for searches only")
        counts = self._counts.setdefault(model.id, Counts())
        counts.last = time.time_ns() // 1_000_000
        try:
            _check_documents(documents)
            found = await asyncio.to_thread(model.predict, documents, model.configured(update))
        except ConnoteError:
            counts.failures += 1
            raise
        counts.missing += sum("warning" in each for each in found)
        counts.inferences += len(found)
        return found

    def statistics(self, model: Tree) -> dict[str, Any]:
        """Its entry in the answer to `_stats`."""
        counts = self._counts.get(model.id)
        return {
            "model_id": model.id,
            "model_size_stats": {"model_size_bytes": model.forest.size, "required_native_memory_bytes": 0},
            "pipeline_count": len(self.pipelines(self.names(model.id))),
        } | ({"inference_stats": counts.wire()} if counts else {})

    def _check_free(self, id: str) -> None:
        if why := next((why for claim in self.claims if (why := claim(id))), None):
            raise Rejected(why)
        if id in self.aliases:
            raise Rejected(
                f"requested model_id [{id}] is the same as an existing model_alias. Model model_aliases and ids must "
                "be unique"
            )

    def _keep(self, model: Tree, aliases: Sequence[str]) -> None:
        self.all[model.id] = model
        self.aliases |= dict.fromkeys(aliases, model.id)

    async def _save(self, model: Tree, aliases: Mapping[str, str]) -> None:
        own = sorted(alias for alias, id in aliases.items() if id == model.id)
        kept = {"body": model.body, "created": model.created, "aliases": own}
        await asyncio.to_thread(self._store.put, model.id, kept)


def is_tree(body: Mapping[str, Any]) -> bool:
    """Whether the body of a PUT is one's."""
    return is_ranker(body) or is_predictor(body)


def entry(model: Tree, include: Sequence[str] = (), *, is_packed: bool = False) -> dict[str, Any]:
    """Its entry in the answer to GET; a definition that is included may be packed."""
    more: dict[str, Any] = {"fully_defined": True} if "definition_status" in include else {}
    if "definition" in include:
        whole = model.body["definition"]
        more |= {"compressed_definition": definition.packed(whole)} if is_packed else {"definition": whole}
    return {
        "model_id": model.id,
        "model_type": "tree_ensemble",
        "created_by": "api_user",
        "version": VERSION_SPOKEN,
        "create_time": model.created,
        "model_size_bytes": model.forest.size,
        "estimated_operations": model.forest.operations,
        "license_level": "platinum",
        "tags": model.tags,
        **{name: model.body[name] for name in _TOLD if name in model.body},
        **model.entry(),
        **more,
    }


def _check(id: str, given: Mapping[str, Any]) -> None:
    """Raise InvalidRequest, Unparsable or IllegalArgument for what cannot be the body of one."""
    if problems := wrong_id(id, "model_id"):
        raise InvalidRequest(problems)
    if unknown := given.keys() - _KNOWN:
        raise Unparsable(f"[trained_model_config] unknown field [{min(unknown)}]")
    if given.get("model_id") not in (None, id):
        raise IllegalArgument(f"[model_id] of the body must be [{id}], as in the path")
    if is_deeper(given, _MOST_NESTED):
        raise IllegalArgument(f"the body must not be nested more than {_MOST_NESTED} deep")
    for name, kind, told in (("tags", list, "an array"), ("metadata", dict, "an object"), ("description", str, "text")):
        if given.get(name) is not None and not isinstance(given[name], kind):
            raise IllegalArgument(f"[{name}] must be {told}")


def _new(id: str, given: Mapping[str, Any]) -> Tree:
    compressed, whole = given.get("compressed_definition"), given.get("definition")
    if (compressed is None) == (whole is None):
        raise IllegalArgument("give either [definition] or [compressed_definition]")
    body = {name: value for name, value in given.items() if name != "compressed_definition" and value is not None}
    body["definition"] = whole if compressed is None else definition.unpacked(compressed)
    return _made(id, body, time.time_ns() // 1_000_000)


def _made(id: str, body: Mapping[str, Any], created: int) -> Tree:
    return (Ranker if is_ranker(body) else Predictor).of(id, body, created)


def _check_documents(given: Any) -> None:  # noqa: ANN401 (JSON)
    if not isinstance(given, list) or not given:
        raise InvalidRequest(["[docs] must be an array of at least one document"])
    if len(given) > MOST_INPUTS:
        raise InvalidRequest([f"[docs] has {len(given)} documents, at most {MOST_INPUTS} are taken in one request"])
    for each in given:
        if not isinstance(each, Mapping):
            raise InvalidRequest([f"[docs] must hold objects, not [{java(each)[:100]}]"])
