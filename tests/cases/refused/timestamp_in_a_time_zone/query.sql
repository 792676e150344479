-- A clock shows the same time twice in autumn.
SELECT TIMESTAMP('2024-10-27 02:30:00', 'Europe/Paris') AS x
