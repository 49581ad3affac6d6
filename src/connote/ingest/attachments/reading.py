"""What was read of a file."""

from collections.abc import Mapping
from dataclasses import dataclass, field

# What reading a file may take.
SECONDS = 30


class Unreadable(Exception):
    """What is in the file cannot be read, and why."""


@dataclass(frozen=True)
class Reading:
    """The MIME type of a file, its text, and what it says of itself (`title`, `author`, `date`, …)."""

    kind: str
    text: str = ""
    about: Mapping[str, str] = field(default_factory=dict)


def joined(parts: "list[str]") -> str:
    """Lines without blanks at their ends, and no more than one empty line between two."""
    lines, made = (line.strip() for line in "".join(parts).split("\n")), list[str]()
    for line in lines:
        if line or (made and made[-1]):
            made.append(line)
    return "\n".join(made)
