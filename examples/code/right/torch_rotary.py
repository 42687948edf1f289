"""Rotary embedding: pairs of halves are turned."""

import torch


class Rotary(torch.autograd.Function):
    # derive: x (T, 2*h), cos (T, h), sin (T, h)
    @staticmethod
    def forward(ctx, x, cos, sin):
        ctx.save_for_backward(cos, sin)
        x1, x2 = x.chunk(2, dim=-1)
        return torch.cat((x1 * cos - x2 * sin, x2 * cos + x1 * sin), dim=-1)

    @staticmethod
    def backward(ctx, dy):
        cos, sin = ctx.saved_tensors
        d1, d2 = dy.chunk(2, dim=-1)
        dx = torch.cat((d1 * cos + d2 * sin, d2 * cos - d1 * sin), dim=-1)
        return dx, None, None
