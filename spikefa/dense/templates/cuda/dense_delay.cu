{# Events of this time step begin to wait; those that have waited long enough go on.

   USES_VARIABLES { N, N_pre }
#}
{% extends 'common_group.cu' %}
{% from 'dense_macros.cu' import kernel_head, launch with context %}

{% block kernel %}
{% set eventspace_variable, delivered, waiting, turn, steps = _plan.eventspace_variable, _plan.delivered, _plan.waiting, _plan.turn, _plan.steps %}
{{kernel_head(1)}}
    {% set _events, _turn = get_array_name(eventspace_variable), get_array_name(turn) %}
    {% set _delivered, _size = get_array_name(delivered), eventspace_variable.size %}
    int32_t* const _place = {{get_array_name(waiting)}} + {{_turn}}[0] * {{_size}};
    for (int _i = threadIdx.x; _i < {{_size}}; _i += blockDim.x)
    {
        {{_delivered}}[_i] = _place[_i];
        _place[_i] = {{_events}}[_i];
    }
    __syncthreads();
    if (threadIdx.x == 0)
        {{_turn}}[0] = ({{_turn}}[0] + 1) % {{steps}};
}
///// ALONE /////
{% endblock kernel %}

{% block prepare_kernel %}
{% endblock %}

{% block kernel_call %}
    {{launch(1)}}
{% endblock kernel_call %}
