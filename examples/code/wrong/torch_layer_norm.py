"""Layer normalisation as an autograd Function.

The mistake: torch's variance is unbiased where nothing else is said.
"""

# expect: x disagrees, weight holds, bias holds
import torch


class LayerNorm(torch.autograd.Function):
    # derive: x (N, D), weight (D), bias (D), eps = 1e-5
    @staticmethod
    def forward(ctx, x, weight, bias, eps):
        mean = x.mean(dim=-1, keepdim=True)
        var = x.var(dim=-1, keepdim=True)
        rstd = torch.rsqrt(var + eps)
        x_hat = (x - mean) * rstd
        ctx.save_for_backward(x_hat, rstd, weight)
        return x_hat * weight + bias

    @staticmethod
    def backward(ctx, grad_output):
        x_hat, rstd, weight = ctx.saved_tensors
        grad_weight = (grad_output * x_hat).sum(dim=0)
        grad_bias = grad_output.sum(dim=0)
        g = grad_output * weight
        grad_x = rstd * (
            g - g.mean(dim=-1, keepdim=True) - x_hat * (g * x_hat).mean(dim=-1, keepdim=True)
        )
        return grad_x, grad_weight, grad_bias, None
