{# X += x_pre*f, where f is the same for all synapses onto a neuron (run_regularly):
   f is evaluated once for each column.

   USES_VARIABLES { N_pre, N_post, _pre_start, _post_start }
#}
{% extends 'common_group.cpp' %}
{% from 'dense_macros.cpp' import collect_rows, flush, for_parts, part, skip_idle_row, parts_done, update_rows, team_class with context %}

{% block extra_headers %}
{{team_class()}}
{% endblock %}

{% block maincode %}
    {% set idle_if_zero, matrix, factor = _plan.idle_if_zero, _plan.matrix, _plan.factor %}
    {% set _type = c_data_type(matrix.dtype) %}
    {% set _matrix, _factor = get_array_name(matrix), get_array_name(factor) %}
    // scalar code
    const size_t _vectorisation_idx = -1;
    {{scalar_code|autoindent}}

    {% set pending = owner.pending_for(variables) %}
    {% if pending %}
    if ({{get_array_name(pending['count'])}}[0])
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
        {{update_rows(['_row'], _matrix, _factor, _type)|autoindent}}
    }
    {% else %}
    {# Several rows at a time: more reads under way, and f is read less often. #}
    {{collect_rows(idle_if_zero)|autoindent}}
    const int32_t _num_blocks = _num_rows / 4;
    {{for_parts()}}
    for (int32_t _block = {{part('_num_blocks', 0, true)}}; _block < {{part('_num_blocks', 1, true)}}; _block++)
    {
        const int32_t* _four = _rows + 4 * _block;
        {{update_rows(['_four[0]', '_four[1]', '_four[2]', '_four[3]'], _matrix, _factor, _type)|autoindent}}
    }
    {{parts_done()}}
    for (int32_t _next = 4 * _num_blocks; _next < _num_rows; _next++)
    {
        {{update_rows(['_rows[_next]'], _matrix, _factor, _type)|autoindent}}
    }
    {% endif %}
{% endblock %}
