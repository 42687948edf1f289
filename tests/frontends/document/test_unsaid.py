"""What may say what a name is, or be asked of one, is no mistake; what goes wrong on the way is."""

from __future__ import annotations

import pytest

from tests.frontends.document.test_documents_reading import decided


def _said(tmp_path, text):
    kinds = ("holds", "disagrees", "ill-shaped", "ambiguous", "not-understood", "no-statement")
    return [one.outcome for one in decided(tmp_path, text).outcomes if one.outcome in kinds]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        # What names stand for that nothing tells of is a condition, in an inequality …
        (r"It has rank $k \le \min\{m, n\}$.", ["no-statement"]),
        (r"Its support is $0 \le x \le 1/c$.", ["no-statement"]),
        (r"We have $|b| \le a$ and $\log p \le 0$.", ["no-statement", "no-statement"]),
        (r"$w, x \in \mathbb{R}^p$. $$w^\top x + b \ge 1 - \zeta$$",
         ["no-statement"]),
        # … and more than that where it is about the same names.
        (r"$$(a + b)^2 \le a^2 + b^2$$", ["disagrees"]),
        (r"Let $x \in \mathbb{R}^n$. $$\|x\|_1 \le \|x\|_2$$", ["disagrees"]),
        (r"$$h(z) = \tanh z$$ $$h(z) \ge 1$$", ["disagrees"]),
        # A name that is new on the right is not told of, one that is lost is a mistake.
        (r"$A \in \mathbb{R}^{n\times n}$. $$R = A + A^\top$$ $$\operatorname{tr} R = \|L\|_F^2$$"
         r"$$R + A = 2 A$$", ["ambiguous", "disagrees"]),
        (r"$x, y \in \mathbb{R}^n$. $$\|x - y\|^2 = \|x\|^2 - 2 x^\top y$$", ["disagrees"]),
        (r"$$q = \log(1 + e^t)$$ $$\log q = s$$ $$q = 2$$", ["no-statement", "no-statement"]),
        # What is defined is claimed to be a number.
        (r"Let $z \in \mathbb{R}^K$, $p_i = \frac{e^{z_i}}{\sum_k e^{z_k}}$. $$\sum_i p_i = 2$$",
         ["disagrees"]),
        (r"$$u(x) = x^2$$ At the border $$u(x) = 0$$ and $$u(2) = 5$$",
         ["no-statement", "disagrees"]),
        # By a case of which the other side does not speak.
        (r"For $\delta \in \{0, 1\}$, $$y = \min(t, c) = \begin{cases} t & \text{if } \delta = 1 \\"
         r" c & \text{if } \delta = 0 \end{cases}$$", ["ambiguous"]),
        # Constraints.
        (r"$A \in \mathbb{R}^{m\times n}$, $x \in \mathbb{R}^n$, $b \in \mathbb{R}^m$."
         r"$$\begin{aligned} \min_x\ & \|x\|^2 \\ \text{s.t. } & A x \le b \\ & x \ge 0"
         r"\end{aligned}$$", ["no-statement", "no-statement", "no-statement"]),
        # What a matrix is, and an equation of which nothing says the right side.
        (r"The skew matrices, $X^\top = -X$.", ["no-statement"]),
        (r"$$y = t^2$$ The system is $$y'(t) = f(t, y)$$", ["ambiguous"]),
        # An equation to be solved by what is defined later; a value at the end.
        (r"$$\frac{du}{dx} = u + x$$ It is solved by $$u = e^x$$", ["no-statement"]),
        (r"$$y = t^2$$ with the initial condition $y(0) = 1$.", ["not-understood"]),
    ],
)  # fmt: skip
def test_conditions_and_claims(tmp_path, text, wanted):
    assert _said(tmp_path, text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        # x_i beside x is an entry of it.
        (r"$$\|v\|^2 = \sum_i v_i^2$$ $$\|v\|^2 = \sum_i v_i$$", ["holds", "disagrees"]),
        # Of a ≤ b = c, c is b.
        (r"$x \in \mathbb{R}^n$. $$x^\top x \le \|x\|_1^2 = (\sum_i |x_i|)^2$$", ["holds"]),
        (r"$x \in \mathbb{R}^n$. $$x^\top x \le \|x\|_1^2 = \sum_i |x_i|$$", ["disagrees"]),
        # No end is a size.
        (r"$$q = \sum_{k=0}^\infty r^k = \frac{1}{1 + r}$$", ["not-understood"]),
        (r"$$s = \sum_{k=1}^{\lfloor n/2 \rfloor} k = n^2$$", ["disagrees"]),
        # Zeros and ones with their sizes, two numbers above each other, an inverse, a difference.
        (r"$w \in \mathbb{R}^D$. $$w \ge \mathbf{0}_D$$ $$w + \mathbf{0}_D = w$$",
         ["disagrees", "holds"]),
        (r"$$p(k) = \left(\begin{array}{c} n \\ k \end{array}\right)"
         r"\left(\begin{array}{c} m \\ k \end{array}\right)$$", []),  # which is defined, alone
        (r"$$F^{-1}(u) = a + u (b - a)$$ $$F^{-1}(0) = b$$",
         ["not-understood", "not-understood"]),
        (r"$$\Delta f = 1 / (n T)$$ $$\Delta f = T^2$$", ["not-understood", "not-understood"]),
        (r"$\lambda \in \mathbb{R}^{M\times1}$, $S \in \mathbb{R}^{M \times M}$."
         r"$$m = S \lambda$$ $$m^\top = \lambda^\top S^\top$$", ["holds"]),
        # A sum up to a step, and to the one before.
        (r"$$S_t = \sum_{s=1}^{t} g_s$$ $$S_t = S_{t-1} + g_t$$ $$S_t = S_{t-1} + 2 g_t$$",
         ["holds", "disagrees"]),
        (r"$$m_t = (1 - \beta) \sum_{i=1}^{t} \beta^{t-i} g_i$$"
         r"$$m_t = \beta m_{t-1} + (1 - \beta) g_t$$ $$m_t = \beta m_{t-1} + \beta g_t$$",
         ["holds", "disagrees"]),
        # A letter with a number right after it is a name.
        (r"$W1 \in \mathbb{R}^{m\times n}$, $x1 \in \mathbb{R}^n$. $$z1 = W1 x1$$"
         r"$$z1^\top = x1^\top W1^\top$$ $$z1 = x1^\top W1$$", ["holds", "ill-shaped"]),
        # A shape that is said of a transpose.
        (r"$\Gamma^\top \in \mathbb{R}^{K\times d}$, $S \in \mathbb{R}^{n\times K}$."
         r"$$X = S \Gamma^\top$$ $$X^\top = \Gamma S^\top$$ $$X^\top = \Gamma^\top S$$",
         ["holds", "holds", "ill-shaped"]),
        # What is said of y(t) declares another y, and is no statement on t·y.
        (r"$y \in \mathbb{R}^m$, $t \in \mathbb{R}$. Elsewhere $y(t) \in \mathbb{R}$. $$z = t y$$"
         r"$$z^\top = t y^\top$$ $$z = t y^\top$$", ["no-statement", "holds", "ill-shaped"]),
        # What no rule reads ends in an outcome.
        (r"$$\nabla^{x} f = 3 x$$", ["not-understood"]),
        (r"$$g_1(x) = 27 x_1^{-1} x_2 \le 1$$", ["ambiguous"]),
    ],
)  # fmt: skip
def test_what_public_documents_write(tmp_path, text, wanted):
    assert _said(tmp_path, text) == wanted
