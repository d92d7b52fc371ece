if a; then
  b() { if c; then d; fi; }
else
  function b { e; }
fi
