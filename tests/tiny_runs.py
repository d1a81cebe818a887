"""The smallest run of each method: flags of `tfgan train`, and what of a run must be the same if it is repeated."""

import json

import tensorflow as tf

COMMON = [
    *("--dataset=synthetic", "--image_size=16", "--synthetic_images=8", "--batch_size=2", "--deterministic"),
    *("--num_samples=2", "--log_every=1", "--checkpoint_every=1", "--epochs=2", "--notensorboard", "--sample_every=1000"),
]
FLAGS = {
    "pix2pix": ["--ngf=4", "--ndf=4", "--generator=unet_16", "--n_layers=1"],
    "cyclegan": ["--ngf=4", "--ndf=4", "--generator=resnet_1", "--n_layers=1", "--pool_size=3"],
    "stargan": ["--ngf=4", "--ndf=4", "--n_layers=2", "--blocks=1", "--n_critic=2"],
    "spade": ["--ngf=4", "--ndf=4", "--depth=2", "--n_layers=2", "--style_encoder", "--encoder_size=16", "--latent=8"],
    "gan": ["--average_decay=0.9"],
    "cgan": ["--loss=lsgan"],
    "dcgan": ["--ngf=4", "--ndf=4", "--loss=wgan_gp", "--discriminator_norm=none", "--n_critic=2"],
    "acgan": ["--updates=generator_first", "--diffaugment=color"],
    "vaegan": ["--nef=4", "--ngf=4", "--ndf=4", "--encoder_units=8", "--latents=8", "--skip_margin=0.35", "--average_decay=0.9"],
    "stylegan": [
        *("--latents=8", "--width=8", "--mapping_layers=2", "--channel_base=32", "--channel_max=8"),
        *("--stable_images=4", "--fade_images=8", "--stage_batch_sizes=8:2", "--r1_every=2"),
    ],
}


def tensors(prefix) -> dict:
    """All tensors of a checkpoint but the counter of saves, which a kill changes and nothing reads."""
    reader = tf.train.load_checkpoint(str(prefix))
    names = reader.get_variable_to_shape_map()
    return {name: reader.get_tensor(name) for name in names if not name.startswith(("save_counter", "_CHECKPOINTABLE"))}


def newest_tensors(folder) -> dict:
    """Those of a run's newest checkpoint."""
    return tensors(tf.train.latest_checkpoint(str(folder / "checkpoints")))


def rows(folder) -> list[dict]:
    """Of metrics.jsonl, without speeds."""
    found = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return [{name: value for name, value in row.items() if name != "images_per_second"} for row in found]
