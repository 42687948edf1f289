"""SwiGLU: a gate by SiLU: SiLU is derived as the sigmoid is."""

# expect: a disagrees, b holds
import torch


class SwiGLU(torch.autograd.Function):
    # derive: a (N, D), b (N, D)
    @staticmethod
    def forward(ctx, a, b):
        ctx.save_for_backward(a, b)
        return a * torch.sigmoid(a) * b

    @staticmethod
    def backward(ctx, dc):
        a, b = ctx.saved_tensors
        sig = torch.sigmoid(a)
        silu = a * sig
        db = dc * silu
        da = dc * b * silu * (1 - sig)
        return da, db
