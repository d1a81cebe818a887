"""Every fault that is planted into a good folder is found under its name, and no other is."""

import numpy as np
import pytest
import tiny_folders as tiny
from PIL import Image

FAULTS = {}


def fault(severity, finding, layout=tiny.side_by_side, flags=(), instead=None, says="", also=()):
    """Registers a function that spoils a good folder.

    Args:
        flags: behind those of the layout; instead: in place of these.
        says: a part of what is printed.
        also: what else is rightly found.
    """

    def register(plant):
        FAULTS[plant.__name__] = ({(severity, finding), *also}, layout, flags, instead, says, plant)
        return plant

    return register


# Files that cannot be used.


@fault("error", "unreadable_files", says="train/3.jpg: damaged or incomplete")
def cut_off_jpeg(folder):
    Image.open(folder / "train/3.png").save(folder / "train/3.jpg")
    (folder / "train/3.jpg").write_bytes((folder / "train/3.jpg").read_bytes()[:-400])
    (folder / "train/3.png").unlink()


@fault("error", "unreadable_files", says="train/3.png: the file is empty train/9.png: a web page (HTML), whatever its ending says")
def several_bad_files(folder):
    (folder / "train/3.png").write_bytes(b"")
    (folder / "train/9.png").write_text("<html>")


@fault("warning", "unreadable_files", flags=["--skip_bad_files"])
def bad_file_that_is_skipped(folder):
    (folder / "train/3.png").write_bytes(b"")


@fault("warning", "unreadable_files", layout=tiny.single_images, says="test/0.png")
def bad_file_in_a_split_that_is_not_used(folder):
    (folder / "test").mkdir()
    (folder / "test/0.png").write_bytes(b"")


@fault("error", "odd_width", says="train/5.png: the width of a side by side pair must be even, but is 127")
def odd_width(folder):
    tiny.save(folder / "train/5.png", tiny.read(folder / "train/5.png")[:, 1:])


@fault("error", "size_mismatch", layout=tiny.two_folders, says="train/photo/5.png is 64×64 but train/zmap/5.png is 60×64")
def two_sizes_in_a_pair(folder):
    tiny.save(folder / "train/zmap/5.png", tiny.read(folder / "train/zmap/5.png")[4:])


@fault("error", "unmatched_files", layout=tiny.two_folders, says="train/zmap/5.png: no train/photo/5.*")
def pair_without_partner(folder):
    (folder / "train/photo/5.png").unlink()


@fault("error", "unmatched_files", layout=tiny.two_folders, flags=["--pair_names=equal"], says="upper and lower case count")
def partners_differ_in_case(folder):
    for side, name in (("photo", "Five"), ("zmap", "five")):
        (folder / "train" / side / "5.png").rename(folder / "train" / side / f"{name}.png")


@fault("error", "stray_files", layout=tiny.classes, says="train/odd.png: lies in no class folder")
def image_beside_the_class_folders(folder):
    tiny.save(folder / "train/odd.png", tiny.scenes("images", "val")[0]["image"][::-1])


@fault("error", "unmatched_rows", layout=tiny.table, says="train7.png: is in attributes.csv but not in the folder")
def row_without_image(folder):
    (folder / "train7.png").unlink()


# Folders that training refuses.


@fault("error", "refused", layout=tiny.idx, says="train-images-idx3-ubyte.gz cannot be read")
def idx_file_cut_off(folder):
    path = folder / "train-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[:1000])


@fault("error", "refused", layout=tiny.table, says="night (always 1)")
def attribute_that_is_always_there(folder):
    path = folder / "attributes.csv"
    path.write_text(path.read_text().replace(".png,0", ".png,1"))


@fault("error", "refused", layout=tiny.domains, flags=["--method=cyclegan"], says="trainB is missing, the counterpart of")
def missing_domain(folder):
    for split in tiny.COUNTS:
        for path in (folder / f"{split}B").iterdir():
            path.unlink()
        (folder / f"{split}B").rmdir()


@fault("warning", "unclear_layout", layout=tiny.domains, says="no pairs and no domains: the folder", also=[("note", "no_validation")])
def missing_domain_and_no_method(folder):
    missing_domain(folder)


# Images that teach nothing, or something else.


