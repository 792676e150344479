-- Everything is asked again, whatever was answered.
SELECT word AS key, {{ prompt('Say {word}.') }} AS prompt
FROM {{ seed('words.csv') }}
