"""The data sets that have a name, by what they hold, and the error for any other name."""

from tfgan.errors import UserError, did_you_mean

PAIRED = {
    "facades": "CMP façades: photo, labels; 400 pairs to train",
    "maps": "aerial photo, map; 1,096 pairs",
    "cityscapes": "street photo, labels; 2,975 pairs",
    "edges2shoes": "edges, shoe; 49,825 pairs",
    "edges2handbags": "edges, handbag; 138,567 pairs",
    "night2day": "night, day; 17,823 pairs",
}

UNPAIRED = {
    "horse2zebra": "horse, zebra; 1,067 and 1,334 images to train",
    "apple2orange": "apple, orange; 995 and 1,019 images",
    "summer2winter_yosemite": "summer, winter; 1,231 and 962 images",
    "monet2photo": "monet, photo; 1,072 and 6,287 images",
    "cezanne2photo": "cezanne, photo; 525 and 6,287 images",
    "ukiyoe2photo": "ukiyoe, photo; 562 and 6,287 images",
    "vangogh2photo": "vangogh, photo; 400 and 6,287 images",
    "iphone2dslr_flower": "iphone, dslr; 1,812 and 3,325 images",
}

CLASSES = {
    "mnist": "handwritten digits, 28×28, ten classes; 60,000 images to train",
    "fashion_mnist": "clothes, 28×28, ten classes; 60,000 images",
    "cifar10": "animals and vehicles, 32×32, ten classes; 50,000 images",
}

MEASURED = "synthetic_bands"

DATASETS = {
    "synthetic": "procedural façades, made on the fly: every kind of batch, no download",
    MEASURED: "the same façades as six bands of int16 and a depth in float32: pairs or domains",
    **PAIRED,
    **UNPAIRED,
    **CLASSES,
    "celeba": "faces with 40 attributes; 162,770 images",
    "tfds:NAME": "any set of TensorFlow Datasets, with --tfds_source and --tfds_target",
}
"""Name of a data set -> what it holds, in words.

Pairs also serve as unpaired domains, if one half is a map of classes as semantic data, and each half as images. Sets of classes and of
faces serve as images, too.
"""


def unsuitable(name: str, wanted: str, *fitting: str) -> UserError:
    """The error to raise for a data set that does not exist or does not fit.

    Args:
        name: the data set, as the user wrote it.
        wanted: what the set lacks, if it exists: "pairs of images".
        fitting: names of the sets that have it.
    """
    if name not in DATASETS and not name.startswith("tfds:"):
        hint = did_you_mean(name, DATASETS)
        return UserError(f"--dataset={name} is unknown.{hint} There are: {', '.join(DATASETS)}. For your own images use --data_dir=FOLDER.")
    return UserError(f"--dataset={name} has no {wanted}. Use {', '.join(fitting)}, or --data_dir=FOLDER of your own.")
