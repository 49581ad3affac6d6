"""The routes of `_ml`: trained models, their deployments, and inference on them."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from connote.api.exchange import Answer, Ask, Route
from connote.contract import durations
from connote.contract.errors import IllegalArgument, Unparsable
from connote.contract.settings import java
from connote.models import assignment, parameters, trees
from connote.models.deployments import Deployed
from connote.models.selection import page
from connote.models.trained import GENERATED, Trained
from connote.runtime import memory
from connote.runtime.fleet import CORES

T = TypeVar("T")
_ACKNOWLEDGED = {"acknowledged": True}
_INCLUDES = (
    "definition",
    "definition_status",
    "feature_importance_baseline",
    "hyperparameters",
    "total_feature_importance",
)


async def put_model(ask: Ask) -> Answer:
    """Add a model: one of connote's catalog by its name, or the configuration of one whose definition you then send.

    A model for `regression`, `classification` or `learning_to_rank` comes with its definition, trees: `definition` or
    `compressed_definition`.
    """
    wait = ask.flag("wait_for_completion")
    ask.flag("defer_definition_decompression")
    body = await ask.json()
    if trees.is_tree(body):
        return Answer(trees.entry(await ask.connote.trees.put(ask.path("model_id"), body)))
    model = await ask.connote.trained.models.put(ask.path("model_id"), body, wait=wait)
    return Answer(model.wire(ask.connote.trained.models.size(model)))


async def get_models(ask: Ask) -> Answer:
    """Models by id, alias, or a list with wildcards: those that were added, and those of the catalog that are here."""
    include = [part for part in (ask.text("include") or "").split(",") if part]
    if unknown := [part for part in include if part not in _INCLUDES]:
        raise IllegalArgument(f"unknown [include] parameter [{unknown[0]}]; must be one of [{', '.join(_INCLUDES)}]")
    is_packed = not _flag(ask, "decompress_definition")
    tags = {tag for tag in (ask.text("tags") or "").split(",") if tag}
    models = ask.connote.trained.models

    def rest(expression: str, *, allow_no_match: bool) -> list[Trained]:
        return models.get(expression, tuple(tags), allow_no_match=allow_no_match)

    found = [model for model in _meant(ask, rest) if isinstance(model, Trained) or tags <= set(model.tags)]
    left_out = GENERATED if ask.flag("exclude_generated") else ()
    entries = (
        models.entry(model, include) if isinstance(model, Trained) else trees.entry(model, include, is_packed=is_packed)
        for model in _page(ask, found)
    )
    told = [{name: value for name, value in entry.items() if name not in left_out} for entry in entries]
    return Answer({"count": len(found), "trained_model_configs": told})


async def delete_model(ask: Ask) -> Answer:
    """Delete a model that was added. One that is in use is only deleted with `force`, and then stopped."""
    _seconds(ask, 30)
    id, force = ask.path("model_id"), ask.flag("force")
    own = ask.connote.trees if id in ask.connote.trees.all else ask.connote.trained.models
    await own.delete(id, force=force)
    return Answer(_ACKNOWLEDGED)


async def put_part(ask: Ask) -> Answer:
    """Take a part of a definition, TorchScript as `torch.jit.save` writes it: base64 in `definition`.

    Parts come in any order, and may come again; `total_parts` and `total_definition_length` must stay what they are.
    """
    number = _integer("part", ask.path("part"))
    await ask.connote.trained.uploads.put_part(ask.path("model_id"), number, await ask.json())
    return Answer(_ACKNOWLEDGED)


async def put_vocabulary(ask: Ask) -> Answer:
    """Take a model's vocabulary: `vocabulary`, and where its tokenisation needs them `merges` or `scores`."""
    await ask.connote.trained.uploads.put_vocabulary(ask.path("model_id"), await ask.json())
    return Answer(_ACKNOWLEDGED)


async def put_alias(ask: Ask) -> Answer:
    """Give a model another name."""
    id, alias, reassign = ask.path("model_id"), ask.path("model_alias"), ask.flag("reassign")
    if id in ask.connote.trees.all:
        await ask.connote.trees.put_alias(id, alias, reassign=reassign)
    else:
        await ask.connote.trained.aliases.put(id, alias, reassign=reassign)
    return Answer(_ACKNOWLEDGED)


async def delete_alias(ask: Ask) -> Answer:
    """Take a name from a model."""
    id, alias = ask.path("model_id"), ask.path("model_alias")
    if alias in ask.connote.trees.aliases:
        await ask.connote.trees.remove_alias(id, alias)
    else:
        await ask.connote.trained.aliases.remove(id, alias)
    return Answer(_ACKNOWLEDGED)


