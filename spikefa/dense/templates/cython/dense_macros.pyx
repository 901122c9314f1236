{# What several dense templates share. #}

{# Run statements for the neurons that had an event. #}
{% macro over_events(block, side, eventspace) -%}
    _vectorisation_idx = 1
    {{ scalar_code[block] | autoindent }}
    for _event in range(_num_events):
        _{{side}}synaptic_idx = {{eventspace}}[_event]
        if _{{side}}synaptic_idx < _{{side}}_start or _{{side}}synaptic_idx >= _{{side}}_start + N_{{side}}:
            continue
        _vectorisation_idx = _{{side}}synaptic_idx
        {{ vector_code[block] | autoindent }}
{%- endmacro %}

{# Go on to the next pair if this one is not connected. #}
{% macro leave_out(wanted=True) -%}
    {% if wanted and owner.mask is not none -%}
    if {{get_array_name(owner.mask)}}[_idx] == 0: continue
    {%- endif %}
{%- endmacro %}
