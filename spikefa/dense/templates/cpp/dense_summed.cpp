{# Sum of an expression over the synapses of each postsynaptic neuron (columns) or of
   each presynaptic one (rows).

   USES_VARIABLES { N_pre, N_post, _pre_start, _post_start }
#}
{% extends 'common_group.cpp' %}
{% from 'dense_macros.cpp' import for_parts, private_sums, parts_done, redirect_sums, add_private_sums, at_synapse, collect_rows, if_connected, over_rows, part, skip_idle_row, team_class, widen_functions, widened with context %}

{% set _widens = _plan.side == 'post' and _plan.group_rows and owner.mask is none %}
{% set _narrow = owner.narrow_matrices_among(variables) if _widens else [] %}

{% block extra_headers %}
{{team_class()}}
{{widen_functions(_narrow)}}
{% endblock %}

{% block maincode %}
    {% set side, idle_if_zero, split_rows, group_rows = _plan.side, _plan.idle_if_zero, _plan.split_rows, _plan.group_rows %}
    {% set _target = get_array_name(_target_var) %}
    {% set _parallel = split_rows and openmp_pragma('with_openmp') %}
    // scalar code
    const size_t _vectorisation_idx = -1;
    {{scalar_code|autoindent}}

    {% set _type = c_data_type(_target_var.dtype) %}
    {% if side == 'post' %}
    for (int32_t _column = 0; _column < N_post; _column++)
        {{_target}}[_column + _post_start] = 0;
    {% if _parallel or owner.N_post > 32 %}
    {{collect_rows(idle_if_zero)|autoindent}}
    {% endif %}
    {% if not _parallel and owner.N_post <= 32 %}
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
            {{if_connected()|autoindent}}
            {
            {{vector_code|autoindent}}
            _sums[_column] += _synaptic_var;
            }
        }
    }
    for (int32_t _column = 0; _column < {{owner.N_post}}; _column++)
        {{_target}}[_column + _post_start] = _sums[_column];
    {% else %}
    {% if _parallel %}
    {{private_sums([_target_var])|autoindent}}
    {{for_parts()}}
    {
    {{redirect_sums([_target_var])|autoindent}}
    {% endif %}
    {% call(rows, wide) over_rows(4 if group_rows else 1, _parallel, _narrow) %}
        const int32_t _postsynaptic_idx = _column + _post_start;
        {{_type}} _sum = {{_target}}[_postsynaptic_idx];
        {% for n in rows %}
        {
            {{at_synapse(n, widened(vector_code, n, wide), after='_sum += _synaptic_var;')}}
        }
        {% endfor %}
        {{_target}}[_postsynaptic_idx] = _sum;
    {% endcall %}
    {% if _parallel %}
    }
    {{parts_done()}}
    {{add_private_sums([_target_var])|autoindent}}
    {% endif %}
    {% endif %}
    {% else %}
    {{for_parts()}}
    for (int32_t _row = {{part('N_pre', 0, true)}}; _row < {{part('N_pre', 1, true)}}; _row++)
    {
        const int32_t _presynaptic_idx = _row + _pre_start;
        const size_t _first = (size_t)_row * N_post;
        {{c_data_type(_target_var.dtype)}} _sum = 0;
        for (int32_t _column = 0; _column < N_post; _column++)
        {
            const int32_t _postsynaptic_idx = _column + _post_start;
            const size_t _idx = _first + _column;
            const size_t _vectorisation_idx = _idx;
            {{if_connected()|autoindent}}
            {
            {{vector_code|autoindent}}
            _sum += _synaptic_var;
            }
        }
        {{_target}}[_presynaptic_idx] = _sum;
    }
    {{parts_done()}}
    {% endif %}
{% endblock %}
