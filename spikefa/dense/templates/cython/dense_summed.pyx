{# Sum of an expression over the synapses of each postsynaptic neuron (columns) or of
   each presynaptic one (rows).

   USES_VARIABLES { N_pre, N_post, _pre_start, _post_start }
#}
{% extends 'common_group.pyx' %}
{% from 'dense_macros.pyx' import leave_out with context %}

{% block maincode %}
    {% set side = _plan.side %}
    {% set _target = get_array_name(_target_var) %}
    {% set _start, _size = ('_post_start', 'N_post') if side == 'post' else ('_pre_start', 'N_pre') %}
    cdef int _row, _column
    for _row in range({{_size}}):
        {{_target}}[_row + {{_start}}] = 0

    # scalar code
    _vectorisation_idx = 1
    {{ scalar_code | autoindent }}

    for _row in range(N_pre):
        _presynaptic_idx = _row + _pre_start
        for _column in range(N_post):
            _postsynaptic_idx = _column + _post_start
            _idx = <size_t>_row * N_post + _column
            _vectorisation_idx = _idx
            {{ leave_out() }}
            {{ vector_code | autoindent }}
            {{_target}}[_{{side}}synaptic_idx] += _synaptic_var
{% endblock %}
