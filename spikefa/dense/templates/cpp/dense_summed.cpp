{# Sum of an expression over the synapses of each postsynaptic neuron (columns) or of
   each presynaptic one (rows).

   USES_VARIABLES { N_pre, N_post, _pre_start, _post_start }
#}
{% extends 'common_group.cpp' %}
{% from 'dense_macros.cpp' import private_sums, redirect_sums, add_private_sums, collect_rows, add_rows, skip_idle_row with context %}

{% block maincode %}
    {% set _target = get_array_name(_target_var) %}
    // scalar code
    const size_t _vectorisation_idx = -1;
    {{scalar_code|autoindent}}

    {% set _type = c_data_type(_target_var.dtype) %}
    {% if side == 'post' %}
    for (int32_t _column = 0; _column < N_post; _column++)
        {{_target}}[_column + _post_start] = 0;
    {% if owner.N_post > 32 or openmp_pragma('with_openmp') %}
    {{collect_rows(idle_if_zero)|autoindent}}
    {% endif %}
    {% if openmp_pragma('with_openmp') %}
    {{private_sums([_target_var])|autoindent}}
    {{openmp_pragma('parallel')}}
    {
    {{redirect_sums([_target_var])|autoindent}}
    {{openmp_pragma('static')}}
    for (int32_t _next = 0; _next < _num_rows; _next++)
    {{add_rows(['_rows[_next]'], vector_code, _target, _type, '_post_start')}}
    }
    {{add_private_sums([_target_var])|autoindent}}
    {% elif owner.N_post <= 32 %}
    {# Short rows: the sums fit into registers. #}
    {{_type}} _sums[{{owner.N_post}}] = {0};
    for (int32_t _row = 0; _row < N_pre; _row++)
    {
        const int32_t _presynaptic_idx = _row + _pre_start;
        {{skip_idle_row(idle_if_zero)|autoindent}}
        const size_t _first = (size_t)_row * N_post;
        for (int32_t _column = 0; _column < N_post; _column++)
        {
            const int32_t _postsynaptic_idx = _column + _post_start;
            const size_t _idx = _first + _column;
            const size_t _vectorisation_idx = _idx;
            {{vector_code|autoindent}}
            _sums[_column] += _synaptic_var;
        }
    }
    for (int32_t _column = 0; _column < {{owner.N_post}}; _column++)
        {{_target}}[_column + _post_start] = _sums[_column];
    {% else %}
    {# Several rows at a time: more reads under way, and the sums are read less often. #}
    {% set _four = ['_rows[_next]', '_rows[_next + 1]', '_rows[_next + 2]', '_rows[_next + 3]'] %}
    int32_t _next = 0;
    for (; _next + {{_four|length}} <= _num_rows; _next += {{_four|length}})
    {{add_rows(_four, vector_code, _target, _type, '_post_start')}}
    for (; _next < _num_rows; _next++)
    {{add_rows(['_rows[_next]'], vector_code, _target, _type, '_post_start')}}
    {% endif %}
    {% else %}
    {{openmp_pragma('parallel-static')}}
    for (int32_t _row = 0; _row < N_pre; _row++)
    {
        const int32_t _presynaptic_idx = _row + _pre_start;
        const size_t _first = (size_t)_row * N_post;
        {{c_data_type(_target_var.dtype)}} _sum = 0;
        for (int32_t _column = 0; _column < N_post; _column++)
        {
            const int32_t _postsynaptic_idx = _column + _post_start;
            const size_t _idx = _first + _column;
            const size_t _vectorisation_idx = _idx;
            {{vector_code|autoindent}}
            _sum += _synaptic_var;
        }
        {{_target}}[_presynaptic_idx] = _sum;
    }
    {% endif %}
{% endblock %}
