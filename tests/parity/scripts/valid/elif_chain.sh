if a; then b
elif c; then
  if d; then e; elif f; then g; else h; fi
elif i
then
  j
else if k; then l; fi
fi
