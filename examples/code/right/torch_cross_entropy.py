"""Cross-entropy of logits, the target integer labels."""

import torch
import torch.nn.functional as F


class CrossEntropy(torch.autograd.Function):
    # derive: logits (N, V), target (N) labels of V
    @staticmethod
    def forward(ctx, logits, target):
        logp = F.log_softmax(logits, dim=-1)
        ctx.save_for_backward(logp, target)
        return -logp.gather(1, target.unsqueeze(1)).mean()

    @staticmethod
    def backward(ctx, grad_output):
        logp, target = ctx.saved_tensors
        n, v = logp.shape
        grad = logp.exp() - F.one_hot(target, v)
        return grad_output * grad / n, None
