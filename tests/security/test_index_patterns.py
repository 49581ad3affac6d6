"""Names that roles mean, privileges that have others in them, and passwords as they are kept."""

import time

import pytest

from connote.contract.errors import IllegalArgument
from connote.security import passwords
from connote.security.patterns import fits
from connote.security.privileges import CLUSTER, INDICES, granting, implied


@pytest.mark.parametrize(
    ("pattern", "name", "expected"),
    [
        ("notes", "notes", True),
        ("notes", "notes2", False),
        ("notes*", "notes", True),
        ("*-2?", "notes-24", True),
        ("*-2?", "notes-2", False),
        ("a\\*", "a*", True),
        ("a\\*", "ab", False),
        ("a.c", "abc", False),
        ("a[b]", "ab", False),
        ("/a(b|c)+/", "abcb", True),
        ("/a(b|c)+/", "a", False),
        ("/~(([.]|ilm-history-).*)/", ".secret", False),
        ("/~(([.]|ilm-history-).*)/", "notes", True),
    ],
)
def test_patterns_mean_names_as_a_whole(pattern: str, name: str, expected: bool) -> None:
    assert fits([pattern])(name) is expected


@pytest.mark.parametrize("pattern", ["/(/", "/a&b/", "/<1-5>/", "/a(?=b)/"])
def test_expressions_that_cannot_be_read_are_refused(pattern: str) -> None:
    with pytest.raises(IllegalArgument):
        fits([pattern])


def test_privileges_have_others_in_them() -> None:
    assert {"read", "create_doc", "view_index_metadata"} <= implied(["all"], INDICES)
    assert implied(["create"], INDICES) == {"create", "create_doc"}
    assert granting(["read"], INDICES) == ["read", "all"]
    assert "manage_security" not in implied(["manage"], CLUSTER)
    assert {"monitor_inference", "manage_ml"} <= implied(["manage"], CLUSTER)


def test_of_a_password_only_a_hash_with_salt_is_kept() -> None:
    one, two = passwords.hashed("a long one"), passwords.hashed("a long one")
    assert one != two
    assert "a long one" not in one
    assert passwords.is_right("a long one", one)
    assert not passwords.is_right("a long one ", one)


def test_many_stars_do_not_take_long() -> None:
    began = time.perf_counter()
    assert not fits(["*a" * 20 + "b"])("a" * 255)
    assert time.perf_counter() - began < 1


def test_an_expression_that_would_take_long_is_told() -> None:
    with pytest.raises(IllegalArgument, match="takes too long"):
        fits(["/(a|aa)+b/"])("a" * 100 + "b!")
