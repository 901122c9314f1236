"""The delta itself as the third factor: phi_d is the identity.

The paper has "a simple sigmoidal function centred on 0" (*paper*); how much it matters
that it saturates, this shows. For ``--model``.
"""

third_factor = """
third_factor = delta : 1
"""
