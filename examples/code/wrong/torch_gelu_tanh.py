"""GELU by its approximation with tanh: the 3 of the cube's derivative."""

# expect: x disagrees
import math

import torch


class GELUTanh(torch.autograd.Function):
    # derive: x (N, D)
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        u = math.sqrt(2.0 / math.pi) * (x + 0.044715 * x**3)
        return 0.5 * x * (1.0 + torch.tanh(u))

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        k = math.sqrt(2.0 / math.pi)
        t = torch.tanh(k * (x + 0.044715 * x**3))
        du = k * (1 + 0.044715 * x * x)
        return grad_output * (0.5 * (1 + t) + 0.5 * x * (1 - t * t) * du)
