x=$(a; b
