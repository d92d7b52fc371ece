while() { a; }