async def start(ask: Ask) -> Answer:
    """Start a model, and wait until it serves. It is served again after a restart, until it is stopped."""
    body = await _optional(ask)
    query = {name: value for name in _PARAMETERS if (value := ask.text(name)) is not None}
    seconds, wait = _seconds(ask, 20, body), _told(ask, body, "wait_for") or "started"
    id = _told(ask, body, "deployment_id")
    if wait not in _WAITS:
        raise IllegalArgument(f"invalid [wait_for] state [{wait}]; must be one of [{', '.join(_WAITS)}]")
    wanted = parameters.read(query, body)
    deployments = ask.connote.trained.deployments
    deployed = await deployments.start(ask.path("model_id"), id, wanted)
    if wait != "starting":
        await ask.attended(deployments.started(deployed, seconds))
    return Answer({"assignment": _assignment(ask, deployed)})


async def update(ask: Ask) -> Answer:
    """Change how many allocations a deployment has."""
    body = await _optional(ask)
    query = {name: value for name in ("number_of_allocations",) if (value := ask.text(name)) is not None}
    deployments = ask.connote.trained.deployments
    deployed = await deployments.update(ask.path("model_id"), lambda before: parameters.changed(before, query, body))
    return Answer({"assignment": _assignment(ask, deployed)})


async def stop(ask: Ask) -> Answer:
    """Stop deployments, by their ids or their models'; a list with wildcards. `force` though others use them."""
    body = await _optional(ask)
    for name in ("allow_no_match", "force"):
        if not isinstance(body.get(name, False), bool):
            raise Unparsable(f"[{name}] must be true or false, not [{java(body[name])}]")
    matches = _flag(ask, "allow_no_match") and body.get("allow_no_match", True)
    force = ask.flag("force") or body.get("force", False)
    await ask.connote.trained.deployments.stop(ask.path("model_id"), allow_no_match=matches, force=force)
    return Answer({"stopped": True})


async def clear_cache(ask: Ask) -> Answer:
    """Empty the cache of results; it is one for all models."""
    ask.connote.trained.inference.target(ask.path("model_id"))
    await ask.connote.cache.clear()
    return Answer({"cleared": True})


async def stats(ask: Ask) -> Answer:
    """Sizes of models, and states and counts of their deployments, those of endpoints among them."""
    statistics = ask.connote.trained.statistics
    found = _meant(ask, statistics.meant)
    told = (
        statistics.entries(model) if isinstance(model, Trained) else [ask.connote.trees.statistics(model)]
        for model in _page(ask, found)
    )
    return Answer({"count": len(found), "trained_model_stats": [entry for entries in told for entry in entries]})


async def infer(ask: Ask) -> Answer:
    """Run a model on `docs`. `inference_config` changes for this request what can be changed of the model's own."""
    return await _infer(ask)


async def infer_deployment(ask: Ask) -> Answer:
    """The same, at its older path."""
    answer = await _infer(ask)
    path = "[POST /_ml/trained_models/{model_id}/deployment/_infer]"
    told = f"{path} is deprecated! Use [POST /_ml/trained_models/{{model_id}}/_infer] instead."
    return Answer(answer.body, warnings=(told,))


async def info(ask: Ask) -> Answer:  # noqa: ARG001 (a handler)
    """Defaults and limits of machine learning."""
    return Answer(
        {
            "defaults": {"anomaly_detectors": {}, "datafeeds": {}},
            "upgrade_mode": False,
            "native_code": {"version": "none", "build_hash": "none"},
            "limits": {
                "max_single_ml_node_processors": CORES,
                "total_ml_processors": CORES,
                **_memory(),
            },
        }
    )


async def _infer(ask: Ask) -> Answer:
    body = await ask.json()
    seconds = _seconds(ask, 10, body)
    if unknown := body.keys() - {"docs", "inference_config", "timeout"}:
        raise Unparsable(
            f"[infer_trained_model_request] unknown field [{min(unknown)}]; known are [docs, inference_config]"
        )
    update = body.get("inference_config")
    if update is not None and not isinstance(update, dict):
        raise Unparsable(f"[inference_config] must be an object, not [{java(update)}]")
    id, docs = ask.path("model_id"), body.get("docs")
    if ask.connote.trees.find(id):
        return Answer({"inference_results": await ask.connote.trees.predict(id, docs, update)})
    results = ask.connote.trained.inference.infer_documents(id, docs, update, seconds)
    return Answer({"inference_results": await ask.attended(results)})


def _assignment(ask: Ask, deployed: Deployed) -> dict[str, Any]:
    trained, house = ask.connote.trained, ask.connote
    size = trained.models.size(trained.models.find(deployed.model))
    return assignment.assignment(deployed, house.fleet, house.uuid, size)


def _meant(ask: Ask, others: Callable[..., Sequence[Trained]]) -> list[Trained | trees.Tree]:
    """The models that are meant, by id: trees, and those of the rest that `others` finds. Raises what it raises."""
    found, rest = ask.connote.trees.meant(_named(ask))
    allow_no_match = bool(found) or _flag(ask, "allow_no_match")
    more = [] if rest is None else others(rest, allow_no_match=allow_no_match)
    return sorted([*found, *more], key=lambda model: model.id)


