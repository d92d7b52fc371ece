f() echo a
