"""What type checkers and editors see of the package, whose names are imported when they are asked for."""

from tfgan import augmentation as augmentation
from tfgan import layers as layers
from tfgan import losses as losses
from tfgan import methods as methods
from tfgan import networks as networks
from tfgan import optimizers as optimizers
from tfgan.api import Run as Run
from tfgan.api import check as check
from tfgan.api import evaluate as evaluate
from tfgan.api import hub as hub
from tfgan.api import import_weights as import_weights
from tfgan.api import list_datasets as list_datasets
from tfgan.api import list_methods as list_methods
from tfgan.api import list_recipes as list_recipes
from tfgan.api import load as load
from tfgan.api import open_dataset as open_dataset
from tfgan.api import serve as serve
from tfgan.api import sweep as sweep
from tfgan.api import train as train
from tfgan.errors import OutputError as OutputError
from tfgan.errors import TrainingFailed as TrainingFailed
from tfgan.errors import UserError as UserError

__version__: str
