-- What was answered before: only what is missing or may be retried is asked again.
SELECT word AS key, {{ prompt('Say {word}.') }} AS prompt
FROM {{ seed('words.csv') }}
