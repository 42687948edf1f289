"""log-sum-exp with its own derivative: the exponentials are not divided by their sum."""

# expect: x disagrees
import jax
import jax.numpy as jnp


# derive: x (N, D)
@jax.custom_vjp
def logsumexp(x):
    m = jnp.max(x, axis=-1, keepdims=True)
    return jnp.squeeze(m, -1) + jnp.log(jnp.sum(jnp.exp(x - m), axis=-1))


def logsumexp_fwd(x):
    out = logsumexp(x)
    return out, (x, out)


def logsumexp_bwd(res, g):
    x, out = res
    return (g[:, None] * jnp.exp(x),)


logsumexp.defvjp(logsumexp_fwd, logsumexp_bwd)
