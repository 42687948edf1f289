def disagreement(problem, claim, statement, witness, deadline):
    return "differs"
