-- A field needs a name.
SELECT STRUCT(1, 'a') AS x
