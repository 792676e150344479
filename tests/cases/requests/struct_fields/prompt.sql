-- A placeholder reaches into a STRUCT; one whose STRUCT is NULL is NULL.
SELECT id AS key, {{ prompt('{buyer.name} of {buyer.home.town}') }} AS prompt
FROM {{ seed('buyers.jsonl') }}
