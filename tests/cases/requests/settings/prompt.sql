-- Settings go into the request and the hash; the output cap goes into the request alone.
{{ config(model='gemini-3.5-flash-lite', temperature=0.7, top_p=0.95, seed=7, max_output_tokens=256, thinking='minimal') }}
SELECT 1 AS key, {{ prompt('Say hello.') }} AS prompt
