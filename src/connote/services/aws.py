"""What Amazon's services have in common: an account, a region, and the signature of every request.

Signature version 4: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html.
"""

import re
from collections.abc import Generator
from importlib import import_module
from typing import Annotated, Any, cast

import httpx

from connote.contract.errors import Rejected
from connote.contract.secret import Secret
from connote.contract.settings import About, Settings
from connote.services import auth

# Where regions are that are not at amazonaws.com, by the beginning of their names.
_DOMAINS = {
    "cn-": "amazonaws.com.cn",
    "eu-isoe-": "cloud.adc-e.uk",
    "eusc-": "amazonaws.eu",
    "us-iso-": "c2s.ic.gov",
    "us-isob-": "sc2s.sgov.gov",
    "us-isof-": "csp.hci.ic.gov",
}
_SIGNED = ("content-type", "host")
_REGION = re.compile(r"[A-Za-z0-9-]+", re.ASCII)


class AwsSettings(Settings):
    """An account, and where it is asked. There is no session token: an endpoint outlives temporary credentials."""

    access_key: Annotated[Secret, About("Access Key", "The access key of a user of your account.", updatable=True)]
    secret_key: Annotated[Secret, About("Secret Key", "The secret key that belongs to it.", updatable=True)]
    region: Annotated[str, About("Region", "The region that is asked, such as us-east-1.")]

    @property
    def domain(self) -> str:
        """The domain that its hosts are in."""
        return next((name for start, name in _DOMAINS.items() if self.region.startswith(start)), "amazonaws.com")

    def problems(self, scope: str) -> list[str]:
        """The region becomes a part of a host name."""
        if _REGION.fullmatch(self.region):
            return []
        return [f"[{scope}] Invalid value [{self.region}]. [region] must be the name of a region such as us-east-1"]


def signed(name: str) -> auth.Factory:
    """Requests to the service that signatures know under that name are signed."""
    return lambda settings, _: Signature(name, cast("AwsSettings", settings))


class Signature(httpx.Auth):
    """Signs the method, the path, the body, the host that is really asked, and Amazon's own headers.

    Headers that a proxy may change on the way are left out.
    """

    requires_request_body = True

    def __init__(self, name: str, settings: AwsSettings) -> None:
        keys = auth.shown(settings.access_key), auth.shown(settings.secret_key)
        signer = botocore("auth").SigV4Auth
        self._signer = signer(botocore("credentials").Credentials(*keys), name, settings.region)
        self._request = botocore("awsrequest").AWSRequest

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the date and the signature."""
        kept = {name: text for name, text in request.headers.items() if name in _SIGNED or name.startswith("x-amz")}
        signed = self._request(request.method, str(request.url), headers=kept, data=request.content)
        self._signer.add_auth(signed)
        for name in ("X-Amz-Date", "Authorization"):
            request.headers[name] = signed.headers[name]
        yield request


def botocore(module: str) -> Any:  # noqa: ANN401 (it has no types)
    """A module of botocore, imported when it is needed. Raises Rejected if it is not installed."""
    try:
        return import_module(f"botocore.{module}")
    except ModuleNotFoundError:
        raise Rejected(
            "Amazon's services need botocore, which is not installed: pip install connote[bedrock]"
        ) from None
