"""Model files with one mistake each, and what the error must say.

Each case: name, source, the string or parameter at fault, a piece of the reason.
"""

PSP = """
psp_neuron = '''
dh/dt = {rhs} : 1
drive : 1
b : 1
'''
"""
TRANSFER = """
transfer = '''
phi = {phi} : 1
psi = {psi} : 1
'''
"""


def psp(rhs):
    return PSP.format(rhs=rhs)


def transfer(phi="1/(1 + exp(-h))", psi="phi*(1 - phi)"):
    return TRANSFER.format(phi=phi, psi=psi)


BROKEN = [
    # What holds for all of Brian2, and what nothing uses.
    (
        "default-clock",
        "from brian2 import defaultclock, ms\neta = 0.01\ndefaultclock.dt = 0.5*ms",
        None,
        "sets defaultclock.dt; write dt = 0.5 * msecond",
    ),
    (
        "device",
        "from brian2 import set_device\neta = 0.01\nset_device('cpp_standalone')",
        None,
        "sets the device; use device='cpp' instead",
    ),
    (
        "preference",
        "from brian2 import prefs\neta = 0.01\nprefs.codegen.target = 'numpy'",
        None,
        "sets prefs.codegen.target, which a model file cannot",
    ),
    ("class", "class Model:\n    eta = 0.1", "Model", "nothing uses it"),
    ("function", "eta = 0.1\ndef gain(x):\n    return x", "gain", "nothing uses it"),
    ("negative", "eta = -0.01", "eta", "0 or more"),
    ("leak", "tau = 2", "tau", "makes tau_m no number"),
    # Divisions by what is never set.
    (
        "divided-in-transfer",
        psp("(b + drive - h)/tau_m : 1\nscale") + transfer("1/(1 + exp(-h/scale))"),
        "transfer",
        "divides by 'scale'",
    ),
    (
        "divided-in-synapses",
        "plastic_synapse = 'W : 1\\nn : 1\\ndW = eta*third_factor_post/n : 1'",
        "plastic_synapse",
        "divides by 'n'",
    ),
    # Units.
    ("no-time-constant", psp("b + drive - h"), "psp_neuron", "unit hertz"),
    ("unit-in-transfer", transfer("h*ms"), "transfer", "expected unit 1 (unit is s)"),
    ("unit-in-argument", transfer("exp(h*mV)"), "transfer", "unit"),
    ("unit-in-spike", "spike = 'h > 3*mV'", "spike", "different units"),
    ("unit-in-reset", "reset = 'h = 3*mV'", "reset", "(unit is V)"),
    ("unit-in-transmit", "transmit = 'drive_post += W*mV'", "transmit", "unit V"),
    ("unit-in-decay", "decay = 'W *= exp(-gamma*second)'", "decay", "units (s)"),
    (
        "unit-in-delta",
        "delta_neuron = 'ddelta/dt = feedback - delta : 1'",
        "delta_neuron",
        "unit hertz",
    ),
    (
        "unit-of-feedback",
        "feedback_synapse = '''B : 1 (constant)\n"
        "feedback_post = B*third_factor_pre*mV : volt (summed)'''",
        "feedback_synapse",
        "same units",
    ),
    ("unit-unknown", transfer(psi="phi : bananas #"), "transfer", "bananas"),
    ("parameter-without-unit", "tau_m = 0.4", "tau_m", "unit hertz"),
    ("parameter-with-unit", "from brian2 import mV\neta = 1*mV", "eta", "unit"),
    # Unknown names.
    (
        "misspelt-parameter",
        psp("(b + drive - h)/tua_m"),
        "psp_neuron",
        "unknown name 'tua_m', did you mean 'tau_m'?",
    ),
    ("unknown-function", transfer("sigmoid(h)"), "transfer", "name 'sigmoid'"),
    ("numpy-function", transfer("np.tanh(h)"), "transfer", "not support"),
    ("unknown-in-spike", "spike = 'rand() < phj'", "spike", "unknown name 'phj'"),
    (
        "unknown-in-input",
        "input_neuron = 'phi = image(t, i) : 1'",
        "input_neuron",
        "did you mean 'images'?",
    ),
    (
        "unknown-in-target",
        "target = '''target = int(label(t) == class_index) : 1\n"
        "class_index : integer (constant)'''",
        "target",
        "did you mean 'labels'?",
    ),
    (
        "unknown-target-of-transmit",
        "transmit = 'dirve_post += W'",
        "transmit",
        "did you mean 'drive_post'?",
    ),
    ("unknown-in-learn", "learn = 'W += dw'", "learn", "did you mean 'dW'?"),
    (
        "unknown-in-bias",
        "learn_bias = 'b += eta*psi*thirdfactor'",
        "learn_bias",
        "did you mean 'third_factor'?",
    ),
    (
        "unknown-in-plasticity",
        "plastic_synapse = '''W : 1\ndW = eta*psi_post*third_post : 1'''",
        "plastic_synapse",
        "unknown name 'third_post'",
    ),
    ("reset-of-nothing", "reset = 'v = 0'", "reset", "sets 'v', which is no"),
    # Syntax of equations and statements.
    (
        "equation-without-unit",
        "third_factor = 'third_factor = delta'",
        "third_factor",
        "form is 'x = ... : unit'",
    ),
    ("unbalanced", psp("(b + drive - h/tau_m"), "psp_neuron", ""),
    ("caret", transfer("h^2"), "transfer", "written with '**'"),
    ("conditional", transfer("1 if h > 0 else 0"), "transfer", "not support"),
    ("wrong-number-of-arguments", transfer("exp(h, h)"), "transfer", "exactly 1"),
    (
        "wrong-use-of-stimulus",
        "input_neuron = 'phi = images(t) : 1'",
        "input_neuron",
        "called with 1 parameters, needs 2",
    ),
    ("condition-cut-off", "spike = 'rand() <'", "spike", "syntax in 'rand() <'"),
    ("condition-of-input", "input_spike = 'rand()'", "input_spike", "boolean"),
    ("statement-cut-off", "reset = 'h ='", "reset", "invalid syntax in 'h ='"),
    ("transmit-cut-off", "transmit = 'drive_post += W +'", "transmit", "syntax"),
    ("flag", psp("-h/tau_m").replace("b : 1", "b : 1 (constnt)"), None, "constnt"),
    ("cycle", transfer("psi", "phi"), "transfer", "cycle"),
    ("reserved-variable", transfer(psi="1 : 1\ndt = 1"), "transfer", "'dt'"),
    ("defined-twice", transfer(psi="1 : 1\nb = h"), "transfer", "variable 'b'"),
    (
        "name-of-a-link",
        transfer(psi="1 : 1\nthird_factor = h"),
        "transfer",
        "'third_factor'",
    ),
    # Equations that do not fit the network.
    ("no-integration", psp("-h/tau_m + xi**2"), "psp_neuron", "stochastic"),
    (
        "no-psp",
        "psp_neuron = 'b : 1;drive : 1'.replace(';', chr(10))",
        "psp_neuron",
        "define 'h'",
    ),
    ("no-phi", "transfer = 'psi = 1 : 1'", "transfer", "define 'phi'"),
    ("no-psi", "transfer = 'phi = h : 1'", "transfer", "does not define 'psi'"),
    ("no-weight", "plastic_synapse = 'dW = eta : 1'", "plastic_synapse", "'W'"),
    ("no-class", "target = 'target = 1 : 1'", "target", "'class_index'"),
    (
        "no-feedback",
        "feedback_synapse = '''B : 1 (constant)\nback = B : 1'''",
        "feedback_synapse",
        "define 'feedback_post'",
    ),
    # Kinds of values.
    ("number-for-equations", "psp_neuron = 3", "psp_neuron", "string"),
    ("number-for-statement", "learn = 0.1", "learn", "must be a string, got 0.1"),
    ("nothing-for-equations", "transfer = None", "transfer", "string"),
    ("string-for-number", "eta = 'fast'", "eta", "must be a number"),
    ("truth-for-number", "gamma = True", "gamma", "number"),
    ("not-finite", "eta = float('nan')", "eta", "finite"),
    ("negative-range", "weight_range = -1.0", "weight_range", "0 or more"),
    ("unit-of-range", "from brian2 import ms\ngamma = 1*ms", "gamma", "without units"),
    ("step-without-unit", "dt = 1", "dt", "a time above 0"),
    ("many-numbers", "from brian2 import ms\ntau_m = [1, 2]*ms", "tau_m", "single"),
    ("refractory-number", "refractory = 3", "refractory", "a time"),
    ("refractory-unit", "refractory = '3*mV'", "refractory", "unit"),
    ("refractory-units", "refractory = '2*(ms) + 1*mV'", "refractory", "unit"),
    ("misspelt-of-a-layer", "layer_2_rest = 'h = 0'", None, "mean 'layer_2_reset'?"),
    ("refractory-syntax", "refractory = 'h >'", "refractory", "syntax in 'h >'"),
    # Names.
    ("hidden-by-variable", "b = 0.5", "b", "it is a variable of psp_neuron"),
    ("hidden-in-synapses", "phi_post = 0.5", "phi_post", "it is a variable of"),
    ("hidden-by-time", "t = 3", "t", "it is the time"),
    ("hidden-by-size", "N = 3", "N", "it is the size of a group"),
    ("hidden-by-function", "exp = 3", "exp", "it is a function"),
    ("hidden-by-unit", "mV = 3", "mV", "it is a unit"),
    ("hidden-by-stimulus", "images = 3", "images", "it is what is shown"),
    ("misspelt-string", "psp_neurn = 'h : 1'", "psp_neurn", "mean 'psp_neuron'?"),
    ("misspelt-number", "gama = 0.1", "gama", "mean 'gamma'?"),
    # Python.
    ("python-syntax", "eta = = 3", ":1", "invalid syntax"),
    ("python-name", "\n\ntau_m = 3*ms", ":3", "NameError: name 'ms' is not defined"),
    ("python-import", "import brain2", ":1", "No module named 'brain2'"),
    ("python-units", "from brian2 import *\nx = 3*ms + 2*mV", ":2", "3. ms"),
    ("python-exit", "import sys\nsys.exit('no')", ":2", "SystemExit: no"),
    ("empty", "", None, "defines no equation string and no parameter"),
    ("comments-only", "import numpy\n# nothing\n", None, "defines no equation"),
]
