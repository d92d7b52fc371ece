trap 'if a; then b; fi' EXIT
eval "if c; then d; fi"
eval e=(1)
