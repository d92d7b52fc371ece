f() {
  a
