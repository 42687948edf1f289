"""The catalogue: the formulas of the notes, one module each, in the order of the sections.

``from derive.formulas import softmax_regression`` gives a module whose expressions are plain SymPy;
its ``formula`` is the catalogue entry, with every claim encoded as the notes make it, right or
wrong.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from derive.claims.formula import Formula

# Written out, since no rule on file names would give the order of the sections.
MODULES = (
    "linear_regression",  # 1.1
    "softmax_regression",  # 1.2
    "mlp",  # 1.3
    "weight_decay",  # 1.4
    "dropout",  # 1.4
    "conv2d",  # 2.1
    "max_pool",  # 2.2
    "avg_pool",  # 2.2
    "lenet_5",  # 2.3
    "alexnet",  # 2.3
    "vgg_16",  # 2.3
    "nin",  # 2.3
    "googlenet",  # 2.3
    "residual_block",  # 2.3
    "resnet_18",  # 2.3
    "densenet_121",  # 2.3
    "batch_norm",  # 2.3
    "rnn",  # 3.1
    "sequences",  # 3.1
    "gradient_clipping",  # 3.2
    "deep_rnn",  # 3.3
    "gru",  # 3.4
    "lstm",  # 3.4
    "seq2seq",  # 3.5
    "attention",  # 4.1
    "causal_attention",  # 4.1
    "online_softmax",  # 4.1
    "bahdanau",  # 4.2
    "self_attention",  # 4.3
    "multi_head_attention",  # 4.3
    "rotary_embedding",  # 4.3
    "feed_forward",  # 4.4
    "layer_norm",  # 4.4
    "token_embedding",  # 4.4
    "transformer",  # 4.4
    "deep_transformer",  # 4.4
)


def catalogue(modules: Iterable[str] = MODULES) -> dict[str, Formula]:
    """Every formula by its id, in the order of the sections; or those of some modules alone."""
    formulas = (import_module(f".{module}", __name__).formula for module in modules)
    return {formula.id: formula for formula in formulas}
