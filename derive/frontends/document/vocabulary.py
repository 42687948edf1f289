"""The commands that the parser knows, by what they are."""

from __future__ import annotations

RELATIONS = {
    "=": "=", ":=": ":=", "=:": "=:", "<": "<", ">": ">", "<=": "<=", ">=": ">=",
    "\\le": "<=", "\\leq": "<=", "\\leqslant": "<=", "\\ge": ">=", "\\geq": ">=",
    "\\geqslant": ">=", "\\lt": "<", "\\gt": ">", "\\ll": "<<", "\\gg": ">>", "\\ne": "!=",
    "\\neq": "!=", "\\nequiv": "!=", "\\nless": ">=", "\\ngtr": "<=", "\\in": "in", "\\ni": "ni",
    "\\notin": "notin", "\\subset": "subset", "\\subseteq": "subseteq", "\\supset": "supset",
    "\\supseteq": "supseteq", "\\approx": "approx", "\\equiv": "equiv", "\\sim": "sim",
    "\\simeq": "simeq", "\\cong": "cong", "\\propto": "propto", "\\perp": "perp",
    "\\parallel": "parallel", ":": ":", "\\colon": ":", "\\to": "to", "\\rightarrow": "to",
    "\\longrightarrow": "to", "\\xrightarrow": "to", "\\mapsto": "mapsto",
    "\\longmapsto": "mapsto", "\\leftarrow": "leftarrow", "\\gets": "leftarrow",
    "\\longleftarrow": "leftarrow", "\\triangleq": ":=", "\\coloneqq": ":=", "\\doteq": ":=",
    "\\defeq": ":=", "\\coloneq": ":=", "\\vcentcolon": ":", "\\prec": "prec", "\\succ": "succ",
    "\\preceq": "preceq", "\\succeq": "succeq", "\\lesssim": "lesssim", "\\gtrsim": "gtrsim",
    "\\leftrightarrow": "leftrightarrow", "\\eqqcolon": "=:", "\\models": "models",
    "\\vdash": "vdash", "\\hookrightarrow": "hookrightarrow", "\\rightsquigarrow": "to",
    "\\asymp": "asymp", "\\nearrow": "to", "\\searrow": "to",
}  # fmt: skip

CONNECTIVES = {
    "\\implies": "implies", "\\Rightarrow": "implies", "\\Longrightarrow": "implies",
    "\\iff": "iff", "\\Leftrightarrow": "iff", "\\Longleftrightarrow": "iff",
    "\\impliedby": "impliedby", "\\Leftarrow": "impliedby", "\\Longleftarrow": "impliedby",
    "\\forall": "forall", "\\exists": "exists", "\\therefore": "therefore",
    "\\because": "because", "\\land": "and", "\\lor": "or",
}  # fmt: skip

SIGNS = {"+": "+", "-": "-", "\\pm": "pm", "\\mp": "mp", "\\oplus": "oplus", "\\ominus": "ominus"}

OPERATORS = {
    "*": "*", "@": "@", "/": "/", "\\ast": "ast", "\\star": "star", "\\cdot": "cdot",
    "\\cdotp": "cdot", "\\times": "times", "\\odot": "odot", "\\circ": "circ",
    "\\otimes": "otimes", "\\div": "div", "\\bullet": "bullet", "\\bmod": "bmod",
    "\\mod": "bmod", "\\cup": "cup", "\\cap": "cap", "\\setminus": "setminus",
    "\\backslash": "setminus", "\\wedge": "wedge", "\\vee": "vee", "\\circledast": "circledast",
    "\\boxtimes": "boxtimes", "\\diamond": "diamond", "\\sqcup": "sqcup", "\\sqcap": "sqcap",
    "\\oslash": "oslash", "\\centerdot": "cdot", "\\boxdot": "boxdot", "\\circledcirc": "circ",
    "\\ltimes": "ltimes", "\\rtimes": "rtimes", "\\amalg": "amalg", "\\uplus": "uplus",
}  # fmt: skip

