"""The routes that say who and how the server is."""

from starlette.responses import RedirectResponse, Response

from connote.api.exchange import Answer, Ask, Route
from connote.version import VERSION, VERSION_SPOKEN


async def info(ask: Ask) -> Answer:
    """Name, version and tagline of the server; browsers are sent to the console."""
    if "text/html" in ask.headers.get("accept", ""):
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
            "tagline": "You Know, for Search",  # by which older clients know what they speak with
        }
    )


async def ping(ask: Ask) -> Answer:  # noqa: ARG001 (a handler)
    """Whether the server is there."""
    return Answer(response=Response(status_code=200))


async def alive(ask: Ask) -> Answer:  # noqa: ARG001 (a handler)
    """For a supervisor: the process answers."""
    return Answer({"status": "ok"})


ROUTES = (
    Route("GET", "/", info),
    Route("HEAD", "/", ping),
    Route("GET", "/livez", alive),
    Route("GET", "/readyz", alive),
)
