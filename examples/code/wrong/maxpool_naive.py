"""Max pooling by loops: every entry of a window gets the gradient."""

# expect: x disagrees
import numpy as np


# derive: x (N, C, s*A, s*B), size = s
def max_pool_forward_naive(x, size):
    N, C, H, W = x.shape
    Ho, Wo = H // size, W // size
    out = np.zeros((N, C, Ho, Wo))
    for i in range(Ho):
        for j in range(Wo):
            window = x[:, :, i * size : (i + 1) * size, j * size : (j + 1) * size]
            out[:, :, i, j] = np.max(window, axis=(2, 3))
    return out, (x, size)


def max_pool_backward_naive(dout, cache):
    x, size = cache
    N, C, Ho, Wo = dout.shape
    dx = np.zeros_like(x)
    for n in range(N):
        for c in range(C):
            for i in range(Ho):
                for j in range(Wo):
                    window = x[n, c, i * size : (i + 1) * size, j * size : (j + 1) * size]
                    mask = window == np.max(window)
                    dx[n, c, i * size : (i + 1) * size, j * size : (j + 1) * size] = (
                        dout[n, c, i, j] * np.ones_like(mask)
                    )
    return dx
