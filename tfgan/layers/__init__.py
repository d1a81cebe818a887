"""Keras layers that the papers need and Keras lacks or does otherwise. Importing this package registers them, so that Keras loads models
that are made of them.

Random layers draw stateless noise and normalization layers write no variable while a `ForwardPass` is open. That makes a train step a
pure function of (weights, batch, seed), so that it can be compiled by XLA, run on several replicas and resumed exactly. Elsewhere, in a
loop of one's own or in `Model.fit`, they behave as Keras' layers: a new mask in each call, and moving averages that follow the batches.
"""

from tfgan.layers.dropout import Dropout, dropping
from tfgan.layers.equalized import EqualizedConv2D, EqualizedDense
from tfgan.layers.forward_pass import ForwardPass, Statistic
from tfgan.layers.machine import has_gpu, tuned, tuned_function
from tfgan.layers.modulated import ModulatedConv2D
from tfgan.layers.noise import fixed, fold_in, given_maps, normal, uniform
from tfgan.layers.normalization import BatchNorm, InstanceNorm, instance_norm
from tfgan.layers.padding import ReflectionPadding
from tfgan.layers.resizing import HalvingPool, NearestDoubling, ResizeLike, resize
from tfgan.layers.spectral import SpectralConv2D
from tfgan.layers.strided import DoublingConv, HalvingConv

__all__ = [
    "BatchNorm",
    "DoublingConv",
    "Dropout",
    "EqualizedConv2D",
    "EqualizedDense",
    "ForwardPass",
    "HalvingConv",
    "HalvingPool",
    "InstanceNorm",
    "ModulatedConv2D",
    "NearestDoubling",
    "ReflectionPadding",
    "ResizeLike",
    "SpectralConv2D",
    "Statistic",
    "dropping",
    "fixed",
    "fold_in",
    "given_maps",
    "has_gpu",
    "instance_norm",
    "normal",
    "resize",
    "tuned",
    "tuned_function",
    "uniform",
]
