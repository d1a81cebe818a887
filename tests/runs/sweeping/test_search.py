"""What --search may say: ranges and choices of settings, held to the settings' own rules before anything is trained."""

import pytest
from swept import recipe

from tfgan.errors import UserError
from tfgan.runs.sweeping.search import Dimension, combinations, judge, parse


@pytest.mark.parametrize(
    "word, found, text",
    [
        ("learning_rate=log:1e-5:1e-3", Dimension("learning_rate", (), 1e-5, 1e-3, True), "learning_rate=log:1e-05:0.001"),
        ("dropout=0:0.5", Dimension("dropout", (), 0.0, 0.5), "dropout=0:0.5"),
        ("batch_size=1:4", Dimension("batch_size", (), 1, 4, False, True), "batch_size=1:4"),
        ("ngf=032|64", Dimension("ngf", ("32", "64")), "ngf=32|64"),
        ("flip=true|false", Dimension("flip", ("true", "false")), "flip=true|false"),
        ("augment=|color|rot90,color", Dimension("augment", ("", "color", "rot90,color")), "augment=|color|rot90,color"),
        ("freeze=discriminator:1|discriminator:2", Dimension("freeze", ("discriminator:1", "discriminator:2")), None),
        ("average_decay=0.9|0.99", Dimension("ema_decay", ("0.9", "0.99")), "ema_decay=0.9|0.99"),  # its old name
    ],
)
def test_words_become_dimensions(word, found, text):
    assert parse((word,), recipe()) == [found] and str(found) == (text or word)
    assert parse((str(found),), recipe()) == [found]


@pytest.mark.parametrize(
    "words, message",
    [
        ((), "which settings are searched? Name them by --search, such as"),
        (("ngf",), "--search: ngf names no values"),
        (("ngf=",), "names no values"),
        (("ngff=1|2",), "--search: ngff is not a setting here. Did you mean ngf?"),
        (("method=pix2pix|cyclegan",), "a sweep is of one method"),
        (("ngf=1|2", "ngf=3|4"), "ngf is there twice"),
        (("ngf=32",), "ngf=32 is one value: use several, such as A|B, or a range LOW:HIGH or log:LOW:HIGH, or the flag --ngf=32."),
        (("norm=batch:none",), "is one value: use several, such as A|B, or the flag"),
        (("ngf=32|x",), "--search: --ngf=x: use a whole number, such as 20."),
        (("ngf=32|0",), "--search: --ngf=0 must be "),
        (("norm=batch|bach",), "--search: --norm=bach must be one of batch, instance, none."),
        (("dropout=0:2",), "--search: --dropout=2 must be from 0.0 to 0.99."),
        (("ngf=32|032",), "has a value twice"),
        (("ngf=64:32",), "the lower end comes first"),
        (("learning_rate=log:0:1",), "a logarithmic range begins above 0"),
        (("learning_rate=1:2:3",), "is no range"),
        (("learning_rate=log:1",), "is no range"),
        (("log_every=1|2",), "log_every changes nothing of what is learned: give it to all trials"),
        (("data_dir=a|b",), "data_dir changes nothing of what is learned"),
        (("image_size=64|128",), "image_size changes the images by which trials are compared"),
        (("direction=AtoB|BtoA",), "direction changes the images by which"),
        (("attributes=a|b",), "attributes does nothing for pix2pix"),
    ],
)
def test_what_cannot_be_searched(words, message):
    with pytest.raises(UserError) as error:
        parse(words, recipe())
    assert message in str(error.value) and "\n" not in str(error.value)


def test_combinations_are_counted():
    assert combinations(parse(("ngf=32|64", "batch_size=1:4"), recipe())) == 8
    assert combinations(parse(("ngf=32|64", "dropout=0:0.5"), recipe())) is None


def judged(words, **hparams):
    return judge(recipe(**hparams), parse(words, recipe(**hparams)))


def test_combinations_that_contradict_themselves_are_told():
    said = judged(("ema_decay=0|0.99", "ema_warmup=auto|off"))  # a warm-up of no averages does nothing, which settings refuse
    assert said.startswith("1 of 4 combinations contradict themselves, and are never drawn: ema_decay=0, ema_warmup=off (--ema_warmup ")
    assert judged(("ngf=32|64", "learning_rate=log:1e-5:1e-3")) == ""


@pytest.mark.parametrize(
    "words, hparams, message",
    [
        (("ema_warmup=on|off",), {}, "--search: ema_warmup=on cannot be trained: --ema_warmup does nothing"),
        (("generator=unet_256|unet_9",), {}, "--search: generator=unet_9 cannot be trained:"),
        (("n_layers=2|3",), {"objective": "l1"}, "--search: n_layers does nothing with --objective=l1: leave it out."),
    ],
)
def test_values_that_nothing_takes_are_refused(words, hparams, message):
    with pytest.raises(UserError) as error:
        judged(words, **hparams)
    assert str(error.value).startswith(message)


def test_of_many_combinations_some_are_tried():
    words = ("batch_size=1|2|3|4|5|6|7|8|9|10", "ngf=8|16|24|32|40|48|56|64|72|80", "ndf=8|16|24|32|40|48|56|64|72|80", "flip=true|false")
    assert judged(words) == "" and combinations(parse(words, recipe())) == 2000
    with pytest.raises(UserError, match="generator=unet_9 cannot be trained"):
        judged((*words, "generator=unet_256|unet_9"))
