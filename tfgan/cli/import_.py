"""`tfgan import`: a run of weights that somebody else trained."""

import shlex

from tfgan.cli.flags import Flags, wants_help
from tfgan.config import DataConfig, shell_flag
from tfgan.config.verbs import ImportConfig
from tfgan.errors import UserError
from tfgan.runs.start import start_tensorflow

USAGE = """usage: tfgan import WEIGHTS --as=RUN [--FLAGS]

Makes a run of weights that somebody else trained: a file that PyTorch wrote (.pth, .pt, .ckpt), or .safetensors, or a folder of them. No
code in the files is run. What is in them is found by names and shapes: the U-Nets, ResNets and discriminators of
pytorch-CycleGAN-and-pix2pix, StarGAN (yunjey) and SPADE (NVlabs). Discriminators and the other generator of a CycleGAN are taken where
they lie beside the file. The run can be translated with, evaluated, exported, and be the beginning of a training (--init_from).

With --data_dir, the run knows the images that it is for, and how they are read.

examples:
  tfgan import latest_net_G_A.pth --as=runs/zebras --domains=horse,zebra
  tfgan import latest_net_G.pth --as=runs/facades --data_dir=facades"""


def run(arguments: list[str]) -> int:
    flags = Flags(USAGE)
    flags.add("which", "as", "", "folder of the run that is made; it must be new or empty")
    flags.add_record("which", ImportConfig)
    flags.add_record("data", DataConfig)
    if wants_help(arguments):
        print(flags.help())
        return 0
    (weights,) = flags.parse(arguments, positional=1)
    settings, data = flags.record(ImportConfig), flags.record(DataConfig).with_home()
    if not flags["as"]:
        raise UserError(f"--as=RUN is missing, the folder of the run that is made.\n{USAGE.splitlines()[0]}")

    from tfgan.runs.importing.choosing import judge_import

    path, choice = judge_import(weights, flags["as"], settings, data)
    start_tensorflow()
    from tfgan.runs.importing.importer import import_run

    imported = import_run(path, choice, data)
    folder = shlex.quote(str(imported.folder))
    print(f"{imported.folder}: {imported.method}")
    print("\n".join(f"  {name}: {words}" for name, words in imported.networks.items()))
    print("\n".join(imported.guesses))
    ways = " --to=DOMAIN" * (imported.method == "cyclegan") + " --instances=FOLDER" * bool(data.instances)
    print(f"It has no optimizer's state: no training goes on in it. Next:\n  tfgan translate {folder} IMAGES OUTPUT{ways}")
    images = shell_flag("data_dir", data.data_dir) if data.data_dir else "--data_dir=FOLDER"
    start = [*imported.flags, shell_flag("init_from", str(imported.folder)), images]
    print(f"  tfgan train {' '.join(start)}\n  tfgan export {folder}")
    return 0