# Letters: the name that they have in the tree.
LETTERS = {
    "\\" + name: name
    for name in [
        "alpha", "beta", "gamma", "delta", "epsilon", "varepsilon", "zeta", "eta", "theta",
        "vartheta", "iota", "kappa", "varkappa", "lambda", "mu", "nu", "xi", "omicron", "pi",
        "varpi", "rho", "varrho", "sigma", "varsigma", "tau", "upsilon", "phi", "varphi", "chi",
        "psi", "omega", "Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Upsilon",
        "Phi", "Psi", "Omega", "varGamma", "varDelta", "varTheta", "varLambda", "varXi", "varPi",
        "varSigma", "varUpsilon", "varPhi", "varPsi", "varOmega", "digamma", "partial", "nabla",
        "ell", "infty", "hbar", "imath", "jmath", "emptyset", "aleph", "beth", "Re", "Im", "wp",
        "eth", "complement",
    ]
} | {
    "\\varnothing": "emptyset", "\\empty": "emptyset", "\\grad": "nabla",
    "\\R": "R", "\\N": "N", "\\Z": "Z", "\\Q": "Q",
}  # fmt: skip
# Shorthands of the real numbers and the like, which MathJax and KaTeX know by themselves.
BLACKBOARD = {"\\R": "R", "\\N": "N", "\\Z": "Z", "\\reals": "R", "\\Reals": "R", "\\natnums": "N"}
for _name in BLACKBOARD:
    LETTERS.pop(_name, None)
LETTERS.pop("\\Q", None)

MARKS = {
    "\\top": "top", "\\intercal": "top", "\\dagger": "dagger", "\\dag": "dagger",
    "\\ddagger": "ddagger", "\\prime": "prime", "\\bot": "bot", "\\degree": "degree",
    "\\sharp": "sharp", "\\flat": "flat", "\\natural": "natural", "\\square": "square",
    "\\Box": "square", "\\checkmark": "checkmark", "\\triangle": "triangle", "\\clubsuit": "club",
    "\\neg": "neg", "\\lnot": "neg", "\\bigstar": "star", "\\blacksquare": "square",
    "\\uparrow": "uparrow", "\\downarrow": "downarrow", "\\S": "section", "\\%": "percent",
    "\\$": "dollar", "\\#": "hash", "\\&": "and",
}  # fmt: skip

DOTS = {
    "\\ldots": "ldots", "\\dots": "ldots", "\\dotsc": "ldots", "\\dotso": "ldots",
    "\\cdots": "cdots", "\\dotsb": "cdots", "\\dotsm": "cdots", "\\dotsi": "cdots",
    "\\vdots": "vdots", "\\ddots": "ddots", "\\hdots": "ldots", "\\iddots": "ddots",
}  # fmt: skip

FUNCTIONS = {
    "\\" + name: name
    for name in [
        "exp", "log", "ln", "lg", "sin", "cos", "tan", "cot", "sec", "csc", "sinh", "cosh",
        "tanh", "coth", "arcsin", "arccos", "arctan", "max", "min", "sup", "inf", "lim", "liminf",
        "limsup", "det", "dim", "ker", "deg", "gcd", "hom", "Pr", "tr", "Tr", "rank", "diag",
        "sgn", "sign", "argmax", "argmin", "erf", "softmax", "arg", "mod",
    ]
} | {"\\injlim": "injlim", "\\trace": "tr"}  # fmt: skip

# Names of functions that are written in plain letters, too: tanh(x), ReLU(x).
NAMES = frozenset(FUNCTIONS.values()) | frozenset(
    [
        "relu",
        "ReLU",
        "RELU",
        "sigmoid",
        "Sigmoid",
        "softmax",
        "Softmax",
        "softplus",
        "Softplus",
        "sigm",
        "Tanh",
        "logit",
        "LayerNorm",
        "BatchNorm",
        "RMSNorm",
        "GroupNorm",
        "Attention",
        "attention",
        "attn",
        "concat",
        "Concat",
        "cat",
        "CONCAT",
        "GELU",
        "gelu",
        "SiLU",
        "silu",
        "swish",
        "Swish",
        "ELU",
        "elu",
        "SELU",
        "LeakyReLU",
        "leakyrelu",
        "logsumexp",
        "LogSumExp",
        "LSE",
        "lse",
        "mean",
        "sum",
        "var",
        "Var",
        "cov",
        "Cov",
        "std",
        "Diag",
        "vec",
        "Vec",
        "vech",
        "mat",
        "trace",
        "Trace",
        "Det",
        "adj",
        "rot",
        "curl",
        "div",
        "grad",
        "softsign",
        "clip",
        "sqrt",
        "abs",
        "exp",
        "Exp",
        "Log",
        "norm",
        "KL",
        "CE",
        "MSE",
        "BCE",
        "MHA",
        "MLP",
        "FFN",
        "Head",
        "head",
        "MultiHead",
        "Linear",
        "Conv",
        "conv",
        "pad",
        "Pad",
        "pool",
        "Pool",
        "unfold",
        "fold",
        "reshape",
        "stack",
        "Stack",
        "one",
        "onehot",
        "logdet",
        "argsort",
        "sort",
        "topk",
        "acos",
        "asin",
        "atan",
        "arsinh",
        "artanh",
        "arcosh",
        "sech",
        "csch",
        "sinc",
        "floor",
        "ceil",
        "round",
        "erfc",
        "hardtanh",
        "prox",
        "proj",
        "Proj",
        "span",
        "Span",
        "Null",
        "null",
        "Range",
        "range",
        "col",
        "row",
        "blockdiag",
        "blkdiag",
        "stopgrad",
        "sg",
    ]
)
# Those that also stand where their argument does not follow in brackets.
BARE = frozenset(FUNCTIONS.values()) | frozenset(
    [
        "Trace",
        "trace",
        "Diag",
        "vec",
        "Vec",
        "softmax",
        "logdet",
        "rank",
        "sgn",
        "sign",
        "erf",
        "logit",
    ]
)

