-- A row with a NULL in its prompt is not asked, and the first NULL column is named; a default stands in for NULL.
SELECT id AS key, {{ prompt("{title}: {body} by {author|'someone\\'s pen'} in {place|''}") }} AS prompt
FROM {{ seed('books.jsonl') }}
