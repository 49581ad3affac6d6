"""Processors of addresses, flows and URIs: examples of the documentation, and of the specification of community ids."""

from typing import Any

import pytest

from connote.contract.errors import ParseFailed
from piped import failure, pipeline, through


def flow(source: str, destination: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 (JSON)
    ports = {"source": more.pop("from_port", None), "destination": more.pop("to_port", None)}
    ends = {"source": {"ip": source}, "destination": {"ip": destination}}
    for name, port in ports.items():
        if port is not None:
            ends[name]["port"] = port
    return {**ends, **more}


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        (flow("123.124.125.126", "55.56.57.58", from_port=12345, to_port=80, network={"iana_number": 6}),
         "1:9qr9Z1LViXcNwtLVOHZ3CL8MlyM="),
        (flow("128.232.110.120", "66.35.250.204", from_port=34855, to_port=80, network={"transport": "TCP"}),
         "1:LQU9qZlK+B5F3KDmev6m5PMibrg="),
        (flow("66.35.250.204", "128.232.110.120", from_port="80", to_port="34855", network={"transport": "tcp"}),
         "1:LQU9qZlK+B5F3KDmev6m5PMibrg="),
        (flow("192.168.0.89", "192.168.0.1", network={"transport": "icmp"}, icmp={"type": 8, "code": 0}),
         "1:X0snYXpgwiv9TZtqg64sgzUn6Dk="),
    ],
)  # fmt: skip
def test_community_ids_are_those_of_the_specification(source: dict[str, Any], wanted: str) -> None:
    assert through(source, {"community_id": {}})["network"]["community_id"] == wanted


@pytest.mark.parametrize(
    ("source", "destination", "networks", "wanted"),
    [
        ("128.232.110.120", "192.168.1.1", ["private"], "inbound"),
        ("192.168.1.1", "128.232.110.120", ["private"], "outbound"),
        ("10.0.1.1", "192.168.1.1", ["10.0.0.0/8", "192.168.0.0/16"], "internal"),
        ("8.8.8.8", "1.1.1.1", ["private", "loopback"], "external"),
        ("::1", "fd00::1", ["loopback", "private"], "internal"),
        ("8.8.8.8", "::1", ["public"], "outbound"),
    ],
)
def test_directions(source: str, destination: str, networks: list[str], wanted: str) -> None:
    found = through(flow(source, destination), {"network_direction": {"internal_networks": networks}})
    assert found["network"]["direction"] == wanted
    by_field = {"network_direction": {"internal_networks_field": "own", "target_field": "d"}}
    assert through({**flow(source, destination), "own": networks}, by_field)["d"] == wanted


def test_parts_of_a_uri() -> None:
    url = "http://myusername:mypassword@www.example.com:80/foo.gif?key1=val1&key2=val2#fragment"
    found = through({"u": url}, {"uri_parts": {"field": "u", "remove_if_successful": True}})
    assert found == {
        "url": {
            "scheme": "http", "domain": "www.example.com", "port": 80, "path": "/foo.gif", "extension": "gif",
            "query": "key1=val1&key2=val2", "fragment": "fragment", "user_info": "myusername:mypassword",
            "username": "myusername", "password": "mypassword", "original": url,
        }
    }  # fmt: skip
    bare = through({"u": "mailto:me@x.org"}, {"uri_parts": {"field": "u", "keep_original": False}})
    assert bare["url"] == {"scheme": "mailto", "path": "me@x.org", "extension": "org"}


@pytest.mark.parametrize(
    ("source", "processor", "told"),
    [
        ({"source": {"ip": "x"}, "destination": {"ip": "1.1.1.1"}}, {"community_id": {}}, "'x' is not an IP string"),
        (flow("1.1.1.1", "1.1.1.2", network={"transport": "tcp"}), {"community_id": {}}, "invalid source port [0]"),
        (flow("1.1.1.1", "1.1.1.2"), {"community_id": {}}, "transport protocol [None]"),
        ({}, {"community_id": {"ignore_missing": False}}, "unable to construct flow"),
        (flow("1.1.1.1", "1.1.1.2"), {"network_direction": {"internal_networks": ["here"]}}, "'here' is not an IP"),
        ({}, {"network_direction": {"internal_networks": ["private"], "ignore_missing": False}}, "unable to calculate"),
        (
            flow("1.1.1.1", "1.1.1.2", nets=[["private"]]),
            {"network_direction": {"internal_networks_field": "nets"}},
            "is not an IP string literal, a network",
        ),
        ({"u": "http://[x"}, {"uri_parts": {"field": "u"}}, "unable to parse URI"),
        ({"u": "http://x/a b"}, {"uri_parts": {"field": "u"}}, "unable to parse URI"),
        ({"u": 1}, {"uri_parts": {"field": "u"}}, "is null or of type"),
    ],
)
def test_what_fails(source: dict[str, Any], processor: dict[str, Any], told: str) -> None:
    assert told in failure(source, processor)


def test_what_is_missing_is_left_alone() -> None:
    direction = {"network_direction": {"internal_networks": ["private"]}}
    assert through(
        {"a": 1}, {"community_id": {}}, direction, {"uri_parts": {"field": "u", "ignore_missing": True}}
    ) == {"a": 1}


@pytest.mark.parametrize(
    "processor",
    [
        {"network_direction": {}},
        {"community_id": {"seed": 1 << 16}},
        {"community_id": {"seed": "x"}},
        {"community_id": {"seed": True}},
        {"community_id": {"seed": "65536"}},
        {"uri_parts": {}},
    ],
)
def test_wrong_options(processor: dict[str, Any]) -> None:
    with pytest.raises(ParseFailed):
        pipeline(processor)
