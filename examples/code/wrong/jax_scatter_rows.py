"""Rows of a table that labels choose, their gradient by .at[].add.

The mistake: the rows are averaged over the batch.
"""

# expect: table disagrees
import jax
import jax.numpy as jnp


# derive: table (V, D), ids (N) labels of V
@jax.custom_vjp
def lookup(table, ids):
    return table[ids]


def lookup_fwd(table, ids):
    return table[ids], (ids, table.shape[0])


def lookup_bwd(res, g):
    ids, size = res
    grad = jnp.zeros((size, g.shape[1])).at[ids].add(g / g.shape[0])
    return grad, None


lookup.defvjp(lookup_fwd, lookup_bwd)
