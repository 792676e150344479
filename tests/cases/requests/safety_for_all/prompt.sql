-- One level for every harm.
{{ config(safety = 'none') }}
SELECT 1 AS key, {{ prompt('Say hello.') }} AS prompt
