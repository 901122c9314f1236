{# X += x_pre*f, where f is the same for all synapses onto a neuron (run_regularly):
   f is evaluated once for each column.

   USES_VARIABLES { N_pre, N_post, _pre_start, _post_start }
#}
{% extends 'common_group.cpp' %}
{% from 'dense_macros.cpp' import collect_rows, flush, over_rows, skip_idle_row with context %}

{% block maincode %}
    {% set _type = c_data_type(matrix.dtype) %}
    {% set _matrix, _factor = get_array_name(matrix), get_array_name(factor) %}
    // scalar code
    const size_t _vectorisation_idx = -1;
    {{scalar_code|autoindent}}

    {% set pending = owner.pending_for(variables) %}
    {% if pending %}
    if ({{pending['count']}}[0])
    {{flush(pending)|autoindent}}
    {% endif %}

    static {{_type}} _increments[{{owner.N_post}}];
    for (int32_t _column = 0; _column < N_post; _column++)
    {
        const int32_t _postsynaptic_idx = _column + _post_start;
        const size_t _vectorisation_idx = _column;
        {{vector_code|autoindent}}
        _increments[_column] = _increment;
    }
    {% if owner.N_post <= 32 %}
    for (int32_t _row = 0; _row < N_pre; _row++)
    {
        const int32_t _presynaptic_idx = _row + _pre_start;
        {{skip_idle_row(idle_if_zero)|autoindent}}
        for (int32_t _column = 0; _column < N_post; _column++)
            {{_matrix}}[(size_t)_row * N_post + _column] += {{_factor}}[_presynaptic_idx] * _increments[_column];
    }
    {% else %}
    {{collect_rows(idle_if_zero)|autoindent}}
    {{openmp_pragma('parallel')}}
    {
    {% call(rows) over_rows(parallel=True) %}
        {% for n in rows %}
        {{_matrix}}[(size_t)_row_{{n}} * N_post + _column] += {{_factor}}[_row_{{n}} + _pre_start] * _increments[_column];
        {% endfor %}
    {% endcall %}
    }
    {% endif %}
{% endblock %}
