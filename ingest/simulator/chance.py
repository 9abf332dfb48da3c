"""Chance that can be asked again: every draw is a function of its seed and names, so a simulator started anew tells the
same story, and what it sends twice is the same twice."""

import hashlib
import random

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


def rng_of(*names: object) -> random.Random:
    """A generator that depends on the names alone (not on the interpreter's hash seed)."""
    digest = hashlib.blake2b("\x1f".join(map(str, names)).encode(), digest_size=8).digest()
    return random.Random(int.from_bytes(digest, "big"))


def uniform(*parts: Ints | int) -> Floats:
    """Numbers in [0, 1) from whole numbers, element by element (splitmix64)."""
    mixed: npt.NDArray[np.uint64] = np.asarray(0x9E3779B97F4A7C15, dtype=np.uint64)
    with np.errstate(over="ignore"):
        for part in parts:
            mixed = np.asarray(mixed ^ np.asarray(part).astype(np.uint64))
            mixed = mixed + np.uint64(0x9E3779B97F4A7C15)
            mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            mixed = mixed ^ (mixed >> np.uint64(31))
    return np.asarray(mixed >> np.uint64(11), dtype=np.float64) / 2.0**53
