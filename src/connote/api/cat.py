"""The routes of `_cat` that tell of models."""

from datetime import UTC, datetime

from connote.api.exchange import Answer, Ask, Route
from connote.api.table import PARAMS, Column, Row, table
from connote.contract.errors import IllegalArgument
from connote.models.trained import Trained

_COLUMNS = (
    Column("id", (), "the trained model id"),
    Column(
        "heap_size",
        ("hs", "modelHeapSize"),
        "the estimated heap size to keep the model in memory",
        is_size=True,
        is_right=True,
    ),
    Column("operations", ("o", "modelOperations"), "the estimated number of operations of the model", is_right=True),
    Column("create_time", ("ct",), "the time the model was created"),
    Column("type", ("t",), "the model type"),
    Column("ingest.pipelines", ("ip", "ingestPipelines"), "the number of pipelines that use the model", is_right=True),
    Column(
        "data_frame.id", ("dfid", "dataFrameAnalytics"), "the data frame analytics config id that created the model"
    ),
    Column("description", ("d",), "the model description", is_shown=False),
    Column("version", ("v",), "the version when the model was created", is_shown=False),
    Column("license", ("l",), "the license level of the model", is_shown=False),
)


async def trained_models(ask: Ask) -> Answer:
    """Trained models as a table."""
    models = ask.connote.trained.models
    expression = str(ask.request.path_params.get("model_id", "_all"))
    found = models.get(expression, allow_no_match=ask.text("allow_no_match") is None or ask.flag("allow_no_match"))
    start, size = _number(ask, "from", 0), _number(ask, "size", 100)
    return table(ask, _COLUMNS, [_row(ask, model) for model in found], slice(start, start + size))


def _row(ask: Ask, model: Trained) -> Row:
    models = ask.connote.trained.models
    size, created = models.size(model), (model.created or 0) / 1000
    return {
        "id": model.id,
        "heap_size": size,
        "operations": 0,
        "create_time": datetime.fromtimestamp(created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "type": "pytorch",
        "ingest.pipelines": len(models.pipelines(models.names(model.id))),
        "data_frame.id": None,
        "description": model.config.body.description,
        "version": str(model.wire(size)["version"]),
        "license": "basic",
    }


def _number(ask: Ask, name: str, default: int) -> int:
    told = ask.text(name)
    try:
        number = default if told is None else int(told)
    except ValueError:
        number = -1
    if number < 0:
        raise IllegalArgument(f"Parameter [{name}] must be a number that is not negative, not [{told}]")
    return number


_PARAMS = PARAMS | {
    "allow_no_match": "Whether wildcards may mean nothing; default true.",
    "from": "How many to leave out at the beginning.",
    "size": "How many to tell at most; default 100.",
}

ROUTES = (
    Route("GET", "/_cat/ml/trained_models", trained_models, _PARAMS),
    Route("GET", "/_cat/ml/trained_models/{model_id}", trained_models, _PARAMS),
)
