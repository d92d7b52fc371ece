diff <(if a; then b; fi) >(c) && while read -r d; do e; done < <(f; g)
x=<(h)
