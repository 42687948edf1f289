"""A fully connected layer whose input is flattened first."""

# derive: x (N, C, H, W), w (C*H*W, M), b (M)
def affine_forward(x, w, b):
    """x: (N, d_1, ..., d_k), w: (D, M) with D = d_1 * ... * d_k, b: (M,)"""
    N = x.shape[0]
    out = x.reshape(N, -1) @ w + b
    return out, (x, w, b)


def affine_backward(dout, cache):
    x, w, _ = cache
    N = x.shape[0]
    dx = (dout @ w.T).reshape(x.shape)
    dw = x.reshape(N, -1).T @ dout
    db = dout.sum(axis=0)
    return dx, dw, db