@fault("warning", "duplicates", says="train/7.png = train/again.png")
def copy_in_one_split(folder):
    tiny.save(folder / "train/again.png", tiny.read(folder / "train/7.png"))


@fault("warning", "leaked_images", says="train/7.png = val/3.png")
def copy_in_another_split(folder):
    tiny.save(folder / "val/3.png", tiny.read(folder / "train/7.png"))


@fault("warning", "leaked_images", layout=tiny.two_folders, says="train/photo/7.png = val/photo/3.png")
def photo_in_another_split_with_another_label_map(folder):
    tiny.copy_with_another_label_map(folder, "train/{}/7.png", "val/{}/3.png")


@fault("warning", "contradictory_pairs", layout=tiny.two_folders, says="train/photo/7.png = train/photo/again.png")
def photo_with_two_label_maps(folder):
    tiny.copy_with_another_label_map(folder, "train/{}/7.png", "train/{}/again.png")


@fault("note", "near_duplicates", says="train/7.png = train/again.jpg")
def copy_in_jpeg(folder):
    tiny.save(folder / "train/again.jpg", tiny.read(folder / "train/7.png"), quality=95)


@fault("warning", "images_in_both_domains", layout=tiny.domains, says="trainA/day2.png = trainB/night4.png")
def image_in_both_domains(folder):
    tiny.save(folder / "trainB/night4.png", tiny.read(folder / "trainA/day2.png"))


@fault("warning", "contradictory_classes", layout=tiny.classes, says="train/class0/0.png = train/class1/again.png")
def image_in_two_classes(folder):
    tiny.save(folder / "train/class1/again.png", tiny.read(folder / "train/class0/0.png"))


@fault("warning", "blank_images", layout=tiny.single_images, says="1 image of one color\n           train/4.png")
def white_image(folder):
    tiny.save(folder / "train/4.png", np.full((64, 64, 3), 254, np.uint8))


@fault("warning", "gray_among_color", layout=tiny.single_images, says="train/4.png")
def gray_image(folder):
    Image.open(folder / "train/4.png").convert("L").save(folder / "train/4.png")


@fault("note", "all_gray", layout=tiny.single_images)
def gray_images_in_color_files(folder):
    for path in folder.rglob("*.png"):
        Image.open(path).convert("L").convert("RGB").save(path)


@fault("note", "looks_like_labels", layout=tiny.two_folders, instead=tiny.UNET, says="zmap holds the label ids 1, 2, 3, 4, 5")
def ids_taken_for_pictures(folder):
    for path in folder.rglob("zmap/*.png"):
        pixels = tiny.read(path).astype(np.int32) @ (1, 256, 65536)
        tiny.save(path, (np.unique(pixels, return_inverse=True)[1].reshape(64, 64) % 11 + 1).astype(np.uint8))


@fault("warning", "nearly_black", layout=tiny.single_images, says="of 65535")
def twelve_bits_in_sixteen(folder):
    for path in folder.rglob("*.png"):
        tiny.save(path, tiny.read(path)[..., 0].astype(np.uint16) * 16)


@fault("warning", "small_images", layout=tiny.single_images, flags=["--image_size=128"], says="enlarged up to 2.0 times")
def images_of_half_the_size(folder):
    pass


@fault("note", "small_images", layout=tiny.single_images, flags=["--image_size=80"], says="enlarged up to 1.2 times")
def images_a_little_too_small(folder):
    pass


@fault("warning", "extreme_shapes", layout=tiny.single_images, says="train/4.png: 64×192")
def long_image(folder):
    image = tiny.read(folder / "train/4.png")
    tiny.save(folder / "train/4.png", np.concatenate([image, image[:, ::-1], image], axis=1))


@fault("warning", "very_few_images", layout=tiny.single_images, says="only 5 training examples")
def five_images(folder):
    for number in range(5, 24):
        (folder / f"train/{number}.png").unlink()


@fault("note", "no_validation", layout=tiny.single_images)
def training_images_alone(folder):
    for path in (folder / "val").iterdir():
        path.unlink()
    (folder / "val").rmdir()


# Files as such.


