"""A linear layer with a correction of low rank.

The mistake: the scale is forgotten where the input takes the short way.
"""

# expect: x disagrees, A holds, B holds
import torch


class LoRA(torch.autograd.Function):
    # derive: x (N, D), W (D, M), A (D, r), B (r, M), scale ()
    @staticmethod
    def forward(ctx, x, W, A, B, scale):
        ctx.save_for_backward(x, W, A, B)
        ctx.scale = scale
        return x @ W + scale * (x @ A) @ B

    @staticmethod
    def backward(ctx, dy):
        x, W, A, B = ctx.saved_tensors
        s = ctx.scale
        dx = dy @ W.t() + (dy @ B.t()) @ A.t()
        dA = s * x.t() @ (dy @ B.t())
        dB = s * (x @ A).t() @ dy
        return dx, None, dA, dB, None
