"""A table of word vectors that integer words look up."""

import numpy as np


# derive: x (N, T) labels of V, W (V, D)
def word_embedding_forward(x, W):
    out = W[x]
    return out, (x, W.shape)


def word_embedding_backward(dout, cache):
    x, shape = cache
    dW = np.zeros(shape)
    np.add.at(dW, x, dout)
    return dW
