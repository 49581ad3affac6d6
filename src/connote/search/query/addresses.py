"""Addresses of both versions: one by one, or by network."""

import ipaddress
from collections.abc import Callable, Sequence

from connote.search.mapping.addresses import address, network
from connote.search.query import patterns
from connote.search.query.query import Find


def among(field: str, values: Sequence[str]) -> Find:
    """Documents with one of these addresses, or with one in one of these networks (`10.0.0.0/8`)."""
    exact = {str(address(value)) for value in values if "/" not in value}
    networks = [network(value) for value in values if "/" in value]
    test: Callable[[str], bool] = exact.__contains__
    if networks:

        def test(word: str) -> bool:
            return word in exact or any(ipaddress.ip_address(word) in each for each in networks)

    return patterns.matching(field, test)
