"""What a model file means, read literally: an interpreter in plain NumPy.

The equations, conditions and statements of a model are strings. Here they are parsed,
evaluated and walked through the table "The order inside a time step" of ``docs/model``
line by line, in double precision and without a Brian2 object. What is random is given
from outside, as numbers. The modules, from the bottom:

``expressions``  the value of an expression
``equations``    what a string of equations, or of statements, says
``integration``  one step of differential equations
``neurons``      a population: its variables, and what it does in a time step
``synapses``     a projection: statements on spikes, sums, what is removed
``stimuli``      images, targets and passes as functions of time
``network``      the network of a rule, time step by time step
``session``      runs, tests in between, states that are set: the options
"""
