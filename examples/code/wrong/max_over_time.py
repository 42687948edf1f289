"""Max pooling over time: divided as if it were a mean."""

# expect: x disagrees
import numpy as np


# derive: x (N, T, D)
def max_over_time_forward(x):
    N, T, D = x.shape
    winners = np.argmax(x, axis=1)
    n, d = np.arange(N)[:, None], np.arange(D)[None, :]
    return x[n, winners, d], (winners, x.shape)


def max_over_time_backward(dout, cache):
    winners, (N, T, D) = cache
    dx = np.zeros((N, T, D))
    dx[np.arange(N)[:, None], winners, np.arange(D)[None, :]] = dout / T
    return dx
