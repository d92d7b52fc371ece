coproc cat
coproc NAME { if a; then b; fi; }
coproc (c)
coproc while d; do e; done
