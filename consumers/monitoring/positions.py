"""Where somebody is who follows the changes: how far in each shard. Written `0-4711.1-5120`. Pure."""

from collections.abc import Mapping

NOWHERE = "none"


def written(sequences: Mapping[int, int]) -> str:
    """As a text, to be the id of an event."""
    return ".".join(f"{shard}-{sequence}" for shard, sequence in sorted(sequences.items())) or NOWHERE


def read(text: str) -> dict[int, int]:
    """Again. The text has the pattern of a position."""
    if text == NOWHERE:
        return {}
    return {int(shard): int(sequence) for shard, sequence in (part.split("-") for part in text.split("."))}
