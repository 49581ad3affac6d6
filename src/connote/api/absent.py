"""The routes of what connote does not have, told as a cluster tells it that has none: clients clean up by them."""

from connote.api.choice import TIMEOUTS
from connote.api.exchange import Answer, Ask, Route
from connote.api.table import PARAMS, Column, table
from connote.contract.errors import IllegalArgument, NoRepository

_PENDING = (
    Column("insertOrder", ("o",), "task insertion order"),
    Column("timeInQueue", ("t",), "how long task has been in queue"),
    Column("priority", ("p",), "task priority"),
    Column("source", ("s",), "task source"),
)
_REPOSITORIES = (Column("id", ("repoId",), "unique repository id"), Column("type", ("t",), "repository type"))
_SNAPSHOTS = tuple(
    Column(name, (), name.replace("_", " "))
    for name in (
        "id", "repository", "status", "start_epoch", "start_time", "end_epoch", "end_time", "duration", "indices",
        "successful_shards", "failed_shards", "total_shards",
    )
)  # fmt: skip
_FIELDDATA = tuple(
    Column(name, (), f"{name} of the fields that are in memory")
    for name in ("id", "host", "ip", "node", "field", "size")
)


async def repositories(ask: Ask) -> Answer:
    """Repositories of snapshots: none. Raises NoRepository for one that is named."""
    _refuse_repositories(ask)
    return Answer({})


async def delete_repositories(ask: Ask) -> Answer:
    """Nothing to delete. Raises NoRepository for one that is named, as for patterns that nothing fits."""
    raise NoRepository(ask.path("repository"))


async def pending_tasks(ask: Ask) -> Answer:  # noqa: ARG001 (a handler)
    """Changes of the cluster that wait: none, for all are done when they are acknowledged."""
    return Answer({"tasks": []})


async def dangling(ask: Ask) -> Answer:  # noqa: ARG001
    """Indices whose files are here and which are not known: none, for these are removed when the server starts."""
    nodes = {"total": 1, "successful": 1, "failed": 0}
    return Answer({"_nodes": nodes, "cluster_name": "connote", "dangling_indices": []})


async def no_dangling(ask: Ask) -> Answer:
    """There is none to bring back or to delete. Raises IllegalArgument."""
    raise IllegalArgument(f"No dangling index found for UUID [{ask.path('index_uuid')}]")


async def cat_pending(ask: Ask) -> Answer:
    """Changes of the cluster that wait, as a table: none."""
    return table(ask, _PENDING, [])


async def cat_repositories(ask: Ask) -> Answer:
    """Repositories of snapshots, as a table: none."""
    return table(ask, _REPOSITORIES, [])


async def cat_snapshots(ask: Ask) -> Answer:
    """Snapshots, as a table: none. Raises NoRepository for a repository that is named."""
    _refuse_repositories(ask)
    return table(ask, _SNAPSHOTS, [])


async def cat_fielddata(ask: Ask) -> Answer:
    """Fields that were taken into memory to be sorted by: none, for they are read where they are."""
    return table(ask, _FIELDDATA, [])


async def license_(ask: Ask) -> Answer:
    """A licence under which everything may be used, for the clients that look at it before they use retrievers."""
    told = {
        "status": "active",
        "uid": ask.connote.uuid,
        "type": "enterprise",
        "issue_date": "1970-01-01T00:00:00.000Z",
        "issue_date_in_millis": 0,
        "max_nodes": None,
        "max_resource_units": None,
        "issued_to": "connote",
        "issuer": "connote",
        "start_date_in_millis": -1,
    }
    return Answer({"license": told})


def _refuse_repositories(ask: Ask) -> None:
    for name in str(ask.request.path_params.get("repository", "*")).split(","):
        if "*" not in name and name != "_all":
            raise NoRepository(name)


_LICENSE = dict.fromkeys(("accept_enterprise", "local"), "Accepted.")
_TABLES = {
    "pending_tasks": cat_pending,
    "repositories": cat_repositories,
    "snapshots": cat_snapshots,
    "snapshots/{repository}": cat_snapshots,
    "fielddata": cat_fielddata,
    "fielddata/{fields}": cat_fielddata,
}
_TABLE = PARAMS | {"fields": "Accepted.", "ignore_unavailable": "Accepted."}

ROUTES = (
    *(Route("GET", f"/_cat/{path}", handler, _TABLE) for path, handler in _TABLES.items()),
    Route("GET", "/_dangling", dangling, TIMEOUTS),
    *(
        Route(method, "/_dangling/{index_uuid}", no_dangling, TIMEOUTS | {"accept_data_loss": "Accepted."})
        for method in ("POST", "DELETE")
    ),
    *(
        Route("GET", path, repositories, TIMEOUTS | {"local": "Accepted."})
        for path in ("/_snapshot", "/_snapshot/{repository}")
    ),
    Route("DELETE", "/_snapshot/{repository}", delete_repositories, TIMEOUTS),
    Route("GET", "/_cluster/pending_tasks", pending_tasks, TIMEOUTS | {"local": "Accepted."}),
    *(Route("GET", path, license_, _LICENSE) for path in ("/_license", "/_xpack/license")),
)
