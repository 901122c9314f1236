{# Sum of an expression over the synapses of each postsynaptic neuron (columns) or of
   each presynaptic one (rows).

   USES_VARIABLES { N_pre, N_post, _pre_start, _post_start }
#}
{% extends 'common_group.cpp' %}
{% from 'dense_macros.cpp' import private_sums, redirect_sums, add_private_sums with context %}

{% block maincode %}
    {% set _target = get_array_name(_target_var) %}
    // scalar code
    const size_t _vectorisation_idx = -1;
    {{scalar_code|autoindent}}

    {% if side == 'post' %}
    for (int32_t _column = 0; _column < N_post; _column++)
        {{_target}}[_column + _post_start] = 0;
    {% if openmp_pragma('with_openmp') %}
    {{private_sums([_target_var])|autoindent}}
    {{openmp_pragma('parallel')}}
    {
    {{redirect_sums([_target_var])|autoindent}}
    {{openmp_pragma('static')}}
    {% endif %}
    for (int32_t _row = 0; _row < N_pre; _row++)
    {
        const int32_t _presynaptic_idx = _row + _pre_start;
        const size_t _first = (size_t)_row * N_post;
        for (int32_t _column = 0; _column < N_post; _column++)
        {
            const int32_t _postsynaptic_idx = _column + _post_start;
            const size_t _idx = _first + _column;
            const size_t _vectorisation_idx = _idx;
            {{vector_code|autoindent}}
            {{_target}}[_postsynaptic_idx] += _synaptic_var;
        }
    }
    {% if openmp_pragma('with_openmp') %}
    }
    {{add_private_sums([_target_var])|autoindent}}
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
