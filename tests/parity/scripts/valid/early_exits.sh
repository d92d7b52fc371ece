f() { [ -n "$1" ] || return 1; if a; then return; fi; exit 2; }
for x in 1 2; do [ "$x" = 1 ] && continue; break; done
