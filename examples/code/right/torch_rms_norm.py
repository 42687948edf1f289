"""RMS norm as an autograd Function."""

import torch


class RMSNorm(torch.autograd.Function):
    # derive: x (B, T, D), weight (D), eps = 1e-6
    @staticmethod
    def forward(ctx, x, weight, eps):
        r = torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps)
        ctx.save_for_backward(x, weight, r)
        return x * r * weight

    @staticmethod
    def backward(ctx, dy):
        x, weight, r = ctx.saved_tensors
        D = x.shape[-1]
        dw = torch.sum(dy * x * r, dim=(0, 1))
        g = dy * weight
        dx = r * g - r.pow(3) * x * torch.sum(g * x, dim=-1, keepdim=True) / D
        return dx, dw, None
