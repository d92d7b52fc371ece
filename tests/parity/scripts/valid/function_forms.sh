a() { if b; then c; fi; }
function d { e; }
function f() (
  g
)
h ()
{
  i
} > j 2>&1
k() if l; then m; fi
function n-o.p:q { :; }
r() [[ s ]]
t() ((1))
u() { v() { if w; then x; fi; }; v; }; y
