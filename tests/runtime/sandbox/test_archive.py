"""Archives that are looked through before torch sees them."""

import io
import pickle
import stat
import zipfile
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from connote.runtime.sandbox import archive
from connote.runtime.sandbox.errors import BadArchive
from uploads import members, packed, template

RIGHT = template()
FOLDER = next(iter(members(RIGHT))).partition("/")[0]


def with_member(name: str, data: bytes = b"") -> bytes:
    return packed(members(RIGHT) | {name: data})


def with_link() -> bytes:
    file = io.BytesIO(RIGHT)
    with zipfile.ZipFile(file, "a") as added:
        link = zipfile.ZipInfo(f"{FOLDER}/code/link.py")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        added.writestr(link, "/etc/passwd")
    return file.getvalue()


def with_twice() -> bytes:
    file = io.BytesIO(RIGHT)
    with zipfile.ZipFile(file, "a") as added, pytest.warns(UserWarning, match="Duplicate"):
        added.writestr(f"{FOLDER}/data.pkl", b"another")
    return file.getvalue()


def with_damage() -> bytes:
    """One bit of the weights' pickle is another, so its sum is wrong."""
    data = bytearray(RIGHT)
    data[data.index(members(RIGHT)[f"{FOLDER}/constants.pkl"])] ^= 1
    return bytes(data)


def without(name: str) -> bytes:
    return packed({known: data for known, data in members(RIGHT).items() if name not in known})


def bomb() -> bytes:
    """A megabyte that unpacks to a gigabyte."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members(RIGHT).items():
            archive.writestr(name, data)
        with archive.open(f"{FOLDER}/code/bomb.py", "w") as member:
            for _ in range(1024):
                member.write(bytes(1 << 20))
    return file.getvalue()


def weights_alone() -> bytes:
    file = io.BytesIO()
    torch.save({"weight": torch.zeros(2)}, file)
    return file.getvalue()


def with_comment() -> bytes:
    file = io.BytesIO(RIGHT)
    with zipfile.ZipFile(file, "a") as added:
        added.comment = b"PK"
    return file.getvalue()


WRONG: dict[str, tuple[Any, str]] = {
    "nothing": (lambda: b"", "no TorchScript archive"),
    "a pickle": (lambda: pickle.dumps({}), "no TorchScript archive"),
    "half": (lambda: RIGHT[: len(RIGHT) // 2], "damaged"),
    "weights alone": (weights_alone, "torch.jit.save, not with torch.save"),
    "no weights": (lambda: without("data.pkl"), r"no data\.pkl"),
    "no code": (lambda: without(".py"), "no code"),
    "a path above": (lambda: with_member(f"{FOLDER}/../../etc/passwd"), "outside of its folder"),
    "an absolute path": (lambda: with_member("/etc/passwd"), "one folder|outside"),
    "a second folder": (lambda: with_member("other/data"), "one folder"),
    "a path of Windows": (lambda: with_member(f"{FOLDER}/c:\\passwd"), "outside of its folder"),
    "a link": (with_link, "link"),
    "a name twice": (with_twice, "names of their own"),
    "a wrong sum": (with_damage, "damaged: Bad CRC"),
    "a bomb": (bomb, "unpacks to more than"),
    "a comment": (with_comment, "not as torch.jit.save writes it"),
    "much code": (lambda: with_member(f"{FOLDER}/code/much.py", bytes(33 << 20)), "MB of code"),
    "many members": (
        lambda: packed(members(RIGHT) | {f"{FOLDER}/data/{i}": b"" for i in range(100_001)}),
        "at most 100000",
    ),
    "another packing": (lambda: packed(members(RIGHT), zipfile.ZIP_BZIP2), "packed or encrypted"),
    "a library's class": (
        lambda: packed(
            members(RIGHT) | {f"{FOLDER}/data.pkl": b"\x80\x02c__torch__.torch\nclasses.dist_rpc.WorkerInfo\n."}
        ),
        r"torch\.classes\.dist_rpc",
    ),
}


def test_the_code_of_an_archive_is_read_by_file() -> None:
    (name,) = archive.code(RIGHT)
    assert name.startswith("code/__torch__")
    assert "def forward(" in archive.code(RIGHT)[name]


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_archive_is_refused_with_the_reason(name: str) -> None:
    make, reason = WRONG[name]
    with pytest.raises(BadArchive, match=reason):
        archive.code(make())


@given(st.binary(max_size=300))
def test_any_bytes_are_refused(data: bytes) -> None:
    for upload in (data, b"PK\x03\x04" + data):
        with pytest.raises(BadArchive):
            archive.code(upload)


@given(st.integers(0, len(RIGHT) - 1), st.integers(1, 255))
def test_a_changed_byte_is_refused_or_changes_nothing(at: int, by: int) -> None:
    changed = bytearray(RIGHT)
    changed[at] ^= by
    try:
        found = archive.code(bytes(changed))
    except BadArchive:
        return
    assert set(found.values()) == set(archive.code(RIGHT).values())
