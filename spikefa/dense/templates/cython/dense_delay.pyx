{# Events of this time step begin to wait; those that have waited long enough go on.

   USES_VARIABLES { N_pre }
#}
{% extends 'common_group.pyx' %}

{% block maincode %}
    {% set eventspace_variable, delivered, waiting, turn, steps = _plan.eventspace_variable, _plan.delivered, _plan.waiting, _plan.turn, _plan.steps %}
    {% set _turn = get_array_name(turn) %}
    cdef int _event
    cdef int32_t* _place = &{{get_array_name(waiting)}}[{{_turn}}[0] * {{eventspace_variable.size}}]
    {% set _last = eventspace_variable.size - 1 %}
    {% for _to, _from in ((get_array_name(delivered), '_place'), ('_place', get_array_name(eventspace_variable))) %}
    for _event in range({{_from}}[{{_last}}]):
        {{_to}}[_event] = {{_from}}[_event]
    {{_to}}[{{_last}}] = {{_from}}[{{_last}}]
    {% endfor %}
    {{_turn}}[0] = ({{_turn}}[0] + 1) % {{steps}}
{% endblock %}
