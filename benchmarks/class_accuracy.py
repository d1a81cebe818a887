"""How often a classifier trained on real images reads in a run's samples the class that was asked for.

    python benchmarks/class_accuracy.py RUN [RUN …] --data_dir=MNIST [--samples=1000]

The classifier is trained first, or read from --classifier=FILE.keras if that is there; its own accuracy on the test images is printed
beside the runs'. Runs without classes show how their samples spread over the classes.
"""

import argparse
from pathlib import Path

import keras
import numpy as np

from tfgan.config import DataConfig
from tfgan.data import open_dataset
from tfgan.evaluation.classifier import accuracy, classify, train_classifier
from tfgan.inference import open_inference, samplers
from tfgan.runs.opening import open_run

SIZE = (32, 32)


def real_images(data_dir: str):
    """Training images and labels, test images and labels, and the classes' names."""
    dataset = open_dataset(DataConfig(data_dir=data_dir), "labeled", SIZE, SIZE)
    splits = []
    for split in ("train", "validation"):
        count = dataset.spec.sizes[split]
        if split == "train":
            batches = dataset.train_batches(batch_size=count, flip=False, seed=0)
            example = next(iter(batches.as_numpy_iterator()))
        else:
            examples = [dataset.validation_example(i) for i in range(count)]
            example = {key: np.stack([one[key] for one in examples]) for key in examples[0]}
        splits += [example["image"], example["label"]]
    return *splits, dataset.spec.class_names


def sample(folder: str, count: int):
    """`count` samples of a run at the classifier's size, and the labels asked for, or None."""
    run = open_run(folder)
    (sampler,) = samplers(open_inference(run.method)).values()
    labels = np.arange(count) % len(sampler.class_names) if sampler.class_names else None
    images = sampler(sampler.latents(range(count)), labels).numpy()
    resized = keras.ops.image.resize(images, SIZE, "bicubic", antialias=True)
    return run, np.clip(resized, -1.0, 1.0), labels


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+")
    parser.add_argument("--data_dir", required=True)
    parser.add_argument("--samples", type=int, default=1000)
    parser.add_argument("--classifier", default="")
    parser.add_argument("--epochs", type=int, default=12)
    arguments = parser.parse_args()
    train_images, train_labels, test_images, test_labels, names = real_images(arguments.data_dir)
    if arguments.classifier and Path(arguments.classifier).exists():
        model = keras.models.load_model(arguments.classifier, compile=False)
    else:
        model = train_classifier(train_images, train_labels, len(names), epochs=arguments.epochs)
        if arguments.classifier:
            model.save(arguments.classifier)
    print(f"real test images: {accuracy(model, test_images, test_labels):.2%} of {len(test_labels)} read correctly")
    for folder in arguments.runs:
        run, images, labels = sample(folder, arguments.samples)
        told = classify(model, images)
        shares = "  ".join(f"{name} {np.mean(told == i):.1%}" for i, name in enumerate(names))
        asked = f"{np.mean(told == labels):.1%} of {len(told)} samples read as asked; " if labels is not None else ""
        print(f"{run.config.method} {folder} at step {run.step}: {asked}{shares}")


if __name__ == "__main__":
    main()
