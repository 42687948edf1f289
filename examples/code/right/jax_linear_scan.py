"""h_t = a_t h_{t-1} + b_t by lax.scan, back by a scan in reverse."""

import jax
import jax.numpy as jnp
from jax import lax


def states(a, b):
    def step(h, ab):
        h = ab[0] * h + ab[1]
        return h, h

    return lax.scan(step, jnp.zeros_like(a[0]), (a, b))[1]


# derive: a (T, D), b (T, D)
@jax.custom_vjp
def linear_scan(a, b):
    return states(a, b)


def linear_scan_fwd(a, b):
    h = states(a, b)
    return h, (a, h)


def linear_scan_bwd(res, g):
    a, h = res

    def step(carry, ag):
        a_t, g_t = ag
        db_t = g_t + carry
        return a_t * db_t, db_t

    _, db = lax.scan(step, jnp.zeros_like(a[0]), (a, g), reverse=True)
    before = jnp.concatenate([jnp.zeros_like(h[:1]), h[:-1]])
    return db * before, db


linear_scan.defvjp(linear_scan_fwd, linear_scan_bwd)
