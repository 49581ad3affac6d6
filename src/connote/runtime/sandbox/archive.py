"""The zip file that `torch.jit.save` writes, looked through before torch sees it.

Its members stand in one folder: data.pkl and data/ for the weights, constants.pkl, and code/**/*.py for what is run.
"""

import io
import re
import stat
import zipfile
from collections.abc import Mapping, Sequence

from connote.runtime.sandbox.errors import BadArchive

_MOST_MEMBERS = 100_000
# Weights are stored as they are, so only code shrinks: bytes that all may have unpacked, besides the archive's size.
_MOST_UNPACKED = 256 << 20
_MOST_CODE = 32 << 20
_PIECE = 1 << 20
# Code that is compiled into libraries, of which a pickle may make objects; those of int8 models are needed.
_LIBRARY = re.compile(rb"__torch__[.\n]torch[.\n]classes[.\n](\w+)")
_LIBRARIES = {b"quantized", b"rnn"}


def code(data: bytes) -> Mapping[str, str]:
    """The source of an archive by file. Raises BadArchive, also for one that is damaged anywhere."""
    if not data.startswith(b"PK\x03\x04"):
        raise BadArchive("it is no TorchScript archive: that is a zip file, as torch.jit.save writes it")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            _check_members(members, len(data), has_comment=bool(archive.comment))
            return _read(archive, members)
    except BadArchive:
        raise
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 (zipfile raises whatever its parts do)
        raise BadArchive(f"the archive is damaged: {str(error) or type(error).__name__}") from None


def _check_members(members: Sequence[zipfile.ZipInfo], size: int, *, has_comment: bool) -> None:
    if len(members) > _MOST_MEMBERS:
        raise BadArchive(f"the archive has {len(members)} members, at most {_MOST_MEMBERS} are allowed")
    if sum(member.file_size for member in members) > size + _MOST_UNPACKED:
        raise BadArchive(f"the archive unpacks to more than {_MOST_UNPACKED >> 20} MB over its own size")
    names = {member.filename for member in members}
    if len(names) < len(members) or len({name.partition("/")[0] for name in names}) > 1 or has_comment:
        raise BadArchive(
            "the archive is not as torch.jit.save writes it: all members have names of their own in one folder"
        )
    end = 0
    for member in sorted(members, key=lambda member: member.header_offset):
        _check_member(member)
        if member.header_offset < end:
            raise BadArchive(f"members of the archive overlap at [{member.filename}]")
        end = member.header_offset + member.compress_size
    missing = [name for name in ("data.pkl", "constants.pkl") if not any(known.endswith(f"/{name}") for known in names)]
    if missing:
        raise BadArchive(f"the archive has no {missing[0]}: save the model with torch.jit.save, not with torch.save")


def _check_member(member: zipfile.ZipInfo) -> None:
    name = member.filename
    # zipfile ends a name at its first NUL, torch may not.
    if member.orig_filename != name or "\\" in name or ":" in name or {"", ".", ".."} & set(name.split("/")):
        raise BadArchive(f"the archive has a member [{name[:100]}] outside of its folder")
    if stat.S_ISLNK(member.external_attr >> 16):
        raise BadArchive(f"the archive has a link [{name[:100]}]")
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or member.flag_bits & 0x2061:
        raise BadArchive(f"[{name[:100]}] is packed or encrypted in a way that torch cannot read")


def _read(archive: zipfile.ZipFile, members: Sequence[zipfile.ZipInfo]) -> Mapping[str, str]:
    """All members once, since torch checks no sums."""
    sources: dict[str, str] = {}
    left = _MOST_CODE
    for member in members:
        name = member.filename.partition("/")[2]
        if name.startswith("code/") and name.endswith(".py"):
            left -= member.file_size
            if left < 0:
                raise BadArchive(f"the archive has more than {_MOST_CODE >> 20} MB of code")
            sources[name] = archive.read(member).decode()
        elif name.endswith("pkl"):
            _check_pickle(name, archive.read(member))
        else:
            with archive.open(member) as file:
                while file.read(_PIECE):
                    pass
    if not sources:
        raise BadArchive("the archive has no code: save the model with torch.jit.save, not with torch.save")
    return sources


def _check_pickle(name: str, data: bytes) -> None:
    for found in _LIBRARY.finditer(data):
        if found[1] not in _LIBRARIES:
            raise BadArchive(
                f"[{name}] needs the custom classes [torch.classes.{found[1].decode()}], which are not allowed"
            )
