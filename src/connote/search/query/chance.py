"""Chance that is the same for the same seed."""

import numpy as np
from numpy.typing import NDArray


def chances(values: NDArray[np.uint64], seed: int) -> NDArray[np.float64]:
    """A number from 0 to 1 for each value, by SplitMix64: https://prng.di.unimi.it/splitmix64.c."""
    mixed = values * np.uint64(0x9E3779B97F4A7C15) + np.uint64(seed & (2**64 - 1))
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    mixed ^= mixed >> np.uint64(31)
    return (mixed >> np.uint64(11)).astype(np.float64) / float(1 << 53)
