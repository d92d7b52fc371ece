(a; b
