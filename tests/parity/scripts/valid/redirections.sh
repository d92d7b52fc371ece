{ if a; then b; fi; } > c 2>&1 < d >> e &> f &>> g <<< "h i" <> j >| k
if l; then m; fi > n
while o; do p; done < q 3<&0 4>&- {r}> s
2> t u 10<v w>x
