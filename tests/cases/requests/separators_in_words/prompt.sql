-- Characters that some programs take for line ends stay inside the words of the prompt and of the system text.
{% system %}One line, still.{% endsystem %}

SELECT id AS key, {{ prompt('Label  {word}   .') }} AS prompt
FROM (SELECT 1 AS id, 'one' AS word)
