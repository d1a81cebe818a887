"""First weights, as the authors' code of pix2pix, CycleGAN, CUT and SPADE offers them (`--init_type` and `--init_gain` there)."""

import keras


def draw(network, way, gain=0.02):
    """Draws a network's kernels anew; biases, which are 0, and the γ of norms stay.

    Args:
        way: normal, N(0, `gain`²); xavier, N(0, `gain`² · 2 / (fan in + fan out)) (Glorot and Bengio 2010); kaiming, N(0, 2 / fan in) (He
            et al. 2015), which has no gain; orthogonal, `gain` times a matrix whose columns, one for each output, are orthogonal and of
            length 1, or its rows if there are more columns (Saxe et al. 2013).
    """
    for weight in network.trainable_variables:
        if weight.path.endswith("kernel"):
            weight.assign(_initializer(way, gain)(weight.shape))  # one of its own, as it draws the same again for each shape


def _initializer(way, gain):
    if way == "normal":
        return keras.initializers.RandomNormal(0.0, gain)
    if way == "orthogonal":
        return keras.initializers.Orthogonal(gain)
    scale, mode = (2.0, "fan_in") if way == "kaiming" else (gain**2, "fan_avg")
    return keras.initializers.VarianceScaling(scale, mode, "untruncated_normal")  # PyTorch's are not truncated
