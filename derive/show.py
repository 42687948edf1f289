from derive.problem import Condition


def derived(problem, statement):
    return None


def assumptions(problem, normaliser):
    return tuple(l for l in normaliser.used if not isinstance(l, (tuple, Condition)))


def steps(problem, statement, proof):
    return ()
