"""All services, by name."""

from collections.abc import Mapping

from connote.services.elastic import elastic
from connote.services.elasticsearch import elasticsearch
from connote.services.service import Service

SERVICES: Mapping[str, Service] = {service.name: service for service in (elastic, elasticsearch)}


def find(name: str) -> Service | None:
    """The service of that name or older name."""
    return SERVICES.get(name) or next((service for service in SERVICES.values() if name in service.aliases), None)