@fault("warning", "animated_files", layout=tiny.single_images, says="train/4.gif")
def animation(folder):
    frames = [Image.fromarray(tiny.read(folder / f"train/{number}.png")) for number in (4, 5)]
    frames[0].save(folder / "train/4.gif", save_all=True, append_images=frames[1:])
    (folder / "train/4.png").unlink()


@fault("warning", "images_passed_over", layout=tiny.single_images, says="1 image skipped because of the file type: .cr2 (1)")
def image_of_a_camera(folder):
    (folder / "train/more.CR2").write_bytes(b"II*\0")


@fault("warning", "images_passed_over", layout=tiny.single_images, says="train/more.jfif")
def image_under_another_ending(folder):
    tiny.save(folder / "train/more.jfif", tiny.read(folder / "train/4.png"), format="JPEG")


@fault("note", "files_passed_over", layout=tiny.single_images, says=".xyz (1)")
def another_file(folder):
    (folder / "train/points.xyz").write_text("1 2 3")
    (folder / "readme.md").write_text("which is no surprise")


@fault("warning", "unused_images", layout=tiny.domains, says="more/1.png")
def folder_that_is_no_split(folder):
    tiny.save(folder / "more/1.png", tiny.read(folder / "trainA/day1.png"))


@fault("warning", "names_differ_in_case", layout=tiny.single_images, says="train/X.png = train/x.png")
def names_that_differ_in_case(folder):
    images = [example["image"][::-1] for example in tiny.scenes("images", "val")]
    tiny.save(folder / "train/x.png", images[0])
    if (folder / "train/X.png").exists():
        pytest.skip("this file system does not tell upper from lower case")
    tiny.save(folder / "train/X.png", images[1])


@fault("warning", "mixed_depth", layout=tiny.single_images, says="train/4.png")
def sixteen_bits_among_eight(folder):
    for path in folder.rglob("*.png"):
        tiny.save(path, tiny.read(path)[..., 0])
    tiny.save(folder / "train/4.png", tiny.read(folder / "train/4.png").astype(np.uint16) * 257)


@fault("note", "transparent_files", layout=tiny.single_images, says="train/4.png")
def transparency(folder):
    image = tiny.read(folder / "train/4.png")
    tiny.save(folder / "train/4.png", np.concatenate([image, image[..., :1]], axis=-1))


@fault("note", "cmyk_files", layout=tiny.single_images, says="train/4.jpg")
def image_for_print(folder):
    Image.open(folder / "train/4.png").convert("CMYK").save(folder / "train/4.jpg")
    (folder / "train/4.png").unlink()


# Pairs that are none.


@fault("warning", "narrow_halves", instead=[*tiny.UNET, "--method=pix2pix", "--fit=width"], says="are these single images?")
def single_images_for_pairs(folder):
    for path in folder.rglob("*.png"):
        tiny.save(path, tiny.read(path)[:, :64].repeat(2, axis=0).repeat(2, axis=1))


@fault("warning", "identical_pairs", layout=tiny.two_folders, instead=tiny.UNET)
def one_folder_twice(folder):
    for path in folder.rglob("zmap/*.png"):
        path.write_bytes((path.parents[1] / "photo" / path.name).read_bytes())


@fault("warning", "mixed_up_pairs", says="in the pairs of train")
def partners_of_others(folder):
    photos = [tiny.read(folder / f"train/{number}.png")[:, :64] for number in range(24)]
    for number in range(24):
        labels = tiny.read(folder / f"train/{number}.png")[:, 64:]
        tiny.save(folder / f"train/{number}.png", np.concatenate([photos[number - 1], labels], axis=1))


@fault("warning", "exchanged_partners", layout=tiny.two_folders, says="train/photo/3.png\n           train/photo/11.png")
def two_partners_exchanged(folder):
    labels = [folder / f"train/zmap/{number}.png" for number in (3, 11)]
    first, second = (path.read_bytes() for path in labels)
    labels[0].write_bytes(second)
    labels[1].write_bytes(first)


@fault("note", "doubtful_pairs", layout=tiny.two_folders, says="train/photo/11.png")
def a_stranger_for_a_partner(folder):
    tiny.save(folder / "train/zmap/11.png", tiny.scenes("paired", "val")[1]["B"][:, ::-1])


