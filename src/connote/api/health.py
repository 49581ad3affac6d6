"""The route that tells how this server fares."""

from connote.api.exchange import Answer, Ask, Route
from connote.contract.errors import IllegalArgument
from connote.search.health import worst


async def report(ask: Ask) -> Answer:
    """How this server fares, by indicators: what each has found, what that means, and what to do about it."""
    feature, most = ask.request.path_params.get("feature"), ask.whole("size", 1000)
    if most is None or most < 0:
        raise IllegalArgument(f"The size parameter must be a positive integer, not [{most}]")
    found = await ask.attended(ask.connote.health.report(feature))
    is_verbose = ask.flag("verbose", default=True)
    told = {name: each.wire(name, is_verbose=is_verbose, most=most) for name, each in found.items()}
    status = {} if feature else {"status": worst(found)}
    return Answer({**status, "cluster_name": "connote", "indicators": told})


_PARAMS = {
    "size": "How many affected things of a kind are told; default 1000.",
    "timeout": "Accepted.",
    "verbose": "With details and what to do; default true.",
}

ROUTES = tuple(Route("GET", f"/_health_report{rest}", report, _PARAMS) for rest in ("", "/{feature}"))
