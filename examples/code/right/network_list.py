"""A network from scratch: a list of layers, each with its backward."""

import numpy as np


class Dense:
    def __init__(self, W, b):
        self.W, self.b = W, b

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        self.dW = self.x.T @ dout
        self.db = dout.sum(axis=0)
        return dout @ self.W.T


class Tanh:
    def forward(self, x):
        self.y = np.tanh(x)
        return self.y

    def backward(self, dout):
        return dout * (1 - self.y**2)


class Network:
    # derive: x (N, D), W1 (D, H), b1 (H), W2 (H, K), b2 (K), W3 (K, M), b3 (M)
    def __init__(self, W1, b1, W2, b2, W3, b3):
        self.layers = [Dense(W1, b1), Tanh(), Dense(W2, b2), Tanh(), Dense(W3, b3)]

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dout):
        for layer in reversed(self.layers):
            dout = layer.backward(dout)
        self.dW1, self.db1 = self.layers[0].dW, self.layers[0].db
        self.dW2, self.db2 = self.layers[2].dW, self.layers[2].db
        self.dW3, self.db3 = self.layers[4].dW, self.layers[4].db
        return dout