@fault("warning", "shifted_pairs", layout=tiny.two_folders, says="B lies -9% of the height below A, and +6% of the width to its right")
def partners_cropped_differently(folder):
    for path in folder.rglob("zmap/*.png"):
        tiny.save(path, np.roll(tiny.read(path), (-6, 4), axis=(0, 1)))


# Label maps.


@fault("note", "looks_like_labels", instead=tiny.UNET, says="labels --label_domains=labels --direction=labels_to_photo")
def label_maps_that_are_not_called_so(folder):
    pass


@fault(
    *("error", "label_classes"),
    layout=tiny.class_maps,
    flags=["--label_coding=ids"],
    says="JPEG blurs gray values",
    also=[("warning", "jpeg_labels")],
)
def ids_in_jpeg(folder):
    for path in folder.rglob("maps/*.png"):
        tiny.save(path.with_suffix(".jpg"), tiny.read(path))
        path.unlink()


@fault("warning", "jpeg_labels", layout=tiny.two_folders, says="32 images of label maps in JPEG")
def colors_in_jpeg(folder):
    for path in folder.rglob("zmap/*.png"):
        tiny.save(path.with_suffix(".jpg"), tiny.read(path), quality=95)
        path.unlink()


@fault("error", "label_classes", layout=tiny.class_maps, flags=["--label_names=a,b,c"], says="ids outside the 3 named classes")
def ids_without_a_name(folder):
    pass


PALETTE_FLAGS = [
    "--method=spade",
    *tiny.UNET[:1],
    "--depth=4",
    "--label_domains=zmap",
    "--direction=zmap_to_photo",
    "--label_palette=facades",
]


@fault("error", "unknown_labels", layout=tiny.two_folders, instead=PALETTE_FLAGS, says="an area of color #ffffff belongs to none")
def color_that_is_none_of_the_palette(folder):
    labels = tiny.read(folder / "train/zmap/2.png").copy()
    labels[:32] = 255
    tiny.save(folder / "train/zmap/2.png", labels)


@fault(
    *("warning", "jpeg_labels"),
    layout=tiny.two_folders,
    instead=PALETTE_FLAGS,
    says="train/zmap/0.jpg",
    also=[("note", "rare_classes")],
)
def colors_in_jpeg_for_spade(folder):
    colors_in_jpeg(folder)


@fault("warning", "mostly_ignored", layout=tiny.class_maps, flags=["--ignore_label=1"], says="pixels belong to no class")
def most_pixels_ignored(folder):
    for path in folder.rglob("maps/*.png"):
        labels = tiny.read(path).copy()
        labels[28:] = 1
        tiny.save(path, labels)


@fault("warning", "untaught_classes", layout=tiny.class_maps, says="no training image has the class class 12")
def class_of_the_validation_alone(folder):
    labels = tiny.read(folder / "val/maps/2.png").copy()
    labels[:9] = 12
    tiny.save(folder / "val/maps/2.png", labels)


@fault("note", "rare_classes", layout=tiny.class_maps, says="class 12 (0.01%)")
def class_of_a_few_pixels(folder):
    labels = tiny.read(folder / "train/maps/2.png").copy()
    labels[0, :10] = 12
    tiny.save(folder / "train/maps/2.png", labels)


# Classes.


@fault("warning", "uneven_classes", layout=tiny.classes, says="the class class0 has 22 images, class1 only 1")
def one_image_of_a_class(folder):
    for number in (1, 2):
        files = sorted((folder / f"train/class{number}").iterdir())
        for path in files[1:]:
            path.rename(folder / "train/class0" / path.name)


@fault("warning", "empty_classes", layout=tiny.idx, flags=["--label_names=a,b,c,d"], says="no training image has the class d")
def class_without_images(folder):
    pass


@pytest.mark.parametrize("name", FAULTS)
def test_faults(name, tmp_path):
    expected, layout, flags, instead, says, plant = FAULTS[name]
    folder = tmp_path / "data"
    own = layout(folder)
    plant(folder)
    code, found, text = tiny.check(folder, "--noprobe", *(own if instead is None else instead), *flags)
    assert found - {tiny.FEW} == expected, text
    assert code == (1 if "error" in dict(expected) else 0), text
    assert " ".join(says.split()) in " ".join(text.split()), text
