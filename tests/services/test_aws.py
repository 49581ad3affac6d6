"""Regions and hosts are where botocore says that they are."""

from urllib.parse import quote, urlsplit

import botocore.loaders
import botocore.session
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aws import KEYS
from connote.contract.errors import Rejected
from connote.contract.secret import Secret
from connote.services.amazon_sagemaker import amazon_sagemaker
from connote.services.amazonbedrock import amazonbedrock
from connote.services.aws import AwsSettings, Signature
from connote.services.service import Post, Service
from connote.upstream import address
from connote.upstream.settings import Access

PARTITIONS = botocore.loaders.Loader().load_data("partitions")["partitions"]
REGIONS = [
    (region, partition["outputs"]["dnsSuffix"])
    for partition in PARTITIONS
    for region in partition["regions"]
    if not region.endswith("global")
]


def settings(region: str, access_key: str = KEYS["access_key"]) -> AwsSettings:
    return AwsSettings(access_key=Secret(access_key), secret_key=Secret(KEYS["secret_key"]), region=region)


def test_every_region_has_its_domain() -> None:
    assert len(REGIONS) > 30
    assert [(region, settings(region).domain) for region, _ in REGIONS] == REGIONS


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1", "cn-north-1", "us-gov-west-1", "eusc-de-east-1"])
@pytest.mark.parametrize(
    ("service", "name"), [(amazonbedrock, "bedrock-runtime"), (amazon_sagemaker, "sagemaker-runtime")]
)
def test_a_host_is_the_one_that_botocore_asks(service: Service, name: str, region: str) -> None:
    client = botocore.session.Session().create_client(
        name, region, aws_access_key_id=KEYS["access_key"], aws_secret_access_key=KEYS["secret_key"]
    )
    assert service.site is not None
    ours = address.of(service.site, Access(), settings(region), Post("/x", None))
    assert str(ours) == f"{client.meta.endpoint_url}/x"


def test_a_key_that_cannot_stand_in_a_header_is_told() -> None:
    with pytest.raises(Rejected, match="cannot stand in an HTTP header") as refused:
        Signature("bedrock", settings("us-east-1", "a\r\nb"))
    assert "a\r\nb" not in str(refused.value)


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20))
def test_a_path_is_signed_as_it_is_sent(name: str) -> None:
    request = httpx.Request("POST", f"https://example.org/model/{quote(name, safe='')}/invoke")
    signature = Signature("bedrock", settings("us-east-1"))
    next(signature.auth_flow(request))
    signed = signature._request("POST", str(request.url))
    assert urlsplit(signed.url).path.encode() == request.url.raw_path
