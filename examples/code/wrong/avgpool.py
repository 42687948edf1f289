"""Average pooling of windows that do not overlap, by a reshape: the mean is taken for a sum."""

# expect: x disagrees
import numpy as np


# derive: x (N, C, A*h, B*w), h = h, w = w
def avgpool_forward(x, h, w):
    N, C, H, W = x.shape
    out = x.reshape(N, C, H // h, h, W // w, w).mean(axis=(3, 5))
    return out, (x.shape, h, w)


def avgpool_backward(dout, cache):
    shape, h, w = cache
    spread = np.ones((1, 1, 1, h, 1, w))
    return (dout[:, :, :, None, :, None] * spread).reshape(shape)
