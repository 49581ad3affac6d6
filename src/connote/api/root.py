"""The routes that say who and how the server is."""

from starlette.responses import RedirectResponse, Response

from connote.api.exchange import Answer, Ask, Route
from connote.version import VERSION, VERSION_SPOKEN


async def info(ask: Ask) -> Answer:
    """Name, version and tagline of the server; browsers are sent to the console."""
    if "text/html" in ask.request.headers.get("accept", ""):
        return Answer(response=RedirectResponse("/console/", status_code=302))
    return Answer(
        {
            "name": "connote",
            "cluster_name": "connote",
            "cluster_uuid": ask.connote.uuid,
            "version": {
                "number": VERSION_SPOKEN,
                "build_flavor": "connote",
                "build_type": "wheel",
                "build_hash": VERSION,
                "build_date": "2026-11-24T00:00:00.000Z",
                "build_snapshot": False,
                "lucene_version": "none",
                "minimum_wire_compatibility_version": "8.19.0",
                "minimum_index_compatibility_version": "8.0.0",
            },
            "tagline": "More than the literal word",
        }
    )


async def ping(ask: Ask) -> Answer:  # noqa: ARG001 (a handler)
    """Whether the server is there."""
    return Answer(response=Response(status_code=200))


async def cluster_health(ask: Ask) -> Answer:  # noqa: ARG001 (a handler)
    """The health of the cluster, which is this one node."""
    return Answer(
        {
            "cluster_name": "connote",
            "status": "green",
            "timed_out": False,
            "number_of_nodes": 1,
            "number_of_data_nodes": 1,
            "active_primary_shards": 0,
            "active_shards": 0,
            "relocating_shards": 0,
            "initializing_shards": 0,
            "unassigned_shards": 0,
            "delayed_unassigned_shards": 0,
            "number_of_pending_tasks": 0,
            "number_of_in_flight_fetch": 0,
            "task_max_waiting_in_queue_millis": 0,
            "active_shards_percent_as_number": 100.0,
        }
    )


async def alive(ask: Ask) -> Answer:  # noqa: ARG001 (a handler)
    """For a supervisor: the process answers."""
    return Answer({"status": "ok"})


_HEALTH_PARAMS = {
    "wait_for_status": "Accepted: the status is always green.",
    "timeout": "Accepted: the answer is immediate.",
    "master_timeout": "Accepted.",
    "local": "Accepted.",
    "level": "Accepted: there are no indices yet.",
}

ROUTES = (
    Route("GET", "/", info),
    Route("HEAD", "/", ping),
    Route("GET", "/_cluster/health", cluster_health, _HEALTH_PARAMS),
    Route("GET", "/livez", alive),
    Route("GET", "/readyz", alive),
)
