"""Trees of generated files: seeded, half of their bytes compressible, none repeated."""

import random
from pathlib import Path
from typing import NamedTuple

PER_DIRECTORY = 200
BLOCK = 2**20


class Tree(NamedTuple):
    """How many files of which size; small ones vary between nothing and twice the mean."""

    small: int
    small_bytes: int  # mean
    large: int = 0
    large_bytes: int = 0

    def __str__(self) -> str:
        size = (self.small * self.small_bytes + self.large * self.large_bytes) / 1e9
        return f"{size:.1f} GB, {self.small + self.large:,} files"

    def scaled(self, share: float) -> "Tree":
        large = max(1, int(self.large * share)) if self.large else 0
        return Tree(max(1, int(self.small * share)), self.small_bytes, large, self.large_bytes)


def build(root: Path, tree: Tree, seed: int = 1) -> None:
    """Write the files below `root`."""
    for number in range(tree.small):
        file = small_file(root, number)
        if number % PER_DIRECTORY == 0:
            file.parent.mkdir(parents=True)
        write_small(file, tree, seed, number)
    for number in range(tree.large):
        chance = random.Random(f"{seed} large {number}")
        with (root / f"large-{number:03}.bin").open("wb") as large:
            for start in range(0, tree.large_bytes, BLOCK):
                large.write(content(chance, min(BLOCK, tree.large_bytes - start)))


def change(root: Path, tree: Tree, share: float, seed: int) -> None:
    """Write other content into this share of the small files, evenly spread."""
    step = round(1 / share)
    for number in range(seed % step, tree.small, step):
        write_small(small_file(root, number), tree, seed, number)


def small_file(root: Path, number: int) -> Path:
    return root / f"{number // PER_DIRECTORY:05}" / f"file-{number:07}.txt"


def write_small(file: Path, tree: Tree, seed: int, number: int) -> None:
    chance = random.Random(f"{seed} {number}")
    file.write_bytes(content(chance, chance.randrange(2 * tree.small_bytes) if tree.small_bytes > 64 else 64))


def content(chance: random.Random, size: int) -> bytes:
    """Half random, half hexadecimal digits, which compress to a half."""
    random_part = chance.randbytes(size // 2)
    digits = chance.randbytes((size - size // 2 + 1) // 2).hex().encode()
    return random_part + digits[: size - size // 2]
