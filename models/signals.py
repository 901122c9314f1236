"""Signals of reward: what every string sees of the outputs and their target.

Once a step, after the error neurons, the outcome of the step is known: ``error``, the
mean square of the error of the outputs, and ``correct``, whether no class has more
activity than the one that is shown. It is told to the neurons of every layer; networks
in which no string names it have nothing of this. (The paper has no such signals.)
"""

outcome = """
error : 1
votes_of_target : 1
rivals : 1
"""

class_votes = """
votes : 1
"""

# From the error neurons.
error_signal = "error_post = delta_pre**2/N_pre : 1 (summed)"
votes_signal = "votes_post = phi_pre*int(class_index_pre == j) : 1 (summed)"

# From the classes; afterwards, the classes that have more than that of the target.
target_votes = "votes_of_target_post = votes_pre*int(i == labels(t)) : 1 (summed)"
rival_votes = "rivals_post = int(votes_pre > votes_of_target_post) : 1 (summed)"

# To the neurons of each layer.
told_error = "error_post = error_pre : 1 (summed)"
told_correct = "correct_post = int(rivals_pre == 0) : 1 (summed)"
