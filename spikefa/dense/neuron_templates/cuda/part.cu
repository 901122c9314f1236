{# A part of a time step: a kernel, launched alone or called by one that several parts
   share, see devices/cuda/launches.py. It takes its place from _block, counted from its own
   first block. What a part is made over follows its name: so many "elements", each with
   a thread that uses nothing of the others; so many "threads"; or so many "blocks" of
   256 threads.

   A layer has a few thousand neurons: blocks are small, to have one on as many
   multiprocessors as can be.

   USES_VARIABLES { N }
#}
{% extends 'common_group.cu' %}
{% from 'part_macros.cu' import begin_part, THREADS with context %}

{% block kernel %}
{% block first_parts %}
{% endblock %}
///// PART _run_kernel_{{codeobj_name}} over {{variables['N'].get_value()}} {% block unit %}elements{% endblock %} /////
{{begin_part('_run_kernel_' + codeobj_name, THREADS)}}
    const int _N = N;
    int _idx = _block * blockDim.x + threadIdx.x;
    int _vectorisation_idx = _idx;
    if (_idx >= _N)
        return;

    {% block kernel_maincode %}
    ///// scalar_code /////
    {{scalar_code|autoindent}}

    {
        ///// vector_code /////
        {{vector_code|autoindent}}
    }
    {% endblock kernel_maincode %}
}
///// ALONE /////
{% endblock kernel %}

{% block prepare_kernel %}
{% endblock %}

{% block kernel_call %}
    _run_kernel_{{codeobj_name}}<<<(_N + {{THREADS - 1}}) / {{THREADS}}, {{THREADS}}>>>(
            ///// HOST_PARAMETERS /////
            %HOST_PARAMETERS%
        );

    CUDA_CHECK_ERROR("_run_kernel_{{codeobj_name}}");
{% endblock kernel_call %}
