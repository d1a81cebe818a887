"""What training shows in a notebook beside its bar: the newest sample picture, which takes the place of the one before."""

from tfgan.training.callbacks import Callback


class NewestPicture(Callback):
    """Shows each sample picture in the place of the one before."""

    def __init__(self):
        self._handle = None

    def on_samples(self, trainer, step, made) -> dict[str, float]:
        from IPython.display import display
        from PIL import Image

        picture = Image.fromarray(made.picture)
        if self._handle is None:
            self._handle = display(picture, display_id=True)
        else:
            self._handle.update(picture)
        return {}
