-- A letter whose capital is two.
SELECT INITCAP('straße') AS x
