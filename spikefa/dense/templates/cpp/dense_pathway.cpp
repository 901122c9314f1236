{# Statements for the synapses of the neurons that spiked. A row of the matrix holds
   the synapses of one presynaptic neuron.

   USES_VARIABLES { N_pre, N_post, _pre_start, _post_start }
#}
{% extends 'common_group.cpp' %}
{% from 'dense_macros.cpp' import for_parts, private_sums, parts_done, redirect_sums, add_private_sums, at_synapse, if_connected, over_events, over_rows, row_list, team_class, upper_half with context %}
{% set _own, _other = ('pre', 'post') if _plan.prepost == 'pre' else ('post', 'pre') %}

{% block extra_headers %}
{{team_class()}}
{% endblock %}

{% block maincode %}
    {% set prepost, eventspace_variable, sums, split_rows, group_rows, masked, pending = _plan.prepost, _plan.eventspace_variable, _plan.sums, _plan.split_rows, _plan.group_rows, _plan.masked, _plan.pending %}
    {% set _eventspace = get_array_name(eventspace_variable) %}
    {% set _parallel = split_rows and openmp_pragma('with_openmp') %}
    const int32_t* _events = {{_eventspace}};
    const int32_t _num_events = {{_eventspace}}[{{eventspace_variable.size - 1}}];

    {% if 'others' in vector_code %}
    // all neurons of the other side
    if (_num_events)
    {
        const size_t _vectorisation_idx = -1;
        {{scalar_code['others']|autoindent}}
        for (int32_t _{{_other}}synaptic_idx = _{{_other}}_start;
             _{{_other}}synaptic_idx < _{{_other}}_start + N_{{_other}}; _{{_other}}synaptic_idx++)
        {
            const size_t _vectorisation_idx = _{{_other}}synaptic_idx;
            {{vector_code['others']|autoindent}}
        }
    }
    {% endif %}
    {% if 'own' in vector_code %}
    {{over_events('own', _own)}}
    {% endif %}

    // scalar code
    const size_t _vectorisation_idx = -1;
    {{scalar_code['rows']|autoindent}}

    {% if pending %}
    // how many of the rows to be added have not got which update
    int32_t _overlap[{{pending['capacity']}}] = {0};
    const int32_t _num_pending = {{get_array_name(pending['count'])}}[0];
    if (_num_pending)
        for (int32_t _event = 0; _event < _num_events; _event++)
        {
            const int32_t _row = _events[_event] - _pre_start;
            if (_row < 0 || _row >= N_pre) continue;
            const uint32_t _mask = {{get_array_name(pending['rows'])}}[_row];
            for (int _update = 0; _update < {{pending['capacity']}}; _update++)
                _overlap[_update] += (_mask >> _update) & 1;
        }
    {% endif %}

    {% if prepost == 'pre' %}
    {{row_list()}}
    int32_t _num_rows = 0;
    for (int32_t _event = 0; _event < _num_events; _event++)
    {
        const int32_t _row = _events[_event] - _pre_start;
        if (_row >= 0 && _row < N_pre) _rows[_num_rows++] = _row;
    }
    {% if _parallel %}
    {{private_sums(sums)|autoindent}}
    {{for_parts()}}
    {
    {{redirect_sums(sums)|autoindent}}
    {% endif %}
    {% call(rows, wide) over_rows(4 if group_rows else 1, _parallel) %}
        const int32_t _postsynaptic_idx = _column + _post_start;
        {% for n in rows %}
        {
            {% if pending and pending['copy'] %}
            {{upper_half('_read', pending, '_row_%d * (size_t)N_post + _column' % n)|autoindent}}
            {% endif %}
            {{at_synapse(n, vector_code['rows'], masked)}}
        }
        {% endfor %}
    {% endcall %}
    {% if _parallel %}
    }
    {{parts_done()}}
    {{add_private_sums(sums)|autoindent}}
    {% endif %}
    {% else %}
    for (int32_t _event = 0; _event < _num_events; _event++)
    {
        const int32_t _postsynaptic_idx = _events[_event];
        const int32_t _column = _postsynaptic_idx - _post_start;
        if (_column < 0 || _column >= N_post) continue;
        for (int32_t _row = 0; _row < N_pre; _row++)
        {
            const int32_t _presynaptic_idx = _row + _pre_start;
            const size_t _idx = (size_t)_row * N_post + _column;
            const size_t _vectorisation_idx = _idx;
            {{if_connected(masked)|autoindent}}
            {
            {{vector_code['rows']|autoindent}}
            }
        }
    }
    {% endif %}
    {% if 'own_after' in vector_code %}
    {{over_events('own_after', _own)}}
    {% endif %}

    {% if pending %}
    for (int32_t _update = 0; _update < _num_pending; _update++)
    {
        if (!_overlap[_update]) continue;
        const {{c_data_type(pending['dtype'])}}* __restrict _from =
            {{get_array_name(pending['updates'])}} + (size_t)_update * N_post;
        for (int32_t _column = 0; _column < N_post; _column++)
        {
            const int32_t _postsynaptic_idx = _column + _post_start;
            const {{c_data_type(pending['dtype'])}} _missing =
                _overlap[_update] * _from[_column];
            {{vector_code['missing']|autoindent}}
        }
    }
    {% endif %}
{% endblock %}