def _page(ask: Ask, found: Sequence[T]) -> list[T]:
    return page(found, _number(ask, "from", 0), _number(ask, "size", 100))


def _named(ask: Ask) -> str:
    return str(ask.request.path_params.get("model_id", "_all"))


async def _optional(ask: Ask) -> dict[str, Any]:
    """The body, if there is one."""
    return await ask.json() if await ask.has_body() else {}


def _told(ask: Ask, body: dict[str, Any], name: str) -> str | None:
    """A text in the URL, or taken out of the body."""
    given = body.pop(name, None)
    if given is not None and not isinstance(given, str):
        raise Unparsable(f"[{name}] must be a string, not [{java(given)}]")
    told = ask.text(name)
    return given if told is None else told


def _seconds(ask: Ask, default: float, body: dict[str, Any] | None = None) -> float | None:
    """The timeout, in the URL or taken out of the body; None is no limit."""
    told = _told(ask, {} if body is None else body, "timeout")
    return default if told is None else durations.seconds(told)


def _flag(ask: Ask, name: str) -> bool:
    """A query parameter that is true if it is not given."""
    return ask.text(name) is None or ask.flag(name)


def _number(ask: Ask, name: str, default: int) -> int:
    told = ask.text(name)
    return default if told is None else _integer(name, told)


def _integer(name: str, told: str) -> int:
    try:
        return int(told)
    except ValueError:
        raise IllegalArgument(f"Failed to parse int parameter [{name}] with value [{told}]") from None


def _memory() -> dict[str, str]:
    free = memory.available()
    return {} if free is None else {"effective_max_model_memory_limit": f"{free >> 20}mb"}


_WAITS = ("starting", "started", "fully_allocated")
_PARAMETERS = ("cache_size", "number_of_allocations", "priority", "queue_capacity", "threads_per_allocation")
_MANY = {
    "allow_no_match": "Whether wildcards may mean nothing; default true.",
    "from": "How many to leave out at the beginning.",
    "size": "How many to tell at most; default 100.",
}
_TIMEOUT = {"timeout": "How long to wait, such as `30s`."}
_MODELS, _MODEL = "/_ml/trained_models", "/_ml/trained_models/{model_id}"
_DEPLOYMENT = f"{_MODEL}/deployment"

_GET = _MANY | {
    "decompress_definition": "With `false` a definition is told as it was compressed: base64 of gzip.",
    "exclude_generated": "Leave out what putting the model again would make.",
    "include": "`definition_status` adds `fully_defined`: whether all of it is here; `definition` adds that of trees.",
    "tags": "Only models that have all of these tags.",
}
_START = _TIMEOUT | {
    "cache_size": "Of a deployment with `0` no results are cached; the cache is one for all models.",
    "deployment_id": "The id of the deployment; default that of the model.",
    "number_of_allocations": "How many batches can run at once; default 1.",
    "priority": "`normal` (default), or `low`: behind others.",
    "queue_capacity": "How many texts may wait; default 1024.",
    "threads_per_allocation": "Threads of each; a power of 2.",
    "wait_for": "`starting`, `started` (default) or `fully_allocated`.",
}

ROUTES = (
    Route("GET", "/_ml/info", info),
    Route("GET", _MODELS, get_models, _GET),
    Route("GET", f"{_MODELS}/_stats", stats, _MANY),
    Route("GET", f"{_MODEL}/_stats", stats, _MANY),
    Route("POST", f"{_MODEL}/_infer", infer, _TIMEOUT),
    Route("POST", f"{_DEPLOYMENT}/_infer", infer_deployment, _TIMEOUT),
    Route("POST", f"{_DEPLOYMENT}/_start", start, _START),
    Route("POST", f"{_DEPLOYMENT}/_update", update, {"number_of_allocations": "How many batches can run at once."}),
    Route(
        "POST",
        f"{_DEPLOYMENT}/_stop",
        stop,
        {"allow_no_match": _MANY["allow_no_match"], "force": "Stop it though it is in use.", **_TIMEOUT},
    ),
    Route("POST", f"{_DEPLOYMENT}/cache/_clear", clear_cache),
    Route("PUT", f"{_MODEL}/definition/{{part}}", put_part),
    Route("PUT", f"{_MODEL}/vocabulary", put_vocabulary),
    Route(
        "PUT",
        f"{_MODEL}/model_aliases/{{model_alias}}",
        put_alias,
        {"reassign": "Take the alias from the model that has it."},
    ),
    Route("DELETE", f"{_MODEL}/model_aliases/{{model_alias}}", delete_alias),
    Route("GET", _MODEL, get_models, _GET),
    Route(
        "PUT",
        _MODEL,
        put_model,
        {
            "defer_definition_decompression": "Accepted.",
            "wait_for_completion": "Of a model of the catalog: wait until it is here.",
        },
    ),
    Route("DELETE", _MODEL, delete_model, {"force": "Delete it though it is in use.", **_TIMEOUT}),
)
