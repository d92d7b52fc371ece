a && b || c && d; e & f && { g || h; } & (i && j)
if a && b || ! c; then d && e; fi
while f || g; do h; done