BIG = {
    "\\" + name: name
    for name in [
        "sum",
        "prod",
        "coprod",
        "int",
        "iint",
        "iiint",
        "oint",
        "bigcup",
        "bigcap",
        "bigoplus",
        "bigotimes",
        "bigodot",
        "bigvee",
        "bigwedge",
        "biguplus",
        "bigsqcup",
    ]
}

STYLES = {
    "\\mathbf": "bold", "\\boldsymbol": "bold", "\\bm": "bold", "\\pmb": "bold",
    "\\symbf": "bold", "\\boldmath": "bold", "\\mathbfit": "bold", "\\bold": "bold",
    "\\mathbfcal": "calligraphic", "\\mathrm": "roman", "\\mathup": "roman", "\\mathnormal":
    "italic", "\\mathit": "italic", "\\mathsf": "sans", "\\mathtt": "typewriter",
    "\\mathcal": "calligraphic", "\\mathscr": "calligraphic", "\\mathbb": "blackboard",
    "\\Bbb": "blackboard", "\\mathds": "blackboard", "\\mathbbm": "blackboard",
    "\\mathfrak": "fraktur", "\\frak": "fraktur", "\\symcal": "calligraphic",
    "\\symup": "roman", "\\symit": "italic", "\\mathbfsf": "bold",
}  # fmt: skip
# The old form, which holds to the end of its group.
SWITCHES = {
    "\\bf": "bold", "\\rm": "roman", "\\it": "italic", "\\sf": "sans", "\\tt": "typewriter",
    "\\cal": "calligraphic", "\\bfseries": "bold", "\\Bf": "bold", "\\em": "italic",
}  # fmt: skip

ACCENTS = {
    "\\hat": "hat", "\\widehat": "hat", "\\bar": "bar", "\\overline": "bar", "\\tilde": "tilde",
    "\\widetilde": "tilde", "\\vec": "vec", "\\dot": "dot", "\\ddot": "ddot", "\\check": "check",
    "\\breve": "breve", "\\acute": "acute", "\\grave": "grave", "\\mathring": "ring",
    "\\underline": "underline", "\\overrightarrow": "vec", "\\dddot": "dddot",
    "\\underbar": "underline", "\\widebar": "bar", "\\overset@bar": "bar",
}  # fmt: skip

# Commands that show their argument as it is.
PLAIN = frozenset(
    ["\\boxed", "\\fbox", "\\ensuremath", "\\smash", "\\mathop", "\\mathord", "\\displaylines"]
)
# Commands with two arguments, of which the first is only for the eye.
FRAMED = frozenset(
    ["\\colorbox", "\\bbox", "\\href", "\\htmlClass", "\\class", "\\cssId", "\\style"]
)

# What an opening bracket is named, and what closes it.
OPENING = {
    "(": "(", "[": "[", "\\{": "{", "\\lbrace": "{", "\\langle": "<", "\\lfloor": "floor",
    "\\lceil": "ceil", "\\lbrack": "[", "\\lgroup": "(", "\\llbracket": "[[",
}  # fmt: skip
CLOSING = {
    ")": ")", "]": "]", "\\}": "}", "\\rbrace": "}", "\\rangle": ">", "\\rfloor": "floor",
    "\\rceil": "ceil", "\\rbrack": "]", "\\rgroup": ")", "\\rrbracket": "]]",
}  # fmt: skip

