"""The routes of what connote does not have, told as a cluster tells it that has none: clients clean up by them."""

from connote.api.choice import TIMEOUTS
from connote.api.exchange import Answer, Ask, Route
from connote.contract.errors import IllegalArgument, NoRepository


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


async def basic_status(ask: Ask) -> Answer:  # noqa: ARG001 (a handler)
    """Whether a basic licence could be begun: no, there is one under which more may be used."""
    return Answer({"eligible_to_start_basic": False})


async def trial_status(ask: Ask) -> Answer:  # noqa: ARG001
    """Whether a trial could be begun: no, for there is nothing to try that is not there."""
    return Answer({"eligible_to_start_trial": False})


async def start_trial(ask: Ask) -> Answer:  # noqa: ARG001
    """Begin a trial, as workshops do first: none is begun, nor needed, so that they can go on."""
    told = "Operation failed: Trial was already activated."
    return Answer({"acknowledged": True, "trial_was_started": False, "error_message": told})


async def features(ask: Ask) -> Answer:  # noqa: ARG001
    """What keeps its state in indices of the system, and could be kept in a snapshot: nothing."""
    return Answer({"features": []})


def _refuse_repositories(ask: Ask) -> None:
    for name in str(ask.request.path_params.get("repository", "*")).split(","):
        if "*" not in name and name != "_all":
            raise NoRepository(name)


_LICENSE = dict.fromkeys(("accept_enterprise", "local"), "Accepted.")

ROUTES = (
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
    Route("GET", "/_license/basic_status", basic_status),
    Route("GET", "/_license/trial_status", trial_status),
    Route("POST", "/_license/start_trial", start_trial, {"acknowledge": "Accepted.", "type": "Accepted."} | TIMEOUTS),
    Route("GET", "/_features", features, TIMEOUTS),
    Route("POST", "/_features/_reset", features, TIMEOUTS),
)
