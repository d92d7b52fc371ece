for a in b c; do if d; then break; fi; done
for e; do continue; done
for f in; do :; done
for g
in h i
do :; done
while read -r j; do k; done < <(if l; then m; fi)
until n; o; do p; done | q
for r in s; { t; }
