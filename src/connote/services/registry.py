"""All services, by name: connote's own, and those of installed packages."""

import logging
from collections.abc import Iterator, Mapping
from importlib.metadata import entry_points

from connote.services.alibabacloud import alibabacloud
from connote.services.amazon_sagemaker import amazon_sagemaker
from connote.services.amazonbedrock import amazonbedrock
from connote.services.anthropic import anthropic
from connote.services.azureaistudio import azureaistudio
from connote.services.azureopenai import azureopenai
from connote.services.cohere import cohere
from connote.services.contextualai import contextualai
from connote.services.custom import custom
from connote.services.elastic import elastic
from connote.services.elasticsearch import elasticsearch
from connote.services.googleaistudio import googleaistudio
from connote.services.googlevertexai import googlevertexai
from connote.services.hugging_face import hugging_face, hugging_face_elser
from connote.services.jinaai import jinaai
from connote.services.llama import llama
from connote.services.mixedbread import mixedbread
from connote.services.nvidia import nvidia
from connote.services.openai import openai
from connote.services.rows import ROWS
from connote.services.service import Service
from connote.services.tei import tei
from connote.services.voyageai import voyageai
from connote.services.watsonxai import watsonxai

log = logging.getLogger("connote.services")

OWN = (
    alibabacloud,
    amazon_sagemaker,
    amazonbedrock,
    anthropic,
    azureaistudio,
    azureopenai,
    cohere,
    contextualai,
    custom,
    elastic,
    elasticsearch,
    googleaistudio,
    googlevertexai,
    hugging_face,
    hugging_face_elser,
    jinaai,
    llama,
    mixedbread,
    nvidia,
    openai,
    tei,
    voyageai,
    watsonxai,
    *ROWS,
)
# A package adds services under this name: each entry point is a Service.
GROUP = "connote.services"


def _installed() -> Iterator[Service]:
    for point in entry_points(group=GROUP):
        try:
            service = point.load()
        except Exception:
            log.exception("the service [%s] of the package %s cannot be loaded", point.name, point.dist)
            continue
        if isinstance(service, Service):
            yield service
        else:
            log.error("the entry point [%s] in [%s] is no Service", point.name, GROUP)


# A package does not replace a service of connote's own.
SERVICES: Mapping[str, Service] = {service.name: service for service in (*_installed(), *OWN)}


def find(name: str) -> Service | None:
    """The service of that name or older name."""
    return SERVICES.get(name) or next((service for service in SERVICES.values() if name in service.aliases), None)
