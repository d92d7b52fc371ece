echo {a,b} a{1..3} { } {a }b ${a}{b}
{ echo {; }
