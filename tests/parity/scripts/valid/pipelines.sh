a | if b; then c; fi | while d; do e; done |& f
! g | h && ! i
j |
  # a comment
  k ||
  l
