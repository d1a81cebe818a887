"""Uses only the first examples of a source, for training on fewer images than there are."""

import numpy as np

from tfgan.data.source import Source, View


class First(View):
    """The first examples of another source, in its order; what it says of classes and attributes stays.

    Args:
        inner: the other source.
        count: how many of its examples, at most as many as it has.
    """

    def __init__(self, inner: Source, count: int):
        super().__init__(inner, inner.domains)
        self.count, self.class_names, self.label_side = count, inner.class_names, inner.label_side
        self.attribute_names, self.attribute_groups = inner.attribute_names, inner.attribute_groups
        self.attribute_sets = inner.attribute_sets

    def __len__(self) -> int:
        return self.count

    def load(self, index: int) -> dict[str, np.ndarray]:
        """See `Source.load`."""
        return self.inner.load(index)


def first_of(sources: list[Source], count: int) -> list[Source]:
    """The sources of a split with `count` examples each at most, of which those that have no more are as they are."""
    return [First(source, count) if len(source) > count else source for source in sources]
