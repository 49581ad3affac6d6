"""What a document gives the engine: its values by the full name of the field that they are of."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass
class Values:
    """Filled by the fields of a mapping as a document is read.

    `texts` are yet to be cut into terms, and `inputs` to be embedded: these by semantic field, then by the path in the
    document that they stand at.
    """

    texts: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    words: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    numbers: dict[str, list[int | float]] = field(default_factory=lambda: defaultdict(list))
    points: dict[str, list[tuple[float, float]]] = field(default_factory=lambda: defaultdict(list))
    sparse: dict[str, dict[str, float]] = field(default_factory=lambda: defaultdict(dict))
    dense: dict[str, NDArray[np.float32]] = field(default_factory=dict)
    nested: dict[str, list["Values"]] = field(default_factory=lambda: defaultdict(list))
    inputs: dict[str, dict[str, list[str]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))
    queries: dict[str, Mapping[str, Any]] = field(default_factory=dict)  # those of percolators, not checked yet
    unpacked: dict[str, list[float]] = field(default_factory=dict)  # vectors that came as base64, by their paths
    ignored: set[str] = field(default_factory=set)  # fields with a value that was left out
    added: dict[str, Any] = field(default_factory=dict)  # the mapping of fields that were not mapped yet


Weights = Mapping[str, float]