MATRICES = frozenset(
    [
        "matrix",
        "pmatrix",
        "bmatrix",
        "Bmatrix",
        "vmatrix",
        "Vmatrix",
        "smallmatrix",
        "array",
        "psmallmatrix",
        "bsmallmatrix",
        "subarray",
        "matrix*",
        "pmatrix*",
        "bmatrix*",
    ]
)
CASES = frozenset(["cases", "dcases", "rcases", "drcases", "dcases*", "cases*"])
# Environments whose rows are formulas of their own.
ALIGNED = frozenset(
    [
        "align",
        "align*",
        "aligned",
        "alignat",
        "alignat*",
        "alignedat",
        "gather",
        "gather*",
        "gathered",
        "split",
        "multline",
        "multline*",
        "eqnarray",
        "eqnarray*",
        "flalign",
        "flalign*",
        "equation",
        "equation*",
        "displaymath",
        "math",
        "multlined",
        "dmath",
        "dmath*",
        "empheq",
        "subequations",
        "IEEEeqnarray",
        "IEEEeqnarray*",
        "IEEEeqnarraybox",
        "darray",
        "numcases",
    ]
)
# Those with an argument after their name.
WITH_ARGUMENT = frozenset(
    [
        "alignat",
        "alignat*",
        "alignedat",
        "array",
        "subarray",
        "IEEEeqnarray",
        "IEEEeqnarray*",
        "IEEEeqnarraybox",
        "empheq",
        "darray",
    ]
)

# One word in \text that stands between statements, not for a quantity.
PROSE = frozenset(
    [
        "if",
        "for",
        "where",
        "and",
        "or",
        "otherwise",
        "with",
        "when",
        "then",
        "since",
        "so",
        "thus",
        "hence",
        "as",
        "else",
        "let",
        "by",
        "is",
        "are",
        "such",
        "that",
        "all",
        "any",
        "every",
        "each",
        "from",
        "to",
        "in",
        "on",
        "of",
        "on.",
        "given",
        "iff",
        "unless",
        "because",
        "therefore",
        "while",
        "s.t.",
        "st",
        "subject",
        "the",
        "a",
        "an",
        "using",
        "note",
        "here",
        "case",
        "otherwise.",
        "else.",
        "minimize",
        "maximize",
        "minimise",
        "maximise",
        "wenn",
        "für",
        "falls",
        "und",
        "oder",
        "sonst",
        "mit",
        "wobei",
        "also",
        "ist",
        "sei",
        "da",
        "weil",
        "alle",
        "jede",
        "si",
        "pour",
        "où",
        "et",
        "ou",
        "avec",
        "sinon",
        "donc",
        "car",
        "est",
        "soit",
        "puisque",
        "lorsque",
        "quand",
        "tout",
        "tous",
    ]
)

# Commands whose names may stand without their backslash by mistake; names of functions and short
# words, which letters may spell by themselves, are left out.
FORGOTTEN = frozenset(
    name.lstrip("\\")
    for table in (STYLES, ACCENTS, LETTERS, BIG, OPERATORS, RELATIONS, DOTS, PLAIN, CONNECTIVES)
    for name in table
    if name[1:].isalpha() and len(name) > 4
) | frozenset(
    [
        "frac",
        "dfrac",
        "tfrac",
        "sqrt",
        "left",
        "right",
        "begin",
        "end",
        "text",
        "operatorname",
        "quad",
        "qquad",
        "underbrace",
        "overbrace",
        "mathrm",
        "textbf",
        "textrm",
        "langle",
        "rangle",
        "limits",
        "displaystyle",
        "label",
        "bigl",
        "bigr",
        "binom",
        "odot",
        "cdot",
        "times",
        "mathbb",
        "infty",
    ]
)

SCRIPT_MARKS = {
    "*": "*", "+": "+", "-": "-", ":": ":", "\\ast": "*", "\\star": "star", "\\cdot": "cdot",
    "\\bullet": "bullet", "\\circ": "circ", "\\times": "times", "\\pm": "pm", "\\perp": "perp",
    "\\parallel": "parallel", "\\colon": ":", "\\oplus": "oplus", "\\otimes": "otimes",
    "/": "/", "\\odot": "odot", "\\mp": "mp", **MARKS,
}  # fmt: skip
"""Signs that stand for themselves in a script or in brackets."""
