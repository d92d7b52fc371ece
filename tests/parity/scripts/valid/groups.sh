{ a; } && ( b; ) ; { { c; }; (d) } ; ( { e; } )
if { f; }; then ( g ) ; fi
