"""RMS norm with its own derivative."""

from functools import partial

import jax
import jax.numpy as jnp


# derive: x (N, D), w (D), eps = 1e-6
@partial(jax.custom_vjp, nondiff_argnums=(2,))
def rms_norm(x, w, eps):
    return x * jax.lax.rsqrt(jnp.mean(x**2, axis=-1, keepdims=True) + eps) * w


def rms_norm_fwd(x, w, eps):
    return rms_norm(x, w, eps), (x, w)


def rms_norm_bwd(eps, res, g):
    x, w = res
    r = jax.lax.rsqrt(jnp.mean(x**2, axis=-1, keepdims=True) + eps)
    gw = g * w
    dx = r * gw - r**3 * x * jnp.mean(gw * x, axis=-1, keepdims=True)
    dw = jnp.sum(g * x * r, axis=0)
    return dx, dw


rms_norm.defvjp(rms_norm_fwd, rms_norm_bwd)
