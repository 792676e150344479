-- Words with a capital first; a word starts after white space and most signs.
-- Note: letters whose capital is two, as ß, are an error here; so is a second argument.
SELECT n, INITCAP(s) AS words
FROM UNNEST([
  STRUCT(1 AS n, 'hello wORLD-foo_bar' AS s), (2, 'été à ΑΣ'), (3, ''), (4, 'x.y,z/w\ta'), (5, "o'neil d’x"), (6, 'a1b 2c'), (7, NULL), (8, 'a\u00a0b\u2003c'),
  (9, 'a[b](c){d}/e|f<g>h!i?j@k"l^m#n$o&p~q_r,s.t:u;v*w%x+y-z=a`b\\c')
])
ORDER BY n
