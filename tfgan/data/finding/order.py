"""The order of files by their names, as people count them."""

import re

MOST_DIGITS = 300  # of a number inside a name, as Python reads no number of thousands


def natural_key(text: str) -> tuple:
    """A sort key by which numbers inside names count as numbers, and case only between names that are otherwise equal."""
    parts = re.split(r"(\d+)", text.casefold())
    return [int(part[:MOST_DIGITS]) if index % 2 else part for index, part in enumerate(parts)], text
