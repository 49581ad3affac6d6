"""What runs a deployment, and what it has done, for people."""

from dataclasses import asdict

from connote.runtime.lane import Lane
from connote.runtime.opening import Served


def diagnosis(model: Served, lane: Lane) -> dict[str, object]:
    """As `GET _connote/endpoints` and the like show a deployment that is loaded."""
    return {
        "state": "started",
        "model_id": model.row.id,
        "device": model.device,
        "precision": model.backend.precision,
        "quality": {precision: asdict(quality) for precision, quality in model.quality.items()},
        "allocations": lane.workers,
        "waiting": lane.waiting,
        "totals": asdict(lane.totals),
    }
